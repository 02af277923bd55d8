package reduce

import (
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
)

// zones knows in which zones each service runs. The requests of a zone are counted once a second zone of the service was
// seen, so that a service that runs in one costs nothing; and of at most correlate.MaxZones zones of a service, further
// ones are only part of its traffic. That bounds the series of a version to MaxZones for each instrumentation, and what is
// remembered here to as many names for each service that has a scope.
type zones struct {
	mu sync.RWMutex
	of map[place]map[string]*presence
}

// presence is a zone in which a service was seen.
type presence struct {
	name string
	idle atomic.Int32 // sweeps since
}

func newZones() *zones { return &zones{of: map[place]map[string]*presence{}} }

// counted is the name under which to count requests of a zone, "" when they aren't to be.
func (all *zones) counted(at place, zone string) string {
	if zone == "" {
		return ""
	}
	all.mu.RLock()
	known := all.of[at]
	p, several := known[zone], len(known) > 1
	all.mu.RUnlock()
	if p == nil {
		if p, several = all.enter(at, zone); p == nil {
			return ""
		}
	}
	if p.idle.Load() != 0 {
		p.idle.Store(0)
	}
	if !several {
		return ""
	}
	return p.name
}

// enter notes a zone that is new to a service; nil when there are too many.
func (all *zones) enter(at place, zone string) (p *presence, several bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	known := all.of[at]
	if known == nil {
		known = map[string]*presence{}
		all.of[place{own(at.service), own(at.namespace), own(at.environment)}] = known
	}
	if p = known[zone]; p == nil && len(known) < correlate.MaxZones {
		p = &presence{name: own(zone)}
		known[p.name] = p
	}
	return p, len(known) > 1
}

// forget drops the zones in which nothing was seen for so many sweeps.
func (all *zones) forget(sweeps int32) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for at, known := range all.of {
		for name, p := range known {
			if p.idle.Add(1) > sweeps {
				delete(known, name)
			}
		}
		if len(known) == 0 {
			delete(all.of, at)
		}
	}
}

// inZone is the key of the same requests in a zone.
func (k seriesKey) inZone(zone string) seriesKey {
	return seriesKey{kind: correlate.Zone, origin: k.origin, name: zone}
}

// spanZone: the key is that of the spans of a zone.
func (k *seriesKey) spanZone() bool {
	return k.kind == correlate.Zone && k.origin == correlate.OriginSpan
}

// zoneOf is the zone of a point: that on the point itself, or else the sender's, unless the point is about another service.
func (s *Sender) zoneOf(l *labels, owner *scope) string {
	if l.zone != "" {
		return s.r.zones.counted(owner.place(), l.zone)
	}
	if s.scope == nil || owner != s.scope && owner.place() != s.scope.place() {
		return ""
	}
	return s.zone
}

// Location says where something runs, by the attributes that may tell.
type Location struct {
	Zone    string // cloud.availability_zone
	Cluster string // k8s.cluster.name
	Region  string // cloud.region
}

// name is the most exact of the three.
func (l Location) name() string {
	switch {
	case l.Zone != "":
		return l.Zone
	case l.Cluster != "":
		return l.Cluster
	}
	return l.Region
}
