package wire

import (
	"cmp"
	"strings"

	"github.com/shipwake/shipwake/collector/reduce"
)

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
	case "k8s.container.name":
		return &r.Container
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
		&res.Service, &res.Namespace, &res.Version, &res.Environment, &res.Zone, &res.Cluster, &res.Region, &res.Instance, &res.Container,
	} {
		*s = strings.Clone(*s)
	}
	return res.Settled()
}
