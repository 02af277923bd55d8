package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/window"
)

// Outlook is how the judging of a change stands, nil for one that isn't observed. It looks with a memory of its own, so that
// asking leaves no trace in what is decided. Like Apply it is for the goroutine that the engine belongs to.
func Outlook(e *Engine, id string) *correlate.Outlook {
	c := e.change(id)
	if c == nil || c.rec.Phase != correlate.PhaseObserving {
		return nil
	}
	o := correlate.Outlook{
		At: at(e.mark.At), Reason: correlate.ReasonNoTelemetry, Evidence: []correlate.Evidence{},
		Waits: []correlate.Wait{{For: correlate.WaitTelemetry}}, ClosesAt: at(e.windowEnd(c) + e.cfg.Lateness),
		HeardIn: HeardIn(e, c.rec.Service),
	}
	if e.mark.At == 0 {
		o.At = c.rec.Start()
		return &o
	}
	r := e.round(e.mark.At, false)
	if slices.Contains(r.waiting, c) {
		o.Reason, o.Waits = correlate.ReasonNotDeployed, []correlate.Wait{{For: correlate.WaitVersion}}
	}
	i := slices.Index(r.changes, c)
	if i < 0 {
		return &o
	}
	w := r.observer.Watch(nil, r.View, r.Watched[i], r.At)
	k := r.observer.Case(w, r.observer.Basis(w, r.View, r.Watched[i], r.At).Finish, r.At)
	a, waits := w.Memory.Outlook(&e.cfg.Judge, &k)
	o.Reason, o.Grade, o.Waits = a.Reason, a.Grade, waits
	if a.Evidence != nil {
		o.Evidence = a.Evidence
	}
	if o.Waits == nil {
		o.Waits = []correlate.Wait{}
	}
	o.HealthyAt = r.healthyAt(c, r.Watched[i].Start, waits)
	return &o
}

// HeardIn are the environments in which anything is known of a service, sorted. It is for the goroutine that the engine
// belongs to.
func HeardIn(e *Engine, service string) []string { return cells.Environments(e.store, service) }

// Heard are the places of which there are measurements, sorted. It is for the goroutine that the engine belongs to.
func Heard(e *Engine) []correlate.Place { return append([]correlate.Place{}, e.store.Places()...) }

// healthyAt is the first look at which everything that is waited for is there, if that can be told and comes before the
// window closes.
func (r *round) healthyAt(c *change, start int64, waits []correlate.Wait) *time.Time {
	ready := r.At
	for _, w := range waits {
		if w.Until == nil {
			return nil
		}
		ready = max(ready, w.Until.Unix())
	}
	began := window.Floor(start+r.cfg.Resolution-1, r.cfg.Resolution)
	every := r.cfg.Resolution * acquitEvery
	look := began + window.Floor(ready-began+every-1, every)
	if look > windowEnd(r.book.Config(), c) {
		return nil
	}
	t := at(look + r.cfg.Lateness)
	return &t
}
