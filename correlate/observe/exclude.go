package observe

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

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

// Without drops the cells in an outage, and has their silence say nothing.
func Without(c *judge.Case, outage window.Span) {
	c.Gaps = append(c.Gaps, judge.Gap(outage))
	drop := func(cells *[]correlate.Cell, width int64) {
		*cells = outside(*cells, []window.Span{outage}, width, c.Now)
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		drop(&s.Whole, c.Resolution)
		drop(&s.New, c.Resolution)
		drop(&s.Old, c.Resolution)
	}
	for i := range c.Zones {
		drop(&c.Zones[i].Cells, c.Resolution)
	}
	routes, minute := c.Routes, c.Minute
	if routes == nil {
		return
	}
	c.Routes = func() []judge.Part {
		parts := routes()
		for i := range parts {
			parts[i].Cells = outside(parts[i].Cells, []window.Span{outage}, minute, math.MaxInt64)
		}
		return parts
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
	if len(spans) == 0 {
		return cells
	}
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
