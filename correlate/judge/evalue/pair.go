package evalue

import (
	"slices"
	"sort"
)

// Pair is one stretch of time as both sides saw it: e events among n exposures, treated (T) and control (C).
type Pair struct {
	At             int64
	ET, NT, EC, NC float64
}

// Concurrent joins the tallies of two sides by time. Where the sides report at different instants within a minute or
// five (sparse exporters), the stretch is widened until most of the treated exposure has company. The pairs of single
// cells go on from those of an earlier look, which may be nil.
func (p *Params) Concurrent(one *Joint, treated, control []Tally, resolution int64) *Joint {
	if one == nil || one.treated > len(treated) || one.control > len(control) {
		one = &Joint{Pairs: make([]Pair, 0, min(len(treated), len(control)))}
	}
	if one.join(treated, control, resolution); one.Covered() || !p.Guards.On(guardWidePairs) {
		return one
	}
	var wide Joint
	for _, cells := range [...]int64{6, 30} {
		wide = Joint{Pairs: make([]Pair, 0, len(treated))}
		if wide.join(treated, control, resolution*cells); wide.Covered() {
			break
		}
	}
	return &wide
}

// Joint is the pairs of two sides, as far as their tallies were joined.
type Joint struct {
	Pairs            []Pair
	treated, control int // tallies
	Met, OnlyT       int // windows with both sides, with one, while both sides reported
	OnlyC            int
	seenT, seenC     bool
	waitT, waitC     int // windows with one side since the other one reported

	null    Hypothesis
	surplus []float64 // before each pair, see surplusOf
	begun   []begun
}

// begun is where the pairs of a restart begin, and the surplus before them.
type begun struct {
	at      int64
	from    int
	surplus float64
}

// join goes on with windows of one width.
func (o *Joint) join(treated, control []Tally, width int64) {
	for i, j := o.treated, o.control; i < len(treated) || j < len(control); o.treated, o.control = i, j {
		at := int64(0)
		switch {
		case j >= len(control) || (i < len(treated) && treated[i].At <= control[j].At):
			at = treated[i].At - Mod(treated[i].At, width)
		default:
			at = control[j].At - Mod(control[j].At, width)
		}
		p := Pair{At: at}
		for ; i < len(treated) && treated[i].At < at+width; i++ {
			p.ET += float64(treated[i].Events)
			p.NT += float64(treated[i].Exposure)
		}
		for ; j < len(control) && control[j].At < at+width; j++ {
			p.EC += float64(control[j].Events)
			p.NC += float64(control[j].Exposure)
		}
		if o.Meet(p) {
			o.Pairs = append(o.Pairs, p)
		}
	}
}

// Add goes on with a pair of single tallies.
func (o *Joint) Add(p Pair) {
	o.Meet(p)
	o.Pairs = append(o.Pairs, p)
	o.treated, o.control = o.treated+1, o.control+1
}

// Meet notes the next window, and whether the sides meet in it. One with one side alone says that they don't only if the other
// side reports before it and after it: one that has not reported yet, or whose turn comes in a moment, says nothing of that.
func (o *Joint) Meet(p Pair) bool {
	switch {
	case p.NT > 0 && p.NC > 0:
		o.Met++
		o.OnlyT, o.OnlyC = o.OnlyT+o.waitT, o.OnlyC+o.waitC
		o.waitT, o.waitC, o.seenT, o.seenC = 0, 0, true, true
	case p.NT > 0:
		o.OnlyC, o.waitC, o.seenT = o.OnlyC+o.waitC, 0, true
		if o.seenC {
			o.waitT++
		}
	case p.NC > 0:
		o.OnlyT, o.waitT, o.seenC = o.OnlyT+o.waitT, 0, true
		if o.seenT {
			o.waitC++
		}
	}
	return p.NT > 0 && p.NC > 0
}

// Covered says that 80 % of the smaller side's windows met the other side. Of sides that never met, that one has not reported.
func (o *Joint) Covered() bool {
	if o.Met == 0 {
		return !o.seenT || !o.seenC
	}
	return 10*o.Met >= 8*(o.Met+min(o.OnlyT, o.OnlyC))
}

// Totals adds pairs up.
func Totals(pairs []Pair) (t Pair) {
	for _, p := range pairs {
		t.ET += p.ET
		t.NT += p.NT
		t.EC += p.EC
		t.NC += p.NC
	}
	return t
}

// PairsIn are the pairs that begin in a span.
func PairsIn(pairs []Pair, in Span) []Pair {
	at := func(unix int64) int { return sort.Search(len(pairs), func(i int) bool { return pairs[i].At >= unix }) }
	lo := at(in.From)
	return pairs[lo:max(lo, at(in.To))]
}

// Between are the pairs that begin in [from, to].
func Between(pairs []Pair, from, to int64) []Pair {
	lo := slices.IndexFunc(pairs, func(p Pair) bool { return p.At >= from })
	hi := len(pairs)
	for hi > 0 && pairs[hi-1].At > to {
		hi--
	}
	return pairs[lo:hi]
}
