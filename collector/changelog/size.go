package changelog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/shipwake/shipwake/correlate"
)

// The keys of a size, as the generic format has them.
const (
	keyCommits = "commits"
	keyFiles   = "files_changed"
	keyAdded   = "lines_added"
	keyRemoved = "lines_removed"
	keySince   = "since"
	keyCaveats = "caveats"
)

func putSize(a pcommon.Map, s *correlate.Size) {
	if s == nil {
		return
	}
	m := a.PutEmptyMap(attrSize)
	m.PutInt(keyCommits, int64(s.Commits))
	m.PutInt(keyFiles, int64(s.Files))
	m.PutInt(keyAdded, int64(s.Added))
	m.PutInt(keyRemoved, int64(s.Removed))
	putText(m, keySince, s.Since)
	var caveats []string
	for _, c := range s.Caveats {
		caveats = append(caveats, string(c))
	}
	putTexts(m, keyCaveats, caveats)
}

// size is nil where nothing is said of it.
func (r *attributes) size() *correlate.Size {
	v, ok := r.get(attrSize, pcommon.ValueTypeMap, "a map with commits, files_changed, lines_added and lines_removed")
	if !ok {
		return nil
	}
	inner := attributes{m: v.Map()}
	s := &correlate.Size{
		Commits: inner.count(keyCommits), Files: inner.count(keyFiles), Added: inner.count(keyAdded), Removed: inner.count(keyRemoved),
		Since: inner.text(keySince),
	}
	for _, c := range inner.texts(keyCaveats) {
		s.Caveats = append(s.Caveats, correlate.Caveat(c))
	}
	if inner.err != nil && r.err == nil {
		r.err = inner.err
	}
	return s
}

// count is a whole number that isn't less than 0.
func (r *attributes) count(name string) int {
	v, ok := r.get(name, pcommon.ValueTypeInt, "an integer")
	if ok && v.Int() < 0 {
		r.fail(name, "not less than 0")
		return 0
	}
	if !ok {
		return 0
	}
	return int(v.Int())
}
