package prometheus

import "github.com/shipwake/shipwake/correlate"

// recoveryBounds are from what a demo shows to a week.
var recoveryBounds = []float64{5, 15, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400}

// recovery counts the first proven recovery of a deployment. The histogram exists with 0 from the failure on.
func (s *site) recovery(c correlate.ChangeRecord, seen *progress) {
	if kind(c) != correlate.KindDeployment {
		return
	}
	failed := c.RolledBackBy != "" || len(c.Incidents) > 0 || c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed
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
