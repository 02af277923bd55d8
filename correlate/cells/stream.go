package cells

import (
	"cmp"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Key is a correlate.Key without its place and version: what a stream of a service counts.
type Key struct {
	Kind   correlate.SignalKind
	Origin correlate.Origin
	Name   string
	Peer   string
}

// Compare orders keys as correlate.Key does.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Origin, o.Origin), cmp.Compare(k.Name, o.Name), cmp.Compare(k.Peer, o.Peer))
}

// Stream is the cells of one kind of measurement: all versions together, fine and coarse, and each version alone. A zone
// only has the latter, also of no version.
type Stream struct {
	total    Series
	coarse   Series
	versions map[string]*Series
	width    int64 // of a rollup
	measured int64 // when the first rollup starts that was measured here: those before were told, see Tell
}

// Total is the fine cells of all versions together, Coarse the rollups of all versions together, also those that were told.
func (str *Stream) Total() *Series  { return &str.total }
func (str *Stream) Coarse() *Series { return &str.coarse }

// BeganBefore says that anything was measured before an instant. A rollup tells of that once it is over.
func (str *Stream) BeganBefore(t int64) bool {
	if str.total.BeganBefore(t) || str.coarse.BeganBefore(t-str.width+1) {
		return true
	}
	for _, v := range str.versions {
		if v.BeganBefore(t) {
			return true
		}
	}
	return false
}

// settled says that the stream and all of its versions had begun before an instant.
func (str *Stream) settled(by int64) bool {
	for _, v := range str.versions {
		if !v.BeganBefore(by) {
			return false
		}
	}
	return str.BeganBefore(by)
}

// Versioned says that before an instant any version was told.
func (str *Stream) Versioned(by int64) bool {
	for name, v := range str.versions {
		if name != "" && v.BeganBefore(by) {
			return true
		}
	}
	return false
}

// Version is the fine cells of one version, nil when there are none.
func (str *Stream) Version(name string) *Series { return str.versions[name] }

// Versions are the names of the versions that have cells of their own, sorted and appended to out.
func (str *Stream) Versions(out []string) []string {
	names := slices.AppendSeq(out, maps.Keys(str.versions))
	slices.Sort(names[len(out):])
	return names
}

// Others are the series of all versions but one in a fixed order, appended to out.
func (str *Stream) Others(out []*Series, version string) []*Series {
	var room [8]string
	for _, name := range str.Versions(room[:0]) {
		if name != version {
			out = append(out, str.versions[name])
		}
	}
	return out
}

// Each are the series of all versions in a fixed order, appended to out.
func (str *Stream) Each(out []*Series) []*Series {
	var room [8]string
	for _, name := range str.Versions(room[:0]) {
		out = append(out, str.versions[name])
	}
	return out
}
