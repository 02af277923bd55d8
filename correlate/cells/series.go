package cells

import (
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate"
)

// Series is the cells of one key in order of their start, without gaps being filled: no cell means nothing arrived.
type Series []correlate.Cell

// Between is the cells with from <= Start < to. The result shares memory with the series.
func (s Series) Between(from, to int64) []correlate.Cell { return correlate.CellsBetween(s, from, to) }

// BeganBefore says that there are cells before an instant. A series may be nil.
func (s *Series) BeganBefore(t int64) bool { return s != nil && len(*s) > 0 && (*s)[0].Start < t }

// add merges a cell into the series, and returns by how many bytes it grew. The cell's histogram is copied when it is kept.
func (s *Series) add(c correlate.Cell) int64 {
	cells := *s
	at := len(cells)
	for at > 0 && cells[at-1].Start >= c.Start {
		at--
	}
	if at < len(cells) && cells[at].Start == c.Start {
		before := len(cells[at].Latency)
		cells[at].Merge(c)
		return binBytes * int64(len(cells[at].Latency)-before)
	}
	c.Latency = slices.Clone(c.Latency)
	*s = slices.Insert(cells, at, c)
	return bytesOf(&c)
}

// drop forgets the cells that start before the given time, and returns what they took. The array is copied only once half
// of it is forgotten.
func (s *Series) drop(before int64) (freed taken) {
	cells := *s
	n := sort.Search(len(cells), func(i int) bool { return cells[i].Start >= before })
	if n == 0 {
		return taken{}
	}
	freed = s.weigh(before)
	if n*2 >= len(cells) {
		*s = slices.Clone(cells[n:])
		return freed
	}
	clear(cells[:n])
	*s = cells[n:]
	return freed
}

// weigh is what the cells take that start before the given time.
func (s Series) weigh(before int64) (t taken) {
	for i := range s {
		if s[i].Start >= before {
			break
		}
		t.cells++
		t.bytes += bytesOf(&s[i])
	}
	return t
}

// Requests are those of some cells together.
func Requests(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}
