package engine

import "github.com/shipwake/shipwake/correlate"

// What the parts of the store take on the heap, in bytes: maps, keys, names, slack. A test holds the sum against the heap.
const (
	cellBytes     = 64
	binBytes      = 8
	serviceBytes  = 800
	streamBytes   = 480
	seriesBytes   = 280
	sightingBytes = 160
	callBytes     = 220
	lossBytes     = 200
)

// taken is an amount of memory.
type taken struct{ cells, bytes int64 }

func (t *taken) add(o taken) { t.cells, t.bytes = t.cells+o.cells, t.bytes+o.bytes }

func bytesOf(c *correlate.Cell) int64 { return cellBytes + binBytes*int64(len(c.Latency)) }

// isPart: a kind of measurement that only tells apart what others count as well.
func isPart(kind correlate.SignalKind) bool {
	switch kind {
	case correlate.Route, correlate.Zone, correlate.Trace, correlate.Edge:
		return true
	}
	return false
}

// weight is what one service takes, by what could be forgotten of it. Only cells that start before an instant count, and
// what holds them: then it doesn't matter which of the later ones have come already.
type weight struct {
	place
	first, last int64 // the oldest and the newest cell
	operations  taken
	versions    taken
	fine        taken // before the instant from which fine cells are to stay; parts and versions are among it
	coarse      taken // before the instant from which rollups are to stay
	all         int64
}

// weigh looks at one service. What starts before fineFrom and coarseFrom is told as fine and coarse.
func (s *service) weigh(p place, until, fineFrom, coarseFrom int64) (w weight) {
	w.place = p
	for k, str := range s.streams {
		total := str.total.weigh(until)
		all := total
		w.see(str.total, until)
		w.fine.add(str.total.weigh(min(fineFrom, until)))
		var versions taken
		for _, v := range str.versions {
			if t := v.weigh(until); t.cells > 0 {
				t.bytes += seriesBytes
				versions.add(t)
				w.fine.add(v.weigh(min(fineFrom, until)))
				w.see(*v, until)
			}
		}
		coarse := str.coarse.weigh(until)
		w.see(str.coarse, until)
		w.coarse.add(str.coarse.weigh(min(coarseFrom, until)))
		all.add(versions)
		all.add(coarse)
		if all.cells == 0 {
			continue
		}
		all.bytes += streamBytes
		if isPart(k.kind) {
			w.operations.add(all)
		} else {
			w.versions.add(versions)
		}
		w.all += all.bytes
	}
	for _, r := range s.routes {
		if t := r.weigh(until); t.cells > 0 {
			t.bytes += seriesBytes
			w.operations.add(t)
			w.fine.add(r.weigh(min(fineFrom, until)))
			w.all += t.bytes
		}
	}
	if w.all > 0 {
		w.all += serviceBytes
	}
	return w
}

// see widens the time from the first to the last cell.
func (w *weight) see(s series, until int64) {
	if len(s) == 0 || s[0].Start >= until {
		return
	}
	if w.first == 0 || s[0].Start < w.first {
		w.first = s[0].Start
	}
	before := correlate.CellsBetween(s, s[0].Start, until)
	w.last = max(w.last, before[len(before)-1].Start)
}
