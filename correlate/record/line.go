package record

import (
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate/names"
)

// line is the releases that are live or become so again when those after them are taken back, the oldest first. It is a
// stretch of a run that it shares with the lines before and after it: of the many changes of a place each keeps its own, and
// most differ by what one of them added. The zero line is empty.
type line struct {
	in       *run
	from, to int32
}

// run is what was put into a line one after another. What is in it is never altered, only added to.
type run struct {
	items   []*deployed
	compact bool // as it was made by line.compact, with nothing added
}

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

// compact is the same line in a run of its own, which takes a third less and holds on to no record that a name was part of.
func (l line) compact() line {
	if l.len() == 0 || l.in.compact && int(l.to-l.from) == len(l.in.items) {
		return l
	}
	var text strings.Builder
	for _, d := range l.all() {
		text.WriteString(d.release.Version + d.release.Commit + d.release.Digest + d.by)
	}
	rest := text.String()
	cut := func(name string) string {
		own := rest[:len(name)]
		rest = rest[len(name):]
		return own
	}
	all, items := make([]deployed, l.len()), make([]*deployed, l.len(), l.len()+1)
	for i, d := range l.all() {
		release := names.Release{Version: cut(d.release.Version), Commit: cut(d.release.Commit), Digest: cut(d.release.Digest)}
		all[i] = deployed{release, cut(d.by), d.rollback}
		items[i] = &all[i]
	}
	return line{in: &run{items: items, compact: true}, to: int32(l.len())}
}

// with adds a release, and leaves out the oldest of more than so many. It begins another run where this one goes on otherwise,
// or holds half as many again as a line: what is in a run stays in memory.
func (l line) with(d *deployed, most int) line {
	if l.in == nil || int(l.to) < len(l.in.items) || len(l.in.items) >= most+most/2 {
		l = line{in: &run{items: slices.Clone(l.all())}, to: int32(l.len())}
	}
	l.in.items, l.in.compact = append(l.in.items, d), false
	l.to++
	l.from = max(l.from, l.to-int32(most))
	return l
}

// same: two lines hold the same releases.
func (l line) same(o line) bool {
	return l == o || slices.EqualFunc(l.all(), o.all(), func(x, y *deployed) bool { return x == y || *x == *y })
}
