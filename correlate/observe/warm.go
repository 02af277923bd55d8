package observe

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

// profiles is how many rollouts of a place before one are asked how it warms up: fewer than stay in memory whatever their
// age, so that a restart, which brings back more, changes nothing.
const profiles = 6

// rolledOut are the latest rollouts of a place before an instant that say how the place and those around it warm up after
// one, oldest first: whose verdict was final by then, and that nobody took back or opened an incident about. What lasted
// of their effects is no warm-up, so that they needn't have been judged healthy; what was confounded says nothing.
func (o *Observer) rolledOut(l *lineup, start int64) []judge.Rollout {
	all, n := l.all, l.order().before(start)
	var out []judge.Rollout
	asked := 0
	for i := n - 1; i >= 0 && asked < profiles; i-- {
		c := all[i]
		if !c.RollsOut() || !c.Live {
			continue
		}
		asked++
		if c.stood(start) && c.Start > start-o.cfg.CoarseKeep+o.cfg.Baseline {
			out = append(out, judge.Rollout{Start: c.Start, Finish: c.Finish, Until: nextStart(all[i+1:n], c.Start, start)})
		}
	}
	slices.Reverse(out)
	return out
}

// nextStart is when the first of some changes began that began after another one, at most an instant.
func nextStart(later []*Subject, after, most int64) int64 {
	for i := range later {
		if c := later[i]; c.Live && c.Start > after {
			most = min(most, c.Start)
		}
	}
	return most
}

// stood says that what showed after a change was its warm-up, as far as was known at an instant.
func (s *Subject) stood(by int64) bool {
	v := s.Verdict()
	return s.Live && s.Finish != 0 && !s.Rollback && v.Final && v.At <= by &&
		v.Reason != correlate.ReasonConfounded && !s.objected(by)
}

// objected says that by an instant somebody had taken a change back or opened an incident about it.
func (s *Subject) objected(by int64) bool {
	undone := s.Undone.ID != "" && (s.Undone.Unknown || s.Undone.Start <= by)
	return undone || (len(s.Objections) > 0 && s.Objections[0] <= by)
}

// rolledOutBy is rolledOut of the places whose watched rollout began at an instant near another place, the first that
// has any.
func (o *Observer) rolledOutBy(v *View, p correlate.Place, start int64) []judge.Rollout {
	near := o.Near(p, v.At)
	for _, c := range v.begunWith(start) {
		if c.RollsOut() && c.Live && near[c.Place] {
			if all := o.Past(v, c.Place, start).Rolled; len(all) > 0 && o.cfg.Guards.On(guardWarmUpAround) {
				return all
			}
		}
	}
	return nil
}
