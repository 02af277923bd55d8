package judge

import (
	"slices"
	"sort"
)

// pair is one stretch of time as both sides saw it: e events among n exposures, treated (T) and control (C).
type pair struct {
	at             int64
	eT, nT, eC, nC float64
}

// concurrent joins the tallies of two sides by time. Where the sides report at different instants within a minute or
// five (sparse exporters), the stretch is widened until most of the treated exposure has company. The pairs of single
// cells go on from those of an earlier look, which may be nil.
func (p *statistics) concurrent(one *joint, treated, control []tally, resolution int64) *joint {
	if one == nil || one.treated > len(treated) || one.control > len(control) {
		one = new(joint)
	}
	if one.join(treated, control, resolution); one.covered() || !p.Guards.On(guardWidePairs) {
		return one
	}
	var wide joint
	for _, cells := range [...]int64{6, 30} {
		wide = joint{pairs: make([]pair, 0, len(treated))}
		if wide.join(treated, control, resolution*cells); wide.covered() {
			break
		}
	}
	return &wide
}

// joint is the pairs of two sides, as far as their tallies were joined.
type joint struct {
	pairs            []pair
	treated, control int // tallies
	met, onlyT       int // windows with both sides, with one
	onlyC            int

	null    hypothesis
	surplus []float64 // before each pair, see surplusOf
}

// join goes on with windows of one width.
func (o *joint) join(treated, control []tally, width int64) {
	for i, j := o.treated, o.control; i < len(treated) || j < len(control); o.treated, o.control = i, j {
		at := int64(0)
		switch {
		case j >= len(control) || (i < len(treated) && treated[i].at <= control[j].at):
			at = treated[i].at - mod(treated[i].at, width)
		default:
			at = control[j].at - mod(control[j].at, width)
		}
		p := pair{at: at}
		for ; i < len(treated) && treated[i].at < at+width; i++ {
			p.eT += float64(treated[i].events)
			p.nT += float64(treated[i].exposure)
		}
		for ; j < len(control) && control[j].at < at+width; j++ {
			p.eC += float64(control[j].events)
			p.nC += float64(control[j].exposure)
		}
		switch {
		case p.nT > 0 && p.nC > 0:
			o.met++
			o.pairs = append(o.pairs, p)
		case p.nT > 0:
			o.onlyT++
		default:
			o.onlyC++
		}
	}
}

// covered says that 80 % of the smaller side's windows met the other side.
func (o *joint) covered() bool { return 10*o.met >= 8*(o.met+min(o.onlyT, o.onlyC)) }

// totals adds pairs up.
func totals(pairs []pair) (t pair) {
	for _, p := range pairs {
		t.eT += p.eT
		t.nT += p.nT
		t.eC += p.eC
		t.nC += p.nC
	}
	return t
}

// pairsIn are the pairs that begin in a span.
func pairsIn(pairs []pair, in span) []pair {
	at := func(unix int64) int { return sort.Search(len(pairs), func(i int) bool { return pairs[i].at >= unix }) }
	lo := at(in.from)
	return pairs[lo:max(lo, at(in.to))]
}

// between are the pairs that begin in [from, to].
func between(pairs []pair, from, to int64) []pair {
	lo := slices.IndexFunc(pairs, func(p pair) bool { return p.at >= from })
	hi := len(pairs)
	for hi > 0 && pairs[hi-1].at > to {
		hi--
	}
	return pairs[lo:hi]
}
