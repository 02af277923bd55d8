package engine

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// findBad finds the stretches before an instant in which an earlier change of a place was judged bad: what was measured
// then is nothing to compare with. They begin with the change, since its grace time isn't judged, and end with the
// recovery, with the next rollout, or with the window.
func (e *Engine) findBad(p place, start int64) []window.Span {
	var bad []window.Span
	next := start
	for _, c := range slices.Backward(e.lineup(p)) {
		if c.start() == start && c.rec.Rollback {
			return nil // it is to end that time, and is compared with it
		}
		if c.start() >= start || !c.live() {
			continue
		}
		if v := c.verdict(); v != nil && v.Outcome == correlate.Regressed && v.Reason != correlate.ReasonDownstream {
			s := window.Span{From: c.start(), To: min(next, e.windowEnd(c))}
			if v.RecoveredAt != nil {
				s.To = min(s.To, v.RecoveredAt.Unix())
			}
			if s.From < s.To {
				bad = append(bad, s)
			}
		}
		if c.rollsOut() {
			next = min(next, c.start())
		}
	}
	return bad
}

// changedBefore is when changes of a place began in the day before an instant, sorted.
func (e *Engine) changedBefore(p place, start int64) (all []int64) {
	for _, c := range e.lineup(p) {
		if at := c.start(); c.live() && at < start && at >= start-e.cfg.Judge.History {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

// ongoing is when the fault of an earlier change of a place began that still lasted at an instant; ok is false when there
// was none. What shows after that isn't the doing of whoever changed the place next.
func (e *Engine) ongoing(p place, start int64) (onset int64, ok bool) {
	bad := e.before(p, start).bad
	if len(bad) == 0 || bad[0].To < start {
		return 0, false
	}
	return bad[0].From, true
}

// exclude drops from the cells before the change those that lie in a bad stretch, and has their silence say nothing. Where
// less than the given time is left, nothing is: a glimpse is no baseline.
func exclude(c *judge.Case, bad []window.Span, least int64) {
	for _, s := range bad {
		c.Gaps = append(c.Gaps, judge.Gap(s))
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		s.Whole = usual(c, s.Whole, bad, least)
		s.History = outside(s.History, bad, c.Coarse, c.Start)
	}
	for i := range c.Zones {
		c.Zones[i].Cells = usual(c, c.Zones[i].Cells, bad, least)
	}
}

// usual drops from cells those before the change that are nothing to compare with.
func usual(c *judge.Case, cells []correlate.Cell, bad []window.Span, least int64) []correlate.Cell {
	cells = outside(cells, bad, c.Resolution, c.Start)
	since, _ := slices.BinarySearchFunc(cells, c.Start, func(cell correlate.Cell, at int64) int { return cmp.Compare(cell.Start, at) })
	if since > 0 && cells[since-1].Start-cells[0].Start < least {
		cells = cells[since:]
	}
	return cells
}

// outside are the cells that touch none of some spans. Those of an instant on are kept.
func outside(cells []correlate.Cell, spans []window.Span, width, from int64) []correlate.Cell {
	touches := func(cell correlate.Cell) bool {
		return cell.Start < from && slices.ContainsFunc(spans, func(s window.Span) bool {
			return s.Overlap(window.Span{From: cell.Start, To: cell.Start + width}) > 0
		})
	}
	if !slices.ContainsFunc(cells, touches) {
		return cells
	}
	return slices.DeleteFunc(slices.Clone(cells), touches)
}
