package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/judge/series"
	"github.com/shipwake/shipwake/correlate/observe"
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

// Series is what was measured around a change that is observed, as it is now; nil for any other, and while there is nothing to
// draw. Like Outlook it leaves no trace in what is decided, and is for the goroutine that the engine belongs to.
func Series(e *Engine, id string) *correlate.Series {
	c := e.change(id)
	if c == nil || c.rec.Phase != correlate.PhaseObserving || e.mark.At == 0 {
		return nil
	}
	if v := c.verdict(); v != nil && len(v.Evidence) > 0 {
		return seriesOf(e.round(e.mark.At, false), c, v)
	}
	o := Outlook(e, id)
	return seriesOf(e.round(e.mark.At, false), c, &correlate.Verdict{Evidence: o.Evidence})
}

// seriesFor is what is kept with a verdict of a change, which follows on another one: when it is final, and when the change is
// first said to hurt. Nil when there is nothing to draw.
func seriesFor(r *round, c *change, v, before *correlate.Verdict) *correlate.Series {
	first := v.Outcome == correlate.Regressed && (before == nil || before.Outcome != correlate.Regressed)
	if len(v.Evidence) == 0 || !(v.Final || first) {
		return nil
	}
	return seriesOf(r, c, v)
}

// seriesOf is what was measured around a change up to the instant of the view, as a verdict of it is drawn. It is a function of
// the facts and the cells, looked at as if for the first time, so that nothing that is remembered shows in it.
func seriesOf(r *round, c *change, v *correlate.Verdict) *correlate.Series {
	i := slices.Index(r.changes, c)
	if i < 0 {
		return nil
	}
	known := r.Watched[i].At(r.At)
	k := r.observer.Case(r.observer.Watch(nil, r.View, r.Watched[i], r.At), known.Finish, r.At)
	s := series.Of(&k, v.Evidence, v.Outcome == correlate.Regressed, func(service string) judge.Case {
		return observe.Beside(r.observer, r.View, place{Service: service, Environment: c.rec.Environment}, known.Start)
	})
	if s == nil {
		return nil
	}
	s.ChangeID = c.rec.ID
	if known.Finish > 0 {
		s.Finish = at(known.Finish)
	}
	for _, z := range known.Zones {
		s.Steps = append(s.Steps, correlate.ZoneStep{Name: z.Name, ReachedAt: at(max(z.Reached, known.Start))})
	}
	slices.SortStableFunc(s.Steps, func(a, b correlate.ZoneStep) int { return a.ReachedAt.Compare(b.ReachedAt) })
	return s
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
