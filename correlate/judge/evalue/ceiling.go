package evalue

import (
	"math"
	"slices"
	"sort"
)

// ceiling is an upper bound of the evidence: of ln(1 + Σ of what the restarts add that speak against the null).
type ceiling struct{ sum float64 }

// add takes in a restart whose alternatives have these likelihoods. What is far too little to matter is left at the 1.
func (c *ceiling) add(l *Grid, logWeight float64) {
	const negligible = -6
	if logWeight+slices.Max(l[:]) > negligible {
		c.sum += math.Exp(logWeight + l.Mix())
	}
}

func (c *ceiling) log() float64 { return math.Log1p(c.sum) }

// Bound is at least the evidence of pairs. From an instant since which the treated side had no more events than the null
// lets expect, nothing speaks against the null, so the likelihoods need to be looked at only from the others.
func (o *Joint) Bound(h Hypothesis, starts []Restart, pairs []Pair) float64 {
	s := h.Steps()
	var l Grid
	var c ceiling
	surplus := o.surplusOf(h, pairs)
	all := surplus[len(pairs)]
	counted := len(pairs)
	for i, of := range slices.Backward(o.beginnings(starts, pairs)) {
		if all-of.surplus > 0 {
			s.SplitAll(&l, pairs[of.from:counted])
			counted = of.from
			c.add(&l, starts[i].LogWeight)
		}
	}
	return c.log()
}

// beginnings are where the pairs of each restart begin. Those of restarts that have any don't change any more.
func (o *Joint) beginnings(starts []Restart, pairs []Pair) []begun {
	for len(o.begun) > 0 && o.begun[len(o.begun)-1].from >= len(pairs) {
		o.begun = o.begun[:len(o.begun)-1]
	}
	for i := range starts {
		if i < len(o.begun) && o.begun[i].at == starts[i].At {
			continue
		}
		b := begun{at: starts[i].At}
		if i > 0 {
			b.from = sort.Search(len(pairs), func(n int) bool { return pairs[n].At >= starts[i].At })
		}
		b.surplus = o.surplus[b.from]
		o.begun = append(o.begun[:i], b)
	}
	return o.begun[:len(starts)]
}

// surplusOf is by how much the treated side's events exceed what the null lets expect, before each of some pairs.
func (o *Joint) surplusOf(h Hypothesis, pairs []Pair) []float64 {
	if len(o.surplus) == 0 || o.null != h {
		o.null, o.surplus, o.begun = h, append(o.surplus[:0], 0), o.begun[:0]
	}
	for n := len(o.surplus) - 1; n < len(pairs); n++ {
		o.surplus = append(o.surplus, o.surplus[n]+h.Surplus(pairs[n]))
	}
	return o.surplus
}

// Surplus is by how much the treated side's events of a pair exceed what the null lets expect of them.
func (h *Hypothesis) Surplus(p Pair) float64 {
	if p = h.Turn(p); p.NT > 0 && p.NC > 0 {
		return p.ET - (p.ET+p.EC)*p.NT*h.Theta/(p.NT*h.Theta+p.NC)
	}
	return 0
}

// Short is how much of a surplus it takes before pairs speak against the null since any of the restarts: negative where some do.
func (o *Joint) Short(h Hypothesis, starts []Restart) float64 {
	all, short := o.surplusOf(h, o.Pairs)[len(o.Pairs)], math.Inf(1)
	for _, b := range o.beginnings(starts, o.Pairs) {
		short = min(short, b.surplus-all)
	}
	return short
}

// Against is what one event, and one exposure, of the treated side add to, and take from, what speaks against the null in
// front of a control before it.
func (h *Hypothesis) Against(control Pair) (event, exposure float64) {
	switch {
	case h.complement:
		return h.Theta * control.NC, h.Theta*control.NC - control.NC + control.EC
	case h.Fall:
		return -control.NC * h.Theta, -control.EC
	}
	return control.NC, control.EC * h.Theta
}

// Tails are the sums of treated tallies since each of some restarts, as far as they were made.
type Tails struct {
	counted int // tallies
	sums    []Tally
}

// Since adds what is new among treated tallies to the sums, and returns them by restart. Where an earlier instant is looked
// at than before, all are added up afresh.
func (o *Tails) Since(treated []Tally, starts []Restart) []Tally {
	if len(treated) < o.counted {
		o = new(Tails)
	}
	for len(o.sums) < len(starts) {
		o.sums = append(o.sums, Tally{})
	}
	for ; o.counted < len(treated); o.counted++ {
		t := treated[o.counted]
		for i := range starts {
			if t.At >= starts[i].At || i == 0 {
				o.sums[i].Events += t.Events
				o.sums[i].Exposure += t.Exposure
			}
		}
	}
	return o.sums[:len(starts)]
}

// BoundAgainst is at least the evidence of treated tallies, by their sums since each restart, against one control before
// them.
func BoundAgainst(tails []Tally, control Pair, h Hypothesis, starts []Restart) float64 {
	s := h.Steps()
	var c ceiling
	for i := range tails {
		t := &tails[i]
		total := Pair{ET: float64(t.Events), NT: float64(t.Exposure), EC: control.EC, NC: control.NC}
		if p := h.Turn(total); p.ET*p.NC > p.EC*p.NT*h.Theta {
			var l Grid
			s.split(&l, total)
			c.add(&l, starts[i].LogWeight)
		}
	}
	return c.log()
}
