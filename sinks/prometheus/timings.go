package prometheus

import "github.com/shipwake/shipwake/correlate"

// The upper bounds of the classic buckets, in seconds: how long a rollout takes, how old a commit is when it arrives, how long
// a regression shows before a verdict says so, and a recovery takes, which is from what a demo shows to a week.
var (
	durationBounds  = []float64{10, 60, 300, 900, 3600, 4 * 3600}
	leadTimeBounds  = []float64{3600, 6 * 3600, 86400, 3 * 86400, 7 * 86400, 30 * 86400}
	detectionBounds = []float64{10, 30, 60, 120, 300, 600, 1800, 3600}
	recoveryBounds  = []float64{5, 15, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400}
)

// took counts how long a change that reached its users took.
func (s *site) took(c correlate.ChangeRecord) {
	if !c.StartedAt.IsZero() && !c.FinishedAt.IsZero() {
		counting(&s.durations, durationBounds, example{clean(c.ID), c.FinishedAt.Sub(c.StartedAt).Seconds(), c.FinishedAt})
	}
}

// arrived counts the commits of a change that reached its users. They may be told later than that. What goes back to a version
// that was live before, or brings the one that is, brings none.
func (s *state) arrived(at *site, c correlate.ChangeRecord) {
	if c.FinishedAt.IsZero() || kind(c) == correlate.KindRollback || c.Redeploy {
		return
	}
	for _, commit := range c.Commits {
		before := s.commits.get(thing{aCommit, at.environment + " " + at.service + " " + commit.SHA})
		age := c.FinishedAt.Sub(commit.AuthoredAt)
		if *before || commit.AuthoredAt.IsZero() || age < 0 {
			continue
		}
		*before = true
		counting(&at.leadTimes, leadTimeBounds, example{clean(c.ID), age.Seconds(), c.FinishedAt})
	}
}

// detected counts the first verdict that convicts a change.
func (s *site) detected(v *correlate.Verdict, seen *progress) {
	if seen.convicted || v.Outcome != correlate.Regressed || v.OnsetAt == nil {
		return
	}
	seen.convicted = true
	counting(&s.detections, detectionBounds, example{clean(v.ChangeID), max(0, v.DecidedAt.Sub(*v.OnsetAt).Seconds()), v.DecidedAt})
}

// recovery counts the first proven recovery of a deployment. The histogram exists with 0 from the failure on.
func (s *site) recovery(c correlate.ChangeRecord, seen *progress) {
	if kind(c) != correlate.KindDeployment {
		return
	}
	failed := c.Hurt()
	if failed && s.recoveries == nil {
		s.recoveries = newHistogram(recoveryBounds)
	}
	if !failed || seen.recovered || c.RecoveredAt.IsZero() {
		return
	}
	seen.recovered = true
	done := c.FinishedAt
	if done.IsZero() {
		done = c.StartedAt
	}
	s.recoveries = s.recoveries.with(example{
		changeID: clean(c.ID), seconds: max(0, c.RecoveredAt.Sub(done).Seconds()), at: c.RecoveredAt,
	})
}
