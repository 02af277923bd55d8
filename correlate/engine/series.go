package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/observe"
)

// seriesFor is what is kept with a verdict of a change, which follows on another one: when it is final, and when the change is
// first said to hurt. Nil when there is nothing to draw. It is a function of the facts and the cells, looked at as if for the
// first time, so that nothing that is remembered shows in it.
func (r *round) seriesFor(c *change, v, before *correlate.Verdict) *correlate.Series {
	first := v.Outcome == correlate.Regressed && (before == nil || before.Outcome != correlate.Regressed)
	if len(v.Evidence) == 0 || !(v.Final || first) {
		return nil
	}
	return r.series(c, v.Evidence)
}

// series is what was measured around a change up to the instant of the view, as its evidence is drawn.
func (r *round) series(c *change, evidence []correlate.Evidence) *correlate.Series {
	i := slices.Index(r.changes, c)
	if i < 0 {
		return nil
	}
	known := r.Watched[i].At(r.At)
	if known.ID == "" {
		return nil
	}
	w := r.observer.Watch(nil, r.View, r.Watched[i], r.At)
	k := r.observer.Case(w, known.Finish, r.At)
	f := k.Frame()
	s := &correlate.Series{
		ChangeID: c.rec.ID, At: at(r.At), Start: at(known.Start), Steps: stepsOf(&known), Gaps: gapsIn(&k, f),
		From: at(f.From), Step: f.Step, Points: f.Points, Signals: r.elsewhere(evidence, c.rec.Environment, known.Start, f),
	}
	if known.Finish > 0 {
		s.Finish = at(known.Finish)
	}
	own := slices.DeleteFunc(slices.Clone(evidence), func(e correlate.Evidence) bool { return e.Service != "" })
	s.Signals = append(s.Signals, k.Drawn(own, f)...)
	if len(s.Signals) == 0 {
		return nil
	}
	return s
}

// elsewhere is the signal that decided, when it shows on another service.
func (r *round) elsewhere(evidence []correlate.Evidence, environment string, start int64, f judge.Frame) []correlate.SignalSeries {
	if len(evidence) == 0 || evidence[0].Service == "" {
		return nil
	}
	e := evidence[0]
	k := observe.Beside(r.observer, r.View, place{Service: e.Service, Environment: environment}, start)
	all := k.Drawn([]correlate.Evidence{e}, f)
	for i := range all {
		all[i].Service = e.Service
	}
	return all[:min(len(all), 1)]
}

func stepsOf(s *observe.Subject) (all []correlate.ZoneStep) {
	for _, z := range s.Zones {
		all = append(all, correlate.ZoneStep{Name: z.Name, ReachedAt: at(max(z.Reached, s.Start))})
	}
	slices.SortFunc(all, func(a, b correlate.ZoneStep) int {
		return cmp.Or(a.ReachedAt.Compare(b.ReachedAt), strings.Compare(a.Name, b.Name))
	})
	return all
}

func gapsIn(k *judge.Case, f judge.Frame) (all []correlate.Stretch) {
	for _, g := range k.Gaps {
		if from, to := max(g.From, f.From), min(g.To, k.Now); from < to {
			all = append(all, correlate.Stretch{From: at(from), To: at(to)})
		}
	}
	return all
}

// Series is what was measured around a change that is observed, as it is now; nil for any other, and while there is nothing to
// draw. Like Outlook it leaves no trace in what is decided, and is for the goroutine that the engine belongs to.
func Series(e *Engine, id string) *correlate.Series {
	c := e.change(id)
	if c == nil || c.rec.Phase != correlate.PhaseObserving || e.mark.At == 0 {
		return nil
	}
	evidence := []correlate.Evidence(nil)
	if v := c.verdict(); v != nil {
		evidence = v.Evidence
	}
	if len(evidence) == 0 {
		if o := Outlook(e, id); o != nil {
			evidence = o.Evidence
		}
	}
	return e.round(e.mark.At, false).series(c, evidence)
}
