package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// What comes late may bear on what was judged already. The engine then goes back to the instant from which on it does,
// judges all changes of that time again as if everything had been known then, and tells what has come out otherwise. So
// verdicts are the same whenever the facts arrive, as long as the cells of their time are kept.

// never is later than every instant.
const never = math.MaxInt64

// late is from when on something bears on what was judged, and what it is.
type late struct {
	from int64
	why  correlate.Reopening
	by   string
}

// goBack notes that what was judged after an instant is to be gone into again.
func (e *Engine) goBack(from int64, why correlate.Reopening, by string) {
	if from < e.late.from || (from == e.late.from && by < e.late.by) {
		e.late = late{from, why, by}
	}
}

// rehearing is a change that is judged again, and what was said of it.
type rehearing struct {
	*change
	old  []correlate.Verdict
	same int // so many of them stand
}

// judge decides everything that the watermark has passed, and what lies further back once more if something came late.
func (e *Engine) judge() {
	l := e.late
	e.late = late{from: never}
	if l.from < e.heard {
		e.rehear(l)
	} else {
		e.judgeUpTo(e.mark.At)
	}
	e.heard = e.mark.At
}

func (e *Engine) rehear(l late) {
	again := e.reopen(l.from)
	faults := e.forgetFaults(l.from)
	e.rehearing, e.reheard = true, nil
	clear(e.past)
	clear(e.neighbours)
	e.lookAgain()
	e.judgeUpTo(e.mark.At)
	e.rehearing = false
	e.tell(again, faults, l)
	e.takeBack(faults)
}

// reopen takes the changes back to where they stood at an instant. What is too old to be judged anew stays as it is.
func (e *Engine) reopen(from int64) (again []rehearing) {
	for _, c := range e.watched {
		n := 0
		for n < len(c.course) && c.course[n].DecidedAt.Unix() <= from {
			n++
		}
		if c.rec.Phase == correlate.PhaseClosed && (n == len(c.course) || c.start()-e.cfg.Baseline < e.oldest || e.store.Forgot(c.place(), c.start()-e.cfg.Baseline)) {
			continue
		}
		again = append(again, rehearing{change: c, old: c.course})
		c.course = c.course[:n:n]
		if v := c.verdict(); v == nil || !v.Final {
			c.rec.Phase = correlate.PhaseObserving
		}
		c.judged = max(c.start(), from)
		c.watch, c.assessed, c.between = nil, assessed{}, assessed{}
	}
	return again
}

// tell emits what came out otherwise than before.
func (e *Engine) tell(again []rehearing, faults map[place][]correlate.Regression, l late) {
	of := map[*change]*rehearing{}
	for i := range again {
		r := &again[i]
		r.same = standing(r.old, r.course)
		copy(r.course, r.old[:r.same])
		of[r.change] = r
	}
	told := map[*change]int{}
	for _, h := range e.reheard {
		switch {
		case h.verdict == nil:
			if r := h.fault; h.at >= len(faults[placeOf(r)]) || !sameJSON(faults[placeOf(r)][h.at], *r) {
				e.emit(correlate.Effect{Regression: r})
			}
		case h.at >= of[h.verdict].same:
			told[h.verdict]++
			e.revise(of[h.verdict], h.at, l)
		}
	}
	for _, r := range again {
		e.show(r, l)
		e.recovery(r.change)
		e.publish(r.change)
	}
}

// standing is how many verdicts two courses begin with alike.
func standing(a, b []correlate.Verdict) int {
	n := 0
	for n < min(len(a), len(b)) && sameJSON(plain(a[n]), plain(b[n])) {
		n++
	}
	return n
}

// plain is a verdict without how it came about.
func plain(v correlate.Verdict) correlate.Verdict {
	v.Revision, v.Supersedes, v.Reopened, v.ReopenedBy = 0, 0, "", ""
	return v
}

// sameJSON compares what is told.
func sameJSON(a, b any) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	other, err := json.Marshal(b)
	return err == nil && bytes.Equal(one, other)
}

// revise issues the verdict at a place of a change's course.
func (e *Engine) revise(r *rehearing, n int, l late) {
	v := &r.course[n]
	r.issued++
	v.Revision = r.issued
	if n == r.same && n < len(r.old) {
		v.Supersedes, v.Reopened, v.ReopenedBy = r.old[n].Revision, l.why, l.by
	}
	issued := *v
	e.emit(correlate.Effect{Verdict: &issued})
}

// show puts the verdict in force into the record. One that is taken back without another in its place is withdrawn.
func (e *Engine) show(r rehearing, l late) {
	switch v := r.verdict(); {
	case r.same == len(r.course) && r.same < len(r.old):
		r.issued++
		w := correlate.Verdict{
			ChangeID: r.rec.ID, Service: r.rec.Service, Environment: r.rec.Environment, Version: r.rec.Version,
			Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered, Evidence: []correlate.Evidence{},
			Revision: r.issued, DecidedAt: at(e.mark.At),
			Supersedes: r.old[r.same].Revision, Reopened: l.why, ReopenedBy: l.by, Withdrawn: true,
		}
		e.emit(correlate.Effect{Verdict: &w})
		shown := w
		r.rec.Verdict = &shown
	case v != nil && (len(r.old) != len(r.course) || r.same < len(r.course)):
		shown := *v
		r.rec.Verdict = &shown
	}
}

// replace gives a change another course at once, since it is not one that is judged. By is the change that it is for.
func (e *Engine) replace(c *change, course []correlate.Verdict, by string) {
	r := rehearing{change: c, old: c.course}
	c.course, c.watch = course, nil
	r.same = standing(r.old, course)
	copy(c.course, r.old[:r.same])
	l := late{why: correlate.LateChange, by: by}
	for n := r.same; n < len(course); n++ {
		e.revise(&r, n, l)
	}
	e.show(r, l)
}

// heardAgain is one thing that was decided while time was gone through again: a verdict of a change, or a fault, by its
// place in the course of that change or in what is known of the faulty service.
type heardAgain struct {
	verdict *change
	at      int
	fault   *correlate.Regression
}

// forgetFaults takes the faults back to where they stood at an instant, and returns what was known.
func (e *Engine) forgetFaults(from int64) map[place][]correlate.Regression {
	known := maps.Clone(e.faults)
	for p, all := range known {
		n := 0
		for n < len(all) && all[n].DecidedAt.Unix() <= from {
			n++
		}
		e.faults[p] = all[:n:n]
	}
	return known
}

// takeBack withdraws the faults that no longer show.
func (e *Engine) takeBack(known map[place][]correlate.Regression) {
	for _, p := range slices.SortedFunc(maps.Keys(known), place.Compare) {
		taken := map[string]bool{}
		for _, r := range known[p] {
			still := slices.ContainsFunc(e.faults[p], func(o correlate.Regression) bool { return o.ID == r.ID })
			if !still && !taken[r.ID] {
				taken[r.ID] = true
				r.Suspects, r.Withdrawn = []correlate.Suspect{}, true
				e.emit(correlate.Effect{Regression: &r})
			}
		}
	}
}

func placeOf(r *correlate.Regression) place {
	return place{Service: r.Service, Environment: r.Environment}
}
