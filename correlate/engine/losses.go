package engine

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

// forgotten is from when on each part of a place is known: what starts earlier was forgotten and, should it come once
// more, is not kept. 0: nothing was.
type forgotten struct{ operations, versions, fine, coarse int64 }

// everybody is the place of losses of which nobody knows whose they are.
var everybody place

func (st *store) forgotten(p place) forgotten {
	if l := st.losses[p]; l != nil {
		return l.forgotten
	}
	return forgotten{}
}

func (st *store) lossesOf(p place) *losses {
	l := st.losses[p]
	if l == nil {
		l = &losses{}
		st.losses[p] = l
		st.bytes += lossBytes
	}
	return l
}

// lost notes that something was not taken in.
func (st *store) lost(m correlate.Measurement) {
	l := st.lossesOf(place{m.Service, m.Environment})
	starts := &l.buckets
	if m.Name == correlate.LostShed {
		starts = &l.shed
	}
	if i, known := slices.BinarySearch(*starts, m.Start); !known {
		*starts = slices.Insert(*starts, i, m.Start)
	}
}

// forget drops a part of a place that starts before an instant, for good.
func (st *store) forget(p place, what string, before int64) (freed taken) {
	gone := &st.lossesOf(p).forgotten
	s := st.services[p]
	if s == nil {
		s = &service{}
	}
	switch what {
	case correlate.LostServices:
		freed = st.forget(p, correlate.LostBuckets, before)
		freed.add(st.forget(p, correlate.LostRollups, before))
		return freed
	case correlate.LostOperations:
		gone.operations = max(gone.operations, before)
		freed.add(st.expireRoutes(s, before))
	case correlate.LostVersions:
		gone.versions = max(gone.versions, before)
	case correlate.LostBuckets:
		gone.fine = max(gone.fine, before)
		freed.add(st.expireRoutes(s, before))
	case correlate.LostRollups:
		gone.coarse = max(gone.coarse, before)
		for name, seen := range s.versions {
			if seen.first = max(seen.first, before); seen.last < before {
				delete(s.versions, name)
				st.bytes -= sightingBytes
			}
		}
	}
	for k, str := range s.streams {
		freed.add(st.forgetOf(k, str, what, before))
		st.tidy(p, s, k, str)
	}
	st.release(p, s)
	return freed
}

func (st *store) forgetOf(k streamKey, str *stream, what string, before int64) (freed taken) {
	switch {
	case what == correlate.LostOperations && isPart(k.kind):
		freed.add(st.dropFrom(str, before))
		freed.add(st.dropRollups(str, before))
	case what == correlate.LostVersions && !isPart(k.kind):
		freed.add(st.dropVersions(str, before))
	case what == correlate.LostBuckets:
		freed.add(st.dropFrom(str, before))
	case what == correlate.LostRollups:
		freed.add(st.dropRollups(str, before))
	}
	return freed
}

func (st *store) dropVersions(str *stream, before int64) (freed taken) {
	for name, v := range str.versions {
		freed.add(v.drop(before))
		if len(*v) == 0 {
			st.dropVersion(str, name)
		}
	}
	st.bytes -= freed.bytes
	return freed
}

func (st *store) dropRollups(str *stream, before int64) taken {
	freed := str.coarse.drop(before)
	st.bytes -= freed.bytes
	return freed
}

func (st *store) expireLosses(from func(place) int64) {
	for p, l := range st.losses {
		oldest := from(p)
		n, _ := slices.BinarySearch(l.buckets, oldest)
		l.buckets = slices.Delete(l.buckets, 0, n)
		n, _ = slices.BinarySearch(l.shed, oldest)
		l.shed = slices.Delete(l.shed, 0, n)
		f := l.forgotten
		if len(l.buckets) == 0 && len(l.shed) == 0 && max(f.operations, f.versions, f.fine, f.coarse) <= oldest {
			delete(st.losses, p)
			st.bytes -= lossBytes
		}
	}
}

// degraded says that of what was sent of a place for [from, to) something isn't known, so that nothing may be called
// healthy: something wasn't taken in, was forgotten, or was refused for so long that what was sent again came too late.
func (e *Engine) degraded(p place, from, to int64) bool {
	if l := e.store.losses[p]; l != nil {
		f := l.forgotten
		if max(f.operations, f.versions, f.fine) > from || l.lostIn(from, to) {
			return true
		}
	}
	l := e.store.losses[everybody]
	return l != nil && (l.lostIn(from, to) || l.shedIn(window.Span{From: from, To: to}, e.cfg.Resolution, e.cfg.Lateness+e.cfg.AllowedLateness))
}

// forgot says that something was forgotten for lack of memory that a change was judged by.
func (e *Engine) forgot(c *change) bool {
	f := e.store.forgotten(c.place())
	return max(f.operations, f.versions, f.fine) > c.start()-e.cfg.Baseline
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
