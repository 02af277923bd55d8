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
	resources [1024]resourcePlace
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

// resourcePlace is a place for a resource, which stays while it is used.
type resourcePlace struct {
	of   atomic.Pointer[knownResource]
	used atomic.Bool
}

// resource is what a resource says; nil when it is odd. Each has the choice of two places.
func (all *Known) resource(raw []byte) *reduce.Resource {
	hash := maphash.Bytes(all.seed, raw)
	choices := [...]*resourcePlace{&all.resources[hash%uint64(len(all.resources))], &all.resources[hash>>32%uint64(len(all.resources))]}
	for _, place := range choices {
		if k := place.of.Load(); k != nil && bytes.Equal(k.raw, raw) {
			if !place.used.Load() {
				place.used.Store(true)
			}
			return &k.resource
		}
	}
	var r resource
	if !r.read(raw) {
		return nil
	}
	k := &knownResource{resource: r.named()}
	if len(raw) <= longestResource {
		for _, place := range choices {
			if place.used.Swap(false) {
				continue // those that come now may take the place of this one, unless it is used until then
			}
			k.raw = bytes.Clone(raw)
			place.of.Store(k)
			place.used.Store(true)
			break
		}
	}
	return &k.resource
}

// labelled is a place for the attributes of points: those that came twice while nothing else did, and stay as long as they are
// used. So what comes once costs no memory, and what comes always isn't pushed out by it.
type labelled struct {
	last atomic.Uint64 // the hash of those that came last and weren't known
	of   atomic.Pointer[knownLabels]
	used atomic.Bool
	next atomic.Uint32 // the place of those that came after these
}

// knownLabels is attributes that were read. They own their bytes and strings, and don't change.
type knownLabels struct {
	raw    []byte
	labels *reduce.Labels
}

// next is the attributes that came after those of a place the time before, when a point goes on with just these. The place
// moves to theirs.
func (all *Known) next(place *uint32, rest []byte) *knownLabels {
	at := all.labels[*place].next.Load()
	k := all.labels[at].of.Load()
	if k == nil || len(k.raw) == 0 || !bytes.HasPrefix(rest, k.raw) {
		return nil
	}
	if n := len(k.raw); n < len(rest) && rest[n] == rest[0] {
		return nil // there are more
	}
	all.labels[at].use()
	*place = at
	return k
}

func (p *labelled) use() {
	if !p.used.Load() {
		p.used.Store(true)
	}
}

// pointLabels is what the attributes of a point say, with their tags; nil when that isn't known. Each have the choice of two
// places. The place of the last ones moves to theirs.
func (all *Known) pointLabels(place *uint32, raw []byte) *reduce.Labels {
	if len(raw) > longestLabels {
		return nil
	}
	hash := maphash.Bytes(all.seed, raw)
	choices := [...]uint32{uint32(hash % uint64(len(all.labels))), uint32(hash >> 32 % uint64(len(all.labels)))}
	for _, at := range choices {
		if k := all.labels[at].of.Load(); k != nil && bytes.Equal(k.raw, raw) {
			all.labels[at].use()
			all.follow(place, at)
			return k.labels
		}
	}
	for _, at := range choices {
		if k := all.labels[at].enter(hash, raw); k != nil {
			return k.labels
		}
	}
	return nil
}

// follow notes which place came after another.
func (all *Known) follow(place *uint32, at uint32) {
	if next := &all.labels[*place].next; next.Load() != at {
		next.Store(at)
	}
	*place = at
}

// enter takes in attributes that came before; nil when they didn't, or those of the place are used.
func (p *labelled) enter(hash uint64, raw []byte) *knownLabels {
	k := p.of.Load()
	if p.last.Swap(hash) != hash || k != nil && p.used.Swap(false) {
		return nil
	}
	raw = bytes.Clone(raw)
	attributes, ok := readAttributes(nil, raw)
	if !ok || len(attributes) > mostLabels {
		return nil
	}
	k = &knownLabels{raw, reduce.ReadLabels(attributes)}
	p.of.Store(k)
	return k
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
