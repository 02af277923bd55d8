package cells

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Sum is several series added up, as far as that was done: cells before the watermark don't change any more, so each is
// added once. The zero value is ready to use, and may take the place of any Sum.
type Sum struct {
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
		return parts[0].Between(from, to)
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
