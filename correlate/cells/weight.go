package cells

import "github.com/shipwake/shipwake/correlate"

// What the parts of the store take on the heap, in bytes: maps, keys, names, slack. A test holds the sum against the heap.
const (
	cellBytes     = 64
	binBytes      = 8
	blockBytes    = 48
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
	correlate.Place
	first, last int64 // the oldest and the newest cell
	operations  taken
	versions    taken
	fine        taken // before the instant from which fine cells are to stay; parts and versions are among it
	coarse      taken // before the instant from which rollups are to stay
	all         int64
}

// bounds are the instants up to which a service is weighed: everything, what counts as old fine cells, and as old rollups.
type bounds struct{ until, fine, coarse int64 }

// weigh looks at one service.
func (s *Service) weigh(p correlate.Place, b bounds) (w weight) {
	w.Place = p
	b.fine, b.coarse = min(b.fine, b.until), min(b.coarse, b.until)
	for k, str := range s.streams {
		w.stream(k, str, b)
	}
	for _, r := range s.routes {
		if t := r.weigh(b.until); t.cells > 0 {
			t.bytes += seriesBytes
			w.operations.add(t)
			w.fine.add(r.weigh(b.fine))
			w.all += t.bytes
		}
	}
	if w.all > 0 {
		w.all += serviceBytes
	}
	return w
}

// stream adds what a stream takes.
func (w *weight) stream(k Key, str *Stream, b bounds) {
	all := str.total.weigh(b.until)
	w.see(&str.total, b.until)
	w.fine.add(str.total.weigh(b.fine))
	var versions taken
	for _, v := range str.versions {
		if t := v.weigh(b.until); t.cells > 0 {
			t.bytes += seriesBytes
			versions.add(t)
			w.fine.add(v.weigh(b.fine))
			w.see(v, b.until)
		}
	}
	w.see(&str.coarse, b.until)
	w.coarse.add(str.coarse.weigh(b.coarse))
	all.add(versions)
	all.add(str.coarse.weigh(b.until))
	if all.cells == 0 {
		return
	}
	all.bytes += streamBytes
	if isPart(k.Kind) {
		w.operations.add(all)
	} else {
		w.versions.add(versions)
	}
	w.all += all.bytes
}

// see widens the time from the first to the last cell.
func (w *weight) see(s *Series, until int64) {
	first, ok := s.first()
	if !ok || first >= until {
		return
	}
	if w.first == 0 || first < w.first {
		w.first = first
	}
	w.last = max(w.last, s.last(until))
}
