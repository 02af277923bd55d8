package wire

import (
	"bytes"
	"hash/maphash"
	"sync/atomic"

	"github.com/shipwake/shipwake/collector/reduce"
)

// Known remembers what recent resources and attributes of points say, by their bytes: senders repeat them with each request.
// It is bounded, and safe for concurrent use.
type Known struct {
	seed      maphash.Seed
	resources [1024]atomic.Pointer[knownResource]
	labels    [4096]labelled
}

// knownResource is a resource that was read. It owns its bytes and strings, and doesn't change.
type knownResource struct {
	raw      []byte
	resource reduce.Resource
}

// The longest bytes that are remembered, and the most attributes among them.
const (
	longestResource = 4096
	longestLabels   = 512
	mostLabels      = 16
)

// NewKnown begins with nothing.
func NewKnown() *Known { return &Known{seed: maphash.MakeSeed()} }

// resource is what a resource says; nil when it is odd. Each place is for the latest one.
func (all *Known) resource(raw []byte) *reduce.Resource {
	place := &all.resources[maphash.Bytes(all.seed, raw)%uint64(len(all.resources))]
	if k := place.Load(); k != nil && bytes.Equal(k.raw, raw) {
		return &k.resource
	}
	var r resource
	if !r.read(raw) {
		return nil
	}
	k := &knownResource{resource: r.named()}
	if len(raw) <= longestResource {
		k.raw = bytes.Clone(raw)
		place.Store(k)
	}
	return &k.resource
}

// labelled is a place for the attributes of points: those that came twice while nothing else did, and stay as long as they are
// used. So what comes once costs no memory, and what comes always isn't pushed out by it.
type labelled struct {
	last atomic.Uint64 // the hash of those that came last and weren't known
	of   atomic.Pointer[knownLabels]
	used atomic.Bool
}

// knownLabels is attributes that were read. They own their bytes and strings, and don't change.
type knownLabels struct {
	raw    []byte
	labels *reduce.Labels
}

// pointLabels is what the attributes of a point say, with their tags; nil when that isn't known.
func (all *Known) pointLabels(raw []byte) *reduce.Labels {
	if len(raw) > longestLabels {
		return nil
	}
	hash := maphash.Bytes(all.seed, raw)
	place := &all.labels[hash%uint64(len(all.labels))]
	k := place.of.Load()
	if k != nil && bytes.Equal(k.raw, raw) {
		if !place.used.Load() {
			place.used.Store(true)
		}
		return k.labels
	}
	if place.last.Swap(hash) != hash || k != nil && place.used.Swap(false) {
		return nil
	}
	raw = bytes.Clone(raw)
	attributes, ok := readAttributes(nil, raw)
	if !ok || len(attributes) > mostLabels {
		return nil
	}
	k = &knownLabels{raw, reduce.ReadLabels(attributes)}
	place.of.Store(k)
	return k.labels
}

// readAttributes adds attributes that follow one another, with their tags, to a list; not ok when one is odd. Their strings are
// parts of the bytes.
func readAttributes(list []reduce.Attribute, raw []byte) ([]reduce.Attribute, bool) {
	for at := 0; at < len(raw); {
		from, to, ok := length(raw, at+1)
		if !ok {
			return list, false
		}
		a, ok := pointAttribute(raw[from:to])
		if !ok {
			return list, false
		}
		list = append(list, a)
		at = to
	}
	return list, true
}

// pointAttribute reads an attribute of a point, by which points are told apart.
func pointAttribute(kv []byte) (a reduce.Attribute, ok bool) {
	key, value, ok := keyValue(kv)
	if !ok {
		return a, false
	}
	a.Key = str(key)
	if a.Int, a.IsInt = whole(value); !a.IsInt {
		a.Text, ok = text(value)
	}
	return a, ok
}
