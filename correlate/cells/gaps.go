package cells

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate/window"
)

// coverage is when nothing was taken in.
type coverage struct {
	longest int64 // seconds that may lie between two times at which measurements are taken in
	drained int64 // when that was last
	gaps    []window.Span
}

// Drained says that measurements were taken in at an instant. Where that is too long after the time before, whatever the
// cause (a restart, a ledger that failed, a machine that slept), the stretch between the two lacks telemetry. An instant
// that lies before the last one says nothing.
func (c *coverage) Drained(t int64) {
	if c.drained > 0 && t-c.drained > c.longest {
		c.Gap(window.Span{From: c.drained, To: t})
	}
	c.drained = max(c.drained, t)
}

// Gap says that telemetry was not received in a stretch of time.
func (c *coverage) Gap(s window.Span) {
	at, _ := slices.BinarySearchFunc(c.gaps, s, func(a, b window.Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	c.gaps = slices.Insert(c.gaps, at, s)
}

// Gaps are the stretches without telemetry that began before an instant, sorted.
func (c *coverage) Gaps(by int64) []window.Span {
	n, _ := slices.BinarySearchFunc(c.gaps, by, func(s window.Span, by int64) int { return cmp.Compare(s.From, by) })
	return c.gaps[:n:n]
}

// GapShare is the share of [from, to) in which no telemetry was received.
func (c *coverage) GapShare(from, to int64) float64 {
	var lost int64
	for _, g := range c.gaps {
		lost += g.Overlap(window.Span{From: from, To: to})
	}
	return float64(lost) / float64(max(1, to-from))
}

func (c *coverage) expire(before int64) {
	c.gaps = slices.DeleteFunc(c.gaps, func(g window.Span) bool { return g.To < before })
}
