package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// failed says whether a deployment hurt, by any evidence.
func (b *book) failed(c *correlate.ChangeRecord) bool {
	return isRegressed(c) || len(c.Incidents) > 0 || len(b.causes[c.ID]) > 0 || c.RolledBackBy != "" ||
		b.hotfixes[c.ID] != nil
}

func isRegressed(c *correlate.ChangeRecord) bool {
	return c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed
}

// recovery is the first proven recovery of a failed deployment; zero while there is none.
func (b *book) recovery(c *correlate.ChangeRecord) time.Time {
	var first time.Time
	consider := func(t time.Time) {
		if t.IsZero() || t.Before(c.Start()) || t.After(b.asOf) {
			return
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	consider(c.RecoveredAt)
	if c.Verdict != nil && c.Verdict.RecoveredAt != nil {
		consider(*c.Verdict.RecoveredAt)
	}
	consider(restoredBy(b.byID[c.RolledBackBy]))
	consider(restoredBy(b.hotfixes[c.ID]))
	consider(b.resolved(c))
	return first
}

// restoredBy is when a rollback or hotfix brought the service back: its completion, unless it failed or hurt itself.
func restoredBy(c *correlate.ChangeRecord) time.Time {
	if c == nil || !isLive(c) || c.Served || isRegressed(c) {
		return time.Time{}
	}
	return completion(c)
}

// resolved is when the last incident of a change was resolved; zero while one is open.
func (b *book) resolved(c *correlate.ChangeRecord) time.Time {
	var last time.Time
	for _, in := range b.causes[c.ID] {
		if in.ResolvedAt.IsZero() {
			return time.Time{}
		}
		if in.ResolvedAt.After(last) {
			last = in.ResolvedAt
		}
	}
	return last
}
