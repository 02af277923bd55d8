package judge

import (
	"math"
	"slices"
	"sort"
)

// ceiling is an upper bound of the evidence: of ln(1 + Σ of what the restarts add that speak against the null).
type ceiling struct{ sum float64 }

// add takes in a restart whose alternatives have these likelihoods. What is far too little to matter is left at the 1.
func (c *ceiling) add(l *grid, logWeight float64) {
	const negligible = -6
	if logWeight+slices.Max(l[:]) > negligible {
		c.sum += math.Exp(logWeight + l.mix())
	}
}

func (c *ceiling) log() float64 { return math.Log1p(c.sum) }

// bound is at least the evidence of pairs. From an instant since which the treated side had no more events than the null
// lets expect, nothing speaks against the null, so the likelihoods need to be looked at only from the others.
func (o *joint) bound(h hypothesis, starts []restart, pairs []pair) float64 {
	s := h.steps()
	var l grid
	var c ceiling
	surplus := o.surplusOf(h, pairs)
	counted := len(pairs)
	for i := len(starts) - 1; i >= 0; i-- {
		from := 0
		if i > 0 {
			from = sort.Search(len(pairs), func(n int) bool { return pairs[n].at >= starts[i].at })
		}
		if surplus[len(pairs)]-surplus[from] > 0 {
			s.splitAll(&l, pairs[from:counted])
			counted = from
			c.add(&l, starts[i].logWeight)
		}
	}
	return c.log()
}

// surplusOf is by how much the treated side's events exceed what the null lets expect, before each of some pairs.
func (o *joint) surplusOf(h hypothesis, pairs []pair) []float64 {
	if len(o.surplus) == 0 || o.null != h {
		o.null, o.surplus = h, append(o.surplus[:0], 0)
	}
	for n := len(o.surplus) - 1; n < len(pairs); n++ {
		p, more := h.turn(pairs[n]), 0.0
		if p.nT > 0 && p.nC > 0 {
			more = p.eT - (p.eT+p.eC)*p.nT*h.theta/(p.nT*h.theta+p.nC)
		}
		o.surplus = append(o.surplus, o.surplus[n]+more)
	}
	return o.surplus
}

// tails are the sums of treated tallies since each of some restarts, as far as they were made.
type tails struct {
	counted int // tallies
	sums    []tally
}

// since adds what is new among treated tallies to the sums, and returns them by restart. Where an earlier instant is looked
// at than before, all are added up afresh.
func (o *tails) since(treated []tally, starts []restart) []tally {
	if len(treated) < o.counted {
		o = new(tails)
	}
	for len(o.sums) < len(starts) {
		o.sums = append(o.sums, tally{})
	}
	for ; o.counted < len(treated); o.counted++ {
		t := treated[o.counted]
		for i := range starts {
			if t.at >= starts[i].at || i == 0 {
				o.sums[i].events += t.events
				o.sums[i].exposure += t.exposure
			}
		}
	}
	return o.sums[:len(starts)]
}

// boundAgainst is at least the evidence of treated tallies, by their sums since each restart, against one control before
// them.
func boundAgainst(tails []tally, control pair, h hypothesis, starts []restart) float64 {
	s := h.steps()
	var c ceiling
	for i := range tails {
		t := &tails[i]
		total := pair{eT: float64(t.events), nT: float64(t.exposure), eC: control.eC, nC: control.nC}
		if p := h.turn(total); p.eT*p.nC > p.eC*p.nT*h.theta {
			var l grid
			s.split(&l, total)
			c.add(&l, starts[i].logWeight)
		}
	}
	return c.log()
}
