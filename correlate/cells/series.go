package cells

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Series is the cells of one key in order of their start, without gaps being filled: no cell means nothing arrived. Those of
// time that is over are packed in blocks; what is asked for of them is unpacked, and stays so while it is asked for.
type Series struct {
	of     *manner
	blocks []block // all cells that start before packed
	cells  run     // all cells that start at or after from
	packed int64
	from   int64 // at most packed
	read   int64 // the look at which the series was last asked for
	warm   int64 // bytes of cells that are in blocks as well
}

func newSeries(of *manner, packed int64) *Series {
	return &Series{of: of, packed: packed, from: packed}
}

// Between is the cells with from <= Start < to. The result shares memory with the series.
func (s *Series) Between(from, to int64) []correlate.Cell {
	s.read = s.of.looks.now
	if from < s.from {
		s.unpack(from)
	}
	return correlate.CellsBetween(s.cells, from, to)
}

// copied is the cells with from <= Start < to, which share no memory with the series.
func (s *Series) copied(from, to int64) run {
	blocks := s.blocks[search(s.blocks, from):]
	if after := search(blocks, to); after < len(blocks) {
		blocks = blocks[:after+1]
	}
	cells := unpack(blocks, 0).from(from).before(to)
	for _, c := range s.loose().from(from).before(to) {
		c.Latency = slices.Clone(c.Latency)
		cells = append(cells, c)
	}
	return cells
}

// loose is the cells that aren't packed.
func (s *Series) loose() run { return s.cells.from(s.packed) }

// first is when the first cell starts; ok is false when there is none.
func (s *Series) first() (start int64, ok bool) {
	if len(s.blocks) > 0 {
		return s.blocks[0].first, true
	}
	if len(s.cells) > 0 {
		return s.cells[0].Start, true
	}
	return 0, false
}

// empty says that there are no cells.
func (s *Series) empty() bool { return len(s.blocks) == 0 && len(s.cells) == 0 }

// BeganBefore says that there are cells before an instant. A series may be nil.
func (s *Series) BeganBefore(t int64) bool {
	if s == nil {
		return false
	}
	first, ok := s.first()
	return ok && first < t
}

// add merges a cell into the series, and returns by how many bytes it grew. The cell's histogram is copied when it is kept.
func (s *Series) add(c correlate.Cell) int64 {
	if c.Start >= s.packed {
		return s.cells.add(c, &s.of.slab)
	}
	if c.Start >= s.from {
		s.cells.add(c, &s.of.slab)
	}
	at := search(s.blocks, window.Floor(c.Start, s.of.span))
	var old int64
	var cells run
	if at < len(s.blocks) && s.of.stretch(s.blocks[at].first) == s.of.stretch(c.Start) {
		old = s.blocks[at].bytes()
		cells = unpack(s.blocks[at:at+1], 1)
	} else {
		s.blocks = slices.Insert(s.blocks, at, block{})
	}
	cells.add(c, &s.of.slab)
	s.blocks[at] = s.of.pack(cells)
	return s.blocks[at].bytes() - old
}

// pack packs the cells that start before an instant, and returns by how many bytes the series grew.
func (s *Series) pack(to int64) (grown int64) {
	if to <= s.packed {
		return 0
	}
	cells := s.loose().before(to)
	for len(cells) > 0 {
		n := len(cells.before(s.of.stretch(cells[0].Start) + s.of.span))
		grown += s.packStretch(cells[:n]) - cells[:n].weigh().bytes
		cells = cells[n:]
	}
	s.packed = to
	if s.read < s.of.looks.now-1 {
		s.cool()
	} else {
		s.of.looks.keep(s)
	}
	return grown
}

// packStretch packs cells of one stretch, the latest, of which some may be packed, and returns by how many bytes blocks grew.
func (s *Series) packStretch(cells run) int64 {
	last := len(s.blocks) - 1
	if last < 0 || s.of.stretch(s.blocks[last].first) != s.of.stretch(cells[0].Start) {
		s.blocks = append(s.blocks, s.of.pack(cells))
		return s.blocks[last+1].bytes()
	}
	old := s.blocks[last].bytes()
	s.blocks[last] = s.of.extend(s.blocks[last], cells)
	return s.blocks[last].bytes() - old
}

// unpack has the cells at hand that start at or after an instant.
func (s *Series) unpack(from int64) {
	at, end := search(s.blocks, from), search(s.blocks, s.from)
	if end < len(s.blocks) && s.blocks[end].first < s.from {
		end++
	}
	if at >= end {
		return
	}
	start := s.of.stretch(s.blocks[at].first)
	s.cells = append(unpack(s.blocks[at:end], len(s.cells)).before(s.from), s.cells...)
	s.from = start
	s.of.looks.keep(s)
}

// cool keeps packed cells nowhere else.
func (s *Series) cool() {
	s.of.looks.warm -= s.warm
	s.cells, s.from, s.warm = slices.Clone(s.loose()), s.packed, 0
}

// drop forgets the cells that start before the given time, and returns what they took.
func (s *Series) drop(before int64) (freed taken) {
	if !s.BeganBefore(before) {
		return taken{}
	}
	freed = s.weigh(math.MaxInt64)
	s.blocks = slices.Delete(s.blocks, 0, search(s.blocks, before))
	if len(s.blocks) > 0 && s.blocks[0].first < before {
		s.blocks[0] = s.of.pack(unpack(s.blocks[:1], 0).from(before))
	}
	s.cells = slices.Clone(s.cells.from(before))
	left := s.weigh(math.MaxInt64)
	return taken{freed.cells - left.cells, freed.bytes - left.bytes}
}

// weigh is what the cells take that start before the given time.
func (s *Series) weigh(before int64) (t taken) {
	whole := search(s.blocks, before)
	for i := range s.blocks[:whole] {
		t.add(s.blocks[i].weigh())
	}
	if whole < len(s.blocks) && s.blocks[whole].first < before {
		part := s.of.pack(unpack(s.blocks[whole:whole+1], 0).before(before))
		part.shared = s.blocks[whole].shared
		t.add(part.weigh())
	}
	t.add(s.loose().before(before).weigh())
	return t
}

// last is the start of the last cell before an instant, 0 when there is none.
func (s *Series) last(before int64) int64 {
	if loose := s.loose().before(before); len(loose) > 0 {
		return loose[len(loose)-1].Start
	}
	whole := search(s.blocks, before)
	if whole < len(s.blocks) && s.blocks[whole].first < before {
		part := unpack(s.blocks[whole:whole+1], 0).before(before)
		return part[len(part)-1].Start
	}
	if whole == 0 {
		return 0
	}
	return s.blocks[whole-1].last()
}

// share lets blocks of stretches that end after an instant keep what they are packed into together with those of another
// series that hold the same, and returns by how many bytes the series grew.
func (s *Series) share(with *Series, after int64) (grown int64) {
	for i := search(s.blocks, after); i < len(s.blocks); i++ {
		b := &s.blocks[i]
		grown -= b.bytes()
		b.shared = false
		if at := search(with.blocks, b.first); at < len(with.blocks) && with.blocks[at].first == b.first && with.blocks[at].data == b.data {
			b.shared, b.data = true, with.blocks[at].data
		}
		grown += b.bytes()
	}
	return grown
}

// Requests are those of some cells together.
func Requests(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}
