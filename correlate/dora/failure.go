package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// failed says whether a deployment hurt, by any evidence.
func (b *book) failed(c *correlate.ChangeRecord) bool {
	return len(c.Incidents) > 0 || len(b.causes[c.ID]) > 0 || len(c.BlamedFor) > 0 ||
		c.Overruled() == nil && (isRegressed(c) || c.RolledBackBy != "" || b.hotfixes[c.ID] != nil)
}

func isRegressed(c *correlate.ChangeRecord) bool { return c.Regressed() }

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
	if !b.byRepair(c) {
		consider(c.RecoveredAt)
	}
	if c.Verdict != nil && c.Verdict.RecoveredAt != nil {
		consider(*c.Verdict.RecoveredAt)
	}
	consider(b.repaired(c, b.byID[c.RolledBackBy]))
	consider(b.repaired(c, b.hotfixes[c.ID]))
	consider(b.resolved(c))
	return first
}

// detection is the first sign that a failure was noticed.
type detection struct {
	at          time.Time // zero when there is none
	byTelemetry bool
}

// detection is when a failed deployment was noticed: by telemetry that convicted it, or by people who opened an incident or
// began a repair. What came at one instant was telemetry's.
func (b *book) detection(c *correlate.ChangeRecord) (first detection) {
	consider := func(t time.Time, byTelemetry bool) {
		if t.IsZero() || t.Before(c.Start()) || t.After(b.asOf) {
			return
		}
		if first.at.IsZero() || t.Before(first.at) {
			first = detection{t, byTelemetry}
		}
	}
	if isRegressed(c) && c.Verdict.DetectedAt != nil {
		consider(*c.Verdict.DetectedAt, true)
	}
	for _, in := range b.causes[c.ID] {
		consider(in.OpenedAt, false)
	}
	for _, repair := range []*correlate.ChangeRecord{b.byID[c.RolledBackBy], b.hotfixes[c.ID]} {
		if repair != nil {
			consider(repair.Start(), false)
		}
	}
	return first
}

// byRepair: what the record says of the recovery is that the rollback was complete, which is looked into here.
func (b *book) byRepair(c *correlate.ChangeRecord) bool {
	by := b.byID[c.RolledBackBy]
	return by != nil && c.RecoveredAt.Equal(completion(by))
}

// repaired is when a rollback or a hotfix of a change, or else the one that repaired that in turn, brought the service back;
// zero when none did. A repair that was a failure itself is none.
func (b *book) repaired(c, repair *correlate.ChangeRecord) time.Time {
	for range b.changes { // each begins after the one before was complete
		if repair == nil {
			break
		}
		if !b.failed(repair) {
			return correlate.Mended(c, repair, b.causes[c.ID])
		}
		if next := b.hotfixes[repair.ID]; next != nil {
			repair = next
		} else {
			repair = b.byID[repair.RolledBackBy]
		}
	}
	return time.Time{}
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
