package cells

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// unmeasured is when measuring began of a stream that nothing was measured of.
const unmeasured = math.MaxInt64

// Tell takes in what somebody else counted in coarse buckets that start at or after one instant and end by another. Of each
// stream what was measured here goes before it, from the first measured bucket on; of two tellings of a bucket the fuller one
// holds, so that nothing counts twice and the order doesn't show. A telling must hold all that its teller knows of each
// bucket of a stream.
//
// It stays coarse: no fine cells, versions, calls or losses come of it. Where memory is short it is left out. What changed is
// returned: of each bucket everything that was told of it.
func Tell(st *Store, all []correlate.Measurement, from, to int64) (changed []correlate.Rollup) {
	if !st.Memory().TakesPast() {
		return nil
	}
	t := telling{st, map[int64]bool{}}
	for told := coarsened(all, st.cfg.Coarse, from, to); len(told) > 0; {
		n := 1
		for n < len(told) && told[n].Key == told[0].Key {
			n++
		}
		if coarse := t.stream(told[:n]); coarse != nil {
			st.bytes += coarse.pack(told[n-1].Start + st.cfg.Coarse)
		}
		told = told[n:]
	}
	return t.all()
}

// TakesPast says that there is room for what is told of the past: it must not push out what is measured.
func (m Memory) TakesPast() bool { return !m.Full && (m.Budget <= 0 || m.Bytes < m.Budget/2) }

// coarsened is those measurements that rollups keep, in coarse buckets, one for each stream and bucket, sorted.
func coarsened(all []correlate.Measurement, width, from, to int64) (told []correlate.Measurement) {
	for _, m := range all {
		m.Start = window.Floor(m.Start, width)
		if !inRollups(m.Kind) || m.Start < from || m.Start+width > to {
			continue
		}
		m.Key = keyOf(m.Key).of(placeOf(&m.Key))
		m.Latency = slices.Clone(m.Latency)
		told = append(told, m)
	}
	return gather(told)
}

// inRollups: zones are compared with each other, and traces tell versions of now apart: nobody asks for them of earlier days.
func inRollups(kind correlate.SignalKind) bool {
	switch kind {
	case correlate.Zone, correlate.Trace, correlate.Route, correlate.Lost:
		return false
	}
	return true
}

// telling is what a store is told, and the buckets that are news.
type telling struct {
	st      *Store
	changed map[int64]bool
}

// stream takes in the buckets of one stream, sorted, and returns where they are kept; nil when none of them is.
func (t telling) stream(of []correlate.Measurement) *Series {
	st, p, k := t.st, placeOf(&of[0].Key), keyOf(of[0].Key)
	known := st.forgotten(p).coarse
	if isPart(k.Kind) {
		known = max(known, st.forgotten(p).operations)
	}
	measured := int64(unmeasured)
	if s := st.services[p]; s != nil && s.streams[k] != nil {
		measured = s.streams[k].measured
	}
	var cells run
	for i := range of {
		if c := of[i].Cell; c.Start >= known && c.Start < measured {
			cells = append(cells, c)
		}
	}
	if len(cells) == 0 {
		return nil
	}
	coarse := &st.stream(st.at(p), k).coarse
	fuller := coarse.less(cells)
	st.bytes += coarse.put(fuller)
	for i := range fuller {
		t.changed[fuller[i].Start] = true
	}
	return coarse
}

// all is everything that was told of the changed buckets, by start.
func (t telling) all() (all []correlate.Rollup) {
	if len(t.changed) == 0 {
		return nil
	}
	at := map[int64]int{}
	for i, start := range slices.Sorted(maps.Keys(t.changed)) {
		all = append(all, correlate.Rollup{Start: start})
		at[start] = i
	}
	from, to := all[0].Start, all[len(all)-1].Start+1
	for p, s := range t.st.services {
		for k, str := range s.streams {
			for _, c := range str.coarse.copied(from, min(to, str.measured)) {
				if i, asked := at[c.Start]; asked {
					all[i].Past = append(all[i].Past, correlate.Measurement{Key: k.of(p), Cell: c})
				}
			}
		}
	}
	for _, r := range all {
		slices.SortFunc(r.Past, func(a, b correlate.Measurement) int { return a.Key.Compare(b.Key) })
	}
	return all
}

// measure notes that a bucket was measured, which is before those that were: what was told of it and of later ones goes. It
// returns by how many bytes the rollups grew.
func (str *Stream) measure(start int64) (grown int64) {
	told := str.coarse.last(str.measured)
	measured := str.measured
	str.measured = start
	if told < start {
		return 0
	}
	grown = -str.coarse.weigh(math.MaxInt64).bytes
	kept := append(str.coarse.copied(math.MinInt64, start), str.coarse.copied(measured, math.MaxInt64)...)
	str.coarse.clear()
	return grown + str.coarse.put(kept)
}

// less is those of some cells in place of which a series has none, or one that counts less.
func (s *Series) less(cells run) (more run) {
	have := s.copied(cells[0].Start, cells[len(cells)-1].Start+1)
	for i := range cells {
		at := have.from(cells[i].Start)
		if len(at) == 0 || at[0].Start != cells[i].Start || compareCells(&at[0], &cells[i]) < 0 {
			more = append(more, cells[i])
		}
	}
	return more
}

// compareCells orders cells of one bucket by how much they count.
func compareCells(a, b *correlate.Cell) int {
	return cmp.Or(cmp.Compare(a.Requests, b.Requests), cmp.Compare(a.N, b.N), cmp.Compare(a.Errors, b.Errors), cmp.Compare(a.Sum, b.Sum),
		slices.CompareFunc(a.Latency, b.Latency, func(a, b correlate.Bin) int {
			return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Count, b.Count))
		}))
}

// put has cells take the place of those of the same start, and returns by how many bytes the series grew.
func (s *Series) put(cells run) (grown int64) {
	s.cool()
	packed := cells.before(s.packed)
	cells = cells[len(packed):]
	for len(packed) > 0 {
		n := len(packed.before(s.of.stretch(packed[0].Start) + s.of.span))
		grown += s.putStretch(packed[:n])
		packed = packed[n:]
	}
	for _, c := range cells {
		c.Latency = s.of.slab.Copy(c.Latency)
		grown += s.cells.put(c)
	}
	return grown
}

// putStretch is put for cells of one stretch of time that is packed.
func (s *Series) putStretch(cells run) (grown int64) {
	at := search(s.blocks, s.of.stretch(cells[0].Start))
	var all run
	if at < len(s.blocks) && s.of.stretch(s.blocks[at].first) == s.of.stretch(cells[0].Start) {
		grown = -s.blocks[at].bytes()
		all = unpack(s.blocks[at:at+1], len(cells))
	} else {
		s.blocks = slices.Insert(s.blocks, at, block{})
	}
	for _, c := range cells {
		all.put(c)
	}
	s.blocks[at] = s.of.pack(all)
	return grown + s.blocks[at].bytes()
}

// put has a cell take the place of the one of the same start, and returns by how many bytes the run grew.
func (r *run) put(c correlate.Cell) int64 {
	at := len(r.before(c.Start))
	if cells := *r; at < len(cells) && cells[at].Start == c.Start {
		grown := bytesOf(&c) - bytesOf(&cells[at])
		cells[at] = c
		return grown
	}
	*r = slices.Insert(*r, at, c)
	return bytesOf(&c)
}

// clear forgets all cells.
func (s *Series) clear() {
	s.cool()
	s.blocks, s.cells = nil, nil
}
