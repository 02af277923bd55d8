package observe

import (
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// bygone is the changes of a place in such an order that what they say of the time before any instant is found without going
// through all of them: of a place where thousands are, each is asked for its own time.
type bygone struct {
	began     []int64   // when those that are live began, sorted
	digests   []int64   // of the first of began, so many
	bad       []badTime // latest first
	rollbacks []int64   // when rollbacks began, sorted
	earliest  []int64   // when the first began of each change and those that were complete after it
}

// badTime is a change that was judged bad. Its time ends with its own end or recovery, or when the first of the rollouts began
// that were complete after it; Never where there is none.
type badTime struct{ from, end, next int64 }

// factor is that of the digests: the one of a list is that of the list without its last number times factor, and this.
const factor = 31

// bygoneOf puts the changes of a place, by their completion, in order.
func bygoneOf(all []*Subject) *bygone {
	b := &bygone{earliest: make([]int64, len(all))}
	first, next := int64(Never), int64(Never)
	for i, c := range slices.Backward(all) {
		first = min(first, c.Start)
		b.earliest[i] = first
		if c.Rollback {
			b.rollbacks = append(b.rollbacks, c.Start)
		}
		if !c.Live {
			continue
		}
		b.began = append(b.began, c.Start)
		if v := c.Verdict(); v.Outcome == correlate.Regressed && v.Reason != correlate.ReasonDownstream {
			b.bad = append(b.bad, badTime{from: c.Start, end: firstOf(Never, c.End, v.Recovered), next: next})
		}
		if c.RollsOut() {
			next = min(next, c.Start)
		}
	}
	slices.Sort(b.began)
	slices.Sort(b.rollbacks)
	b.digests = make([]int64, len(b.began)+1)
	for i, at := range b.began {
		b.digests[i+1] = b.digests[i]*factor + at
	}
	return b
}

// before is how many changes lie up to the last that began before an instant.
func (b *bygone) before(start int64) int {
	return sort.Search(len(b.earliest), func(i int) bool { return b.earliest[i] >= start })
}

// badBefore are the stretches of bad changes before an instant, latest first.
func (b *bygone) badBefore(start int64) (spans []window.Span) {
	for _, t := range b.bad {
		if s := (window.Span{From: t.from, To: min(start, t.end, t.next)}); s.From < start && s.From < s.To {
			spans = append(spans, s)
		}
	}
	return spans
}

// rollsBack says that a rollback began at an instant.
func (b *bygone) rollsBack(at int64) bool {
	_, is := slices.BinarySearch(b.rollbacks, at)
	return is
}

// changes is when live changes began in a stretch of time, sorted, and the digest of a list that is continued with that.
func (b *bygone) changes(from, to, digest int64) (starts []int64, of int64) {
	lo, _ := slices.BinarySearch(b.began, from)
	hi, _ := slices.BinarySearch(b.began, to)
	if hi <= lo {
		return nil, digest
	}
	times := power(factor, hi-lo)
	return b.began[lo:hi:hi], digest*times + b.digests[hi] - b.digests[lo]*times
}

// power is a number to the n, modulo 2⁶⁴.
func power(of int64, n int) int64 {
	result := int64(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result *= of
		}
		of *= of
	}
	return result
}
