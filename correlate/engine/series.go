package engine

import (
	"math"
	"slices"
	"sort"

	"github.com/shipwake/shipwake/correlate"
)

// series is the cells of one key in order of their start, without gaps being filled: no cell means nothing arrived.
type series []correlate.Cell

// add merges a cell into the series, and returns by how many bytes it grew. The cell's histogram is copied when it is kept.
func (s *series) add(c correlate.Cell) int64 {
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

// between is the cells with from <= Start < to. The result shares memory with the series.
func (s series) between(from, to int64) []correlate.Cell {
	return correlate.CellsBetween(s, from, to)
}

// beganBefore says that there are cells before an instant. A series may be nil.
func (s *series) beganBefore(t int64) bool { return s != nil && len(*s) > 0 && (*s)[0].Start < t }

// drop forgets the cells that start before the given time, and returns what they took. The array is copied only once half
// of it is forgotten.
func (s *series) drop(before int64) (freed taken) {
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
func (s series) weigh(before int64) (t taken) {
	for i := range s {
		if s[i].Start >= before {
			break
		}
		t.cells++
		t.bytes += bytesOf(&s[i])
	}
	return t
}

// merged adds up several series, leaving them untouched.
func merged(parts ...[]correlate.Cell) []correlate.Cell {
	filled := parts[:0:0]
	for _, p := range parts {
		if len(p) > 0 {
			filled = append(filled, p)
		}
	}
	switch len(filled) {
	case 0:
		return nil
	case 1:
		return filled[0]
	}
	var all series
	for {
		next := int64(math.MaxInt64)
		for _, part := range filled {
			if len(part) > 0 {
				next = min(next, part[0].Start)
			}
		}
		if next == math.MaxInt64 {
			return all
		}
		for i, part := range filled {
			if len(part) > 0 && part[0].Start == next {
				all.add(part[0])
				filled[i] = part[1:]
			}
		}
	}
}
