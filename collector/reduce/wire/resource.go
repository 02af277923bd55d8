package wire

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/shipwake/shipwake/collector/reduce"
)

// Resources remembers what recent resources say, by their bytes: senders repeat them with each request. A place of the table
// holds one resource of a bounded length, and the next one with that hash takes the place, so memory is bounded. It is safe
// for concurrent use.
type Resources struct {
	seed  maphash.Seed
	table [1024]atomic.Pointer[known]
}

// known is a resource that was read. It owns its bytes and strings, and doesn't change.
type known struct {
	raw      []byte
	resource reduce.Resource
}

// longestKnown is how many bytes of a resource are remembered.
const longestKnown = 4096

// NewResources makes an empty table.
func NewResources() *Resources { return &Resources{seed: maphash.MakeSeed()} }

// of is what a resource says; nil when it is odd.
func (all *Resources) of(raw []byte) *reduce.Resource {
	place := &all.table[maphash.Bytes(all.seed, raw)%uint64(len(all.table))]
	if k := place.Load(); k != nil && bytes.Equal(k.raw, raw) {
		return &k.resource
	}
	var r resource
	if !r.read(raw) {
		return nil
	}
	k := &known{resource: r.named()}
	if len(raw) <= longestKnown {
		k.raw = bytes.Clone(raw)
		place.Store(k)
	}
	return &k.resource
}

// resource is who sent the records, with the names that stand in for others.
type resource struct {
	reduce.Resource
	oldEnvironment, uid, pod, host string
}

const tagDropped = 2<<3 | wireVarint

func (r *resource) read(raw []byte) bool {
	for at := 0; at < len(raw); {
		tag := raw[at]
		if tag == tagDropped {
			_, next, ok := varint(raw, at+1)
			if !ok {
				return false
			}
			at = next
			continue
		}
		from, to, ok := length(raw, at+1)
		if !ok {
			return false
		}
		switch tag {
		case tagBytes1:
			ok = r.attribute(raw[from:to])
		case tagBytes3:
			ok = check(raw[from:to], entityMessage, 0)
		default:
			ok = false
		}
		if !ok {
			return false
		}
		at = to
	}
	return true
}

func (r *resource) attribute(kv []byte) bool {
	key, value, ok := keyValue(kv)
	if !ok {
		return false
	}
	into := r.place(string(key))
	if into == nil {
		return sound(value)
	}
	*into, ok = text(value)
	return ok
}

// place is where an attribute belongs; nil when it isn't read.
func (r *resource) place(key string) *string {
	switch key {
	case "service.name":
		return &r.Service
	case "service.namespace":
		return &r.Namespace
	case "service.version":
		return &r.Version
	case "deployment.environment.name":
		return &r.Environment
	case "deployment.environment":
		return &r.oldEnvironment
	case "cloud.availability_zone":
		return &r.Zone
	case "k8s.cluster.name":
		return &r.Cluster
	case "cloud.region":
		return &r.Region
	case "service.instance.id":
		return &r.Instance
	case "k8s.pod.uid":
		return &r.uid
	case "k8s.pod.name":
		return &r.pod
	case "host.name":
		return &r.host
	}
	return nil
}

// named is the resource with strings of its own.
func (r *resource) named() reduce.Resource {
	res := r.Resource
	res.Environment = cmp.Or(res.Environment, r.oldEnvironment)
	res.Instance = cmp.Or(res.Instance, r.uid, r.pod, r.host)
	for _, s := range []*string{
		&res.Service, &res.Namespace, &res.Version, &res.Environment, &res.Zone, &res.Cluster, &res.Region, &res.Instance,
	} {
		*s = strings.Clone(*s)
	}
	return res
}
