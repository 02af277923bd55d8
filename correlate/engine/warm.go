package engine

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// rehearsals is how many rollouts of a place before one are asked how it warms up: fewer than stay in memory whatever
// their age, so that a restart, which brings back more, changes nothing.
const rehearsals = 6

// rolledOut are the latest rollouts of a place before an instant that say how the place and those around it warm up after
// one, oldest first: whose verdict was final by then, and that nobody took back or opened an incident about. What lasted
// of their effects is no warm-up, so that they needn't have been judged healthy; what was confounded says nothing.
func (e *Engine) rolledOut(p place, start int64) []judge.Rollout {
	all := e.lineup(p)
	n := len(all)
	for n > 0 && all[n-1].start() >= start {
		n--
	}
	var out []judge.Rollout
	asked := 0
	for i := n - 1; i >= 0 && asked < rehearsals; i-- {
		c := all[i]
		if !c.rollsOut() || !c.live() {
			continue
		}
		asked++
		if e.stood(c, start) && c.start() > start-e.cfg.CoarseKeep+e.cfg.Baseline {
			until := start
			for _, next := range all[i+1 : n] {
				if next.live() && next.start() > c.start() {
					until = min(until, next.start())
				}
			}
			out = append(out, judge.Rollout{Start: c.start(), Finish: c.finish(), Until: until})
		}
	}
	slices.Reverse(out)
	return out
}

// stood says that what showed after a change was its warm-up, as far as was known at an instant.
func (e *Engine) stood(c *change, by int64) bool {
	v := c.verdict()
	return c.live() && c.finish() != 0 && !c.rec.Rollback && v != nil && v.Final && v.DecidedAt.Unix() <= by &&
		v.Reason != correlate.ReasonConfounded && !e.objected(c, by)
}

// objected says that by an instant somebody had taken a change back or opened an incident about it.
func (e *Engine) objected(c *change, by int64) bool {
	if o := e.changes[c.rec.RolledBackBy]; c.rec.RolledBackBy != "" && (o == nil || o.start() <= by) {
		return true
	}
	return slices.ContainsFunc(c.rec.Incidents, func(id string) bool {
		i := e.book.Incident(id)
		return i == nil || i.Record.OpenedAt.Unix() <= by
	})
}

// rolledOutBy is rolledOut of the places whose watched rollout began at an instant near another place, the first that
// has any.
func (e *Engine) rolledOutBy(p place, start int64) []judge.Rollout {
	near := e.near(p)
	for _, c := range e.watched {
		if c.start() == start && c.rollsOut() && c.live() && near[c.place()] {
			if all := e.before(c.place(), start).rolled; len(all) > 0 {
				return all
			}
		}
	}
	return nil
}

// warmUps are the earlier rollouts that say how a change's place warms up.
func (e *Engine) warmUps(c *change) []judge.Rollout {
	if !c.rollsOut() {
		return nil
	}
	return e.before(c.place(), c.start()).rolled
}

// rehearsed is the time of the earlier rollouts of a watch in whole rollups, with the time before the first; nothing where
// there are none.
func (e *Engine) rehearsed(w *watch) (from, to int64) {
	if len(w.earlier) == 0 {
		return 0, 0
	}
	return w.earlier[0].Start - e.cfg.Baseline - e.cfg.Coarse, window.Floor(w.start, e.cfg.Coarse)
}
