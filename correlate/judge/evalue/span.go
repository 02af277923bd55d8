package evalue

import "github.com/shipwake/shipwake/correlate"

// Span is a stretch of time: from inclusive, to exclusive, Unix seconds.
type Span struct{ From, To int64 }

// Length is in seconds.
func (s Span) Length() int64 { return s.To - s.From }

// Back is the span so many seconds earlier.
func (s Span) Back(by int64) Span { return Span{s.From - by, s.To - by} }

// Overlaps says whether two spans share any second.
func (s Span) Overlaps(o Span) bool { return s.From < o.To && o.From < s.To }

// Within says whether the span begins at or after an instant.
func (s Span) Within(from int64) bool { return s.From >= from }

// RoundUp is the next of 1, 2, 3, 4, 6, 8, 12, 16 … times a unit.
func RoundUp(length, unit int64) int64 {
	for step := unit; ; step *= 2 {
		switch {
		case length <= step:
			return step
		case step > unit && length <= step/2*3:
			return step / 2 * 3
		}
	}
}

// RoundUpTo is the next multiple of a unit.
func RoundUpTo(length, unit int64) int64 { return (length + unit - 1) / unit * unit }

// CellsIn are the cells that begin in a span.
func CellsIn(cells []correlate.Cell, in Span) []correlate.Cell {
	return correlate.CellsBetween(cells, in.From, in.To)
}
