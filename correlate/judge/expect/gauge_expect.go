package expect

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// What is expected after a moment is the level before it, moved as an earlier day moved from then on: a difference in
// differences. Every earlier day gives an expectation of its own, and only what lies outside all of them deviates, so
// that a spike of one earlier day neither blames this one nor hides its own (bracketing: Hasegawa, Webster & Small,
// Evaluating Missouri's Handgun Purchaser Law, Epidemiology 2019).

// compare takes from the windows before the change those of the references.
func (g *Gauge) compare(raw []float64) {
	g.past, g.levels = g.past[:0], g.levels[:0]
	for _, day := range g.days {
		past := slices.Clone(raw)
		if back := int((day + g.width/2) / g.width); back > 0 {
			for i := range past {
				past[i] = math.NaN()
				if i >= back {
					past[i] = raw[i] - raw[i-back]
				}
			}
		}
		g.past = append(g.past, past)
	}
	g.levels = g.levelsAt(len(raw), nil)
}

// levelsAt are the medians, by reference, of the time before a window of the grid, appended to out. NaN is the level of
// less than half of that time.
func (g *Gauge) levelsAt(index int, out []float64) []float64 {
	n := g.windowsIn(g.baseline)
	known := make([]float64, 0, n)
	for _, past := range g.past {
		before := past[max(0, index-n):index]
		known = known[:0]
		for _, v := range before {
			if !math.IsNaN(v) {
				known = append(known, v)
			}
		}
		if len(known) == 0 || 2*len(known) < len(before) {
			out = append(out, math.NaN())
			continue
		}
		slices.Sort(known)
		out = append(out, (known[(len(known)-1)/2]+known[len(known)/2])/2)
	}
	return out
}

// windowsIn is how many windows of the grid a duration holds.
func (g *Gauge) windowsIn(seconds int64) int { return int(max(1, seconds/g.width)) }

// bracket is how far a value lies above and below all that was expected of it. Both are +Inf before any expectation is
// known, and at most one is positive.
type bracket struct{ above, below float64 }

func newBracket() bracket { return bracket{math.Inf(1), math.Inf(1)} }

// add takes in one expectation, from which the value is off by d; NaN when it isn't known.
func (b *bracket) add(d float64) {
	if !math.IsNaN(d) {
		b.above, b.below = min(b.above, d), min(b.below, -d)
	}
}

// hurt is how far the value lies outside in the direction that hurts, negative inside, NaN without an expectation.
func (b *bracket) hurt(bad correlate.Direction) float64 {
	switch {
	case math.IsInf(b.above, 1):
		return math.NaN()
	case bad == correlate.BadUp:
		return b.above
	case bad == correlate.BadDown:
		return b.below
	}
	return max(b.above, b.below)
}

// off is the deviation from the nearest expectation, 0 between two.
func (b *bracket) off() float64 {
	switch {
	case b.above > 0:
		return b.above
	case b.below > 0:
		return -b.below
	}
	return 0
}

// deviation is the value over [from, to) and where it lies to what is expected of it after the change.
func (g *Gauge) deviation(from, to int64) (value float64, b bracket) {
	value, b = g.l.Over(from, to), newBracket()
	if math.IsNaN(value) {
		return value, b
	}
	for r, day := range g.days {
		d := value - g.levels[r]
		if day > 0 {
			d -= g.l.Over(from-day, to-day)
		}
		b.add(d)
	}
	return value, b
}
