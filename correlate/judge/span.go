package judge

import "github.com/shipwake/shipwake/correlate"

// span is a stretch of time: from inclusive, to exclusive, Unix seconds.
type span struct{ from, to int64 }

func (s span) length() int64 { return s.to - s.from }

func (s span) back(by int64) span { return span{s.from - by, s.to - by} }

func (s span) overlaps(o span) bool { return s.from < o.to && o.from < s.to }

func (s span) within(from int64) bool { return s.from >= from }

// roundUp is the next of 1, 2, 3, 4, 6, 8, 12, 16 … times a unit.
func roundUp(length, unit int64) int64 {
	for step := unit; ; step *= 2 {
		switch {
		case length <= step:
			return step
		case step > unit && length <= step/2*3:
			return step / 2 * 3
		}
	}
}

// roundUpTo is the next multiple of a unit.
func roundUpTo(length, unit int64) int64 { return (length + unit - 1) / unit * unit }

// cellsIn are the cells that begin in a span.
func cellsIn(cells []correlate.Cell, in span) []correlate.Cell {
	return correlate.CellsBetween(cells, in.from, in.to)
}
