package cells

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// losses is what is not known of a place although it was sent.
type losses struct {
	forgotten
	buckets []int64 // in which something was not taken in, sorted
	shed    []int64 // in which requests were refused that may have been sent again, sorted
}

// everybody is the place of losses of which nobody knows whose they are.
var everybody correlate.Place

func (st *Store) lossesOf(p correlate.Place) *losses {
	l := st.losses[p]
	if l == nil {
		l = &losses{}
		st.losses[p] = l
		st.bytes += lossBytes
	}
	return l
}

// lost notes that something was not taken in.
func (st *Store) lost(m correlate.Measurement) {
	l := st.lossesOf(placeOf(&m.Key))
	starts := &l.buckets
	if m.Name == correlate.LostShed {
		starts = &l.shed
	}
	if i, known := slices.BinarySearch(*starts, m.Start); !known {
		*starts = slices.Insert(*starts, i, m.Start)
	}
}

// Degraded says that of what was sent of a place for [from, to) something isn't known, so that nothing may be called
// healthy: something wasn't taken in, was forgotten, or was refused for so long that what was sent again came too late.
func (st *Store) Degraded(p correlate.Place, from, to int64) bool {
	if l := st.losses[p]; st.Forgot(p, from) || (l != nil && l.lostIn(from, to)) {
		return true
	}
	l := st.losses[everybody]
	return l != nil && (l.lostIn(from, to) ||
		l.shedIn(window.Span{From: from, To: to}, st.cfg.Resolution, st.cfg.Lateness+st.cfg.AllowedLateness))
}

func (l *losses) lostIn(from, to int64) bool {
	i, _ := slices.BinarySearch(l.buckets, from)
	return i < len(l.buckets) && l.buckets[i] < to
}

// shedIn says that refusals in a stretch went on, with at most one bucket between two, for longer than the lateness.
func (l *losses) shedIn(in window.Span, width, lateness int64) bool {
	for i := 0; i < len(l.shed); {
		run := window.Span{From: l.shed[i]}
		for i < len(l.shed) && (run.To == 0 || l.shed[i] <= run.To+width) {
			run.To = l.shed[i] + width
			i++
		}
		if run.To-run.From > lateness && run.Overlap(in) > 0 {
			return true
		}
	}
	return false
}

func (st *Store) expireLosses(before int64) {
	for p, l := range st.losses {
		n, _ := slices.BinarySearch(l.buckets, before)
		l.buckets = slices.Delete(l.buckets, 0, n)
		n, _ = slices.BinarySearch(l.shed, before)
		l.shed = slices.Delete(l.shed, 0, n)
		if len(l.buckets) == 0 && len(l.shed) == 0 && max(l.operations, l.versions, l.fine, l.coarse) <= before {
			delete(st.losses, p)
			st.bytes -= lossBytes
		}
	}
}
