package prometheus

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// recoveryBounds are the upper bounds of the buckets in seconds: from what a demo shows to a week.
var recoveryBounds = [...]float64{5, 15, 30, 60, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400}

// recoveries counts recovery times in buckets, each with its latest example.
type recoveries struct {
	counts   [len(recoveryBounds) + 1]uint64
	examples [len(recoveryBounds) + 1]example
	sum      float64
}

// example is one recovery that can be followed to its change.
type example struct {
	changeID string
	seconds  float64
	at       time.Time
}

func (r *recoveries) add(e example) {
	i := 0
	for i < len(recoveryBounds) && e.seconds > recoveryBounds[i] {
		i++
	}
	r.counts[i]++
	r.examples[i] = e
	r.sum += e.seconds
}

// recovery counts the first proven recovery of a deployment. The histogram exists with 0 from the failure on.
func (s *site) recovery(c correlate.ChangeRecord, seen *progress) {
	if kind(c) != correlate.KindDeployment {
		return
	}
	failed := c.RolledBackBy != "" || len(c.Incidents) > 0 || c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed
	if failed && s.recoveries == nil {
		s.recoveries = &recoveries{}
	}
	if !failed || seen.recovered || c.RecoveredAt.IsZero() {
		return
	}
	seen.recovered = true
	done := c.FinishedAt
	if done.IsZero() {
		done = c.StartedAt
	}
	more := *s.recoveries
	more.add(example{
		changeID: clean(c.ID), seconds: max(0, c.RecoveredAt.Sub(done).Seconds()), at: c.RecoveredAt,
	})
	s.recoveries = &more
}
