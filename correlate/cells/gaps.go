package cells

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate/window"
)

// Drained says that measurements were taken in at an instant. Where that is too long after the time before, whatever the
// cause (a restart, a ledger that failed, a machine that slept), the stretch between the two lacks telemetry. An instant
// that lies before the last one says nothing.
func (st *Store) Drained(t int64) {
	if st.drained > 0 && t-st.drained > max(st.cfg.Resolution, st.cfg.Lateness) {
		st.Gap(window.Span{From: st.drained, To: t})
	}
	st.drained = max(st.drained, t)
}

// Gap says that telemetry was not received in a stretch of time.
func (st *Store) Gap(s window.Span) {
	at, _ := slices.BinarySearchFunc(st.gaps, s, func(a, b window.Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	st.gaps = slices.Insert(st.gaps, at, s)
}

// Gaps are the stretches without telemetry that began before an instant, sorted.
func (st *Store) Gaps(by int64) []window.Span {
	n, _ := slices.BinarySearchFunc(st.gaps, by, func(s window.Span, by int64) int { return cmp.Compare(s.From, by) })
	return st.gaps[:n:n]
}

// GapShare is the share of [from, to) in which no telemetry was received.
func (st *Store) GapShare(from, to int64) float64 {
	var lost int64
	for _, g := range st.gaps {
		lost += g.Overlap(window.Span{From: from, To: to})
	}
	return float64(lost) / float64(max(1, to-from))
}

func (st *Store) expireGaps(before int64) {
	st.gaps = slices.DeleteFunc(st.gaps, func(g window.Span) bool { return g.To < before })
}
