package record

import "slices"

// line is the releases that are live or become so again when those after them are taken back, the oldest first. It is a
// stretch of a run that it shares with the lines before and after it: of the many changes of a place each keeps its own, and
// most differ by what one of them added. The zero line is empty.
type line struct {
	in       *run
	from, to int32
}

// run is what was put into a line one after another. What is in it is never altered, only added to.
type run struct{ items []*deployed }

// all must not be changed.
func (l line) all() []*deployed {
	if l.in == nil {
		return nil
	}
	return l.in.items[l.from:l.to:l.to]
}

func (l line) len() int { return int(l.to - l.from) }

// first is the beginning of a line.
func (l line) first(n int) line {
	l.to = l.from + int32(n)
	return l
}

// with adds a release, and leaves out the oldest of more than so many. It begins another run where this one goes on otherwise,
// or holds half as many again as a line: what is in a run stays in memory.
func (l line) with(d *deployed, most int) line {
	if l.in == nil || int(l.to) < len(l.in.items) || len(l.in.items) >= most+most/2 {
		l = line{in: &run{slices.Clone(l.all())}, to: int32(l.len())}
	}
	l.in.items = append(l.in.items, d)
	l.to++
	l.from = max(l.from, l.to-int32(most))
	return l
}

// same: two lines hold the same releases.
func (l line) same(o line) bool {
	return l == o || slices.EqualFunc(l.all(), o.all(), func(x, y *deployed) bool { return x == y || *x == *y })
}
