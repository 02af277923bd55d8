package accuracy

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// zone is where some of the instances of a service run.
type zone struct {
	name          string
	instances     int     // the next so many of the service
	errors, slow  float64 // factors: zones are never quite alike
	strays, drags wander  // how they part for minutes
}

// split puts a service into so many zones.
func (s *service) split(r random, zones int) {
	s.instances = 0
	for i := range zones {
		z := zone{
			name: fmt.Sprint("zone-", i), instances: int(r.seconds(2, 5)), errors: r.about(0.3), slow: r.about(0.1),
			strays: newWander(r, r.between(0, 0.15), 300), drags: newWander(r, r.between(0, 0.02), 300),
		}
		s.instances += z.instances
		s.zones = append(s.zones, z)
	}
}

// goThrough makes a rollout go on zone by zone. Where it stops, the rest is never reached.
func (o *rollout) goThrough(r random, zones []zone, stop int) {
	at, i := o.start, 0
	for n, z := range zones {
		switch {
		case n == stop:
			at = never
		case n > 0 && at != never:
			at += r.seconds(600, 1500)
		}
		for range z.instances {
			o.steps[i] = at
			i++
		}
	}
	if o.finish = 0; at != never {
		o.finish = at
	}
	o.whole = false
}

// reached is what a rollout tells of the zones that it has reached by an instant.
func (o *rollout) reached(zones []zone, by int64) (told []correlate.ZoneStep) {
	i := 0
	for _, z := range zones {
		if at := o.steps[i]; at <= by {
			told = append(told, correlate.ZoneStep{Name: z.name, ReachedAt: time.Unix(at, 0).UTC()})
		}
		i += z.instances
	}
	return told
}

// progress are the reports of each further zone.
func (o *rollout) progress(s *service, c correlate.Change) (facts []correlate.Fact) {
	for _, at := range slices.Compact(slices.Clone(o.steps)) {
		if s.zones != nil && at > o.start && at < never {
			c.Zones = o.reached(s.zones, at)
			further := c
			facts = append(facts, correlate.Fact{Change: &further})
		}
	}
	return facts
}

// located deals the requests of one side of a rollout out to the zones that are on it, tells of each, and returns the sum.
func (w *world) located(s *service, o *rollout, side int, at int64, out outcome) (whole correlate.Cell) {
	whole.Start = at
	var on []*zone
	instances, first := 0, 0
	for i := range s.zones {
		z := &s.zones[i]
		if fresh := o != nil && at >= o.steps[first]; fresh == (side == 1) {
			on, instances = append(on, z), instances+z.instances
		}
		first += z.instances
	}
	left := out.n
	for i, z := range on {
		n := left
		if i+1 < len(on) {
			n = w.r.binomial(left, float64(z.instances)/float64(instances))
		}
		left, instances = left-n, instances-z.instances
		part := out
		part.n, part.fails, part.slow = n, min(1, out.fails*z.errors*math.Exp(z.strays.step(w.r))), out.slow*z.slow*math.Exp(z.drags.step(w.r))
		if n == 0 {
			continue
		}
		c := w.drawn(s, at, part)
		k := s.key(correlate.Zone, s.origin(), s.version(o, side))
		k.Name = z.name
		w.cells = append(w.cells, correlate.Measurement{Key: k, Cell: c})
		c.Latency = slices.Clone(c.Latency)
		whole.Merge(c)
	}
	return whole
}

// zoneByZone changes one zone after the other, or only some, and nothing tells the versions apart. Now and then all zones
// are in trouble meanwhile.
func zoneByZone(p *plan) {
	p.open(scene{pace: atOnce})
	p.changed.versions = false
	p.changed.split(p.r, int(p.r.seconds(3, 4)))
	if p.changed.stop = len(p.changed.zones); p.r.chance(0.4) {
		p.changed.stop = 1
	}
	p.releaseBad(p.eitherWay())
	if !p.bad && p.r.chance(0.4) {
		h := p.eitherWay()
		h.errors *= 2
		from := p.change + p.r.seconds(60, 1500)
		p.outages = []outage{{nil, from, from + p.r.seconds(180, 1200), h}}
		p.effect = "none"
	}
}
