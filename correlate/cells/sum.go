package cells

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Reading is the cells of a series from one instant on, as far as they were asked for. Whoever asks once more, up to a later
// instant, is told without a search, and without a look at what lies before. The zero value is ready to use, and may take the
// place of any Reading.
type Reading struct {
	of    *Series
	from  int64
	at    int // where the first of the cells lies in the series
	last  int64
	cells []correlate.Cell
}

// Between is Series.Between.
func (r *Reading) Between(s *Series, from, to int64) []correlate.Cell {
	if !r.goesOn(s, from, to) {
		*r = Reading{of: s, from: from, cells: s.Between(from, to)}
		if n := len(r.cells); n > 0 {
			r.at, r.last = len(s.cells)-len(s.cells.from(r.cells[0].Start)), r.cells[n-1].Start
		}
		return r.cells
	}
	s.read = s.of.looks.now
	end := r.at + len(r.cells)
	for end < len(s.cells) && s.cells[end].Start < to {
		r.last = s.cells[end].Start
		end++
	}
	r.cells = s.cells[r.at:end:end]
	return r.cells
}

// goesOn says that the cells are where they were, and none of them too late. Where one came late among them, another one lies
// at the end.
func (r *Reading) goesOn(s *Series, from, to int64) bool {
	end := r.at + len(r.cells)
	return r.of == s && r.from == from && len(r.cells) > 0 && r.last < to && end <= len(s.cells) &&
		&s.cells[r.at] == &r.cells[0] && s.cells[end-1].Start == r.last
}

// Sum is several series added up, as far as that was done: cells before the watermark don't change any more, so each is
// added once. The zero value is ready to use, and may take the place of any Sum.
type Sum struct {
	one         Reading // where there is only one
	parts       []*Series
	sum         run
	from, until int64
}

// Between is the sum's cells with from <= Start < to. It shares memory with what is remembered.
func (m *Sum) Between(parts []*Series, from, to int64) []correlate.Cell {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return m.one.Between(parts[0], from, to)
	}
	if !slices.Equal(parts, m.parts) || from != m.from {
		*m = Sum{parts: slices.Clone(parts), from: from, until: from}
	}
	if m.until < to {
		fresh := make([][]correlate.Cell, len(parts))
		for i, p := range parts {
			fresh[i] = p.Between(m.until, to)
		}
		m.sum = append(m.sum, merged(fresh...)...)
		m.until = to
	}
	return correlate.CellsBetween(m.sum, from, to)
}

// merged adds up several sorted lists of cells, leaving them untouched.
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
	var all run
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
				all.add(part[0], nil)
				filled[i] = part[1:]
			}
		}
	}
}
