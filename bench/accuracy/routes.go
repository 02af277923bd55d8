package accuracy

import (
	"fmt"
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// route is one of the operations that a service serves.
type route struct {
	name         string
	share, later float64 // of the requests, before and after the mix moved
	errors, slow float64 // factors: how it differs from the service as a whole
	// The new version calls it otherwise, in one or more parts, or is worse at it.
	renamed []string
	harm    harm
}

// mix is the routes of a service. Its shares move in so many seconds from an instant on.
type mix struct {
	routes   []route
	from, in int64
}

// newMix has a few usual routes and one that is slow and fails often, whose share goes from one value to another.
func newMix(r random, heavy, later float64, from, in int64) *mix {
	m := &mix{from: from, in: in}
	weights := 0.0
	for i := range r.seconds(2, 5) {
		weight := r.spread(1, 5)
		weights += weight
		m.routes = append(m.routes, route{
			name: fmt.Sprintf("/%c/{id}", 'a'+rune(i)), share: weight, errors: r.spread(0.5, 2), slow: r.spread(0.6, 1.6),
		})
	}
	for i := range m.routes {
		o := &m.routes[i]
		o.share /= weights
		o.share, o.later = o.share*(1-heavy), o.share*(1-later)
	}
	m.routes = append(m.routes, route{
		name: "/report", share: heavy, later: later, errors: r.spread(3, 10), slow: r.spread(3, 10),
	})
	return m
}

// busiest is the usual route with the most requests.
func (m *mix) busiest() *route {
	most := &m.routes[0]
	for i := range m.routes[:len(m.routes)-1] {
		if m.routes[i].share > most.share {
			most = &m.routes[i]
		}
	}
	return most
}

// shares are those of the routes in the bucket that begins at an instant.
func (m *mix) shares(at int64) []float64 {
	part := 0.0
	if at >= m.from {
		part = min(1, float64(at-m.from+bucket)/float64(max(bucket, m.in)))
	}
	out := make([]float64, len(m.routes))
	for i, o := range m.routes {
		out[i] = o.share + part*(o.later-o.share)
	}
	return out
}

// effect is what the new version is worse at, so many seconds after the change.
func (o *route) effect(side int, seconds int64) effect {
	if side == 0 {
		return none()
	}
	return o.harm.after(seconds)
}

// worse is what the new version does to the service as a whole, by its routes: factors on errors and latency.
func (m *mix) worse(o *rollout, at int64) (errors, slow float64) {
	if m == nil || o == nil {
		return 1, 1
	}
	var fails, usual, takes, time float64
	shares := m.shares(at)
	for i := range m.routes {
		k := &m.routes[i]
		e := k.effect(1, at-o.start)
		fails, usual = fails+shares[i]*k.errors*e.errors, usual+shares[i]*k.errors
		takes, time = takes+shares[i]*k.slow*e.slow, time+shares[i]*k.slow
	}
	return fails / usual, takes / time
}

// routed is the requests of one version in a bucket, counted by route as well.
func (w *world) routed(s *service, o *rollout, side int, at int64, out outcome) correlate.Cell {
	whole := correlate.Cell{Start: at}
	shares := s.mix.shares(at)
	left, rest := out.n, 1.0
	for i := range s.mix.routes {
		k := &s.mix.routes[i]
		n := w.r.binomial(left, min(1, shares[i]/rest))
		if i == len(s.mix.routes)-1 {
			n = left
		}
		left, rest = left-n, math.Max(rest-shares[i], 1e-9)
		mine := out
		e := none()
		if o != nil {
			e = k.effect(side, at-o.start)
		}
		mine.fails, mine.slow = min(0.9, out.fails*k.errors*e.errors), out.slow*k.slow*e.slow
		names := []string{k.name}
		if side == 1 && len(k.renamed) > 0 {
			names = k.renamed
		}
		for j, name := range names {
			mine.n = w.r.binomial(n, 1/float64(len(names)-j))
			n -= mine.n
			if mine.n == 0 {
				continue
			}
			c := w.drawn(s, at, mine)
			whole.Merge(c)
			key := s.key(correlate.Route, s.origin(), s.version(o, side))
			key.Name = name
			if at >= w.fine { // rollups don't tell routes apart
				w.cells = append(w.cells, correlate.Measurement{Key: key, Cell: c})
			}
		}
	}
	return whole
}

// mixShift moves requests to, or for some bad changes away from, the route that is slow and fails often.
func mixShift(p *plan) {
	p.open(scene{})
	few, many := p.r.between(0.02, 0.1), p.r.between(0.15, 0.4)
	if p.bad && p.r.chance(0.4) {
		few, many = many, few
	}
	from := p.change + choose(p.r, 0, p.r.seconds(-120, 120), p.r.seconds(60, 2400))
	p.changed.mix = newMix(p.r, few, many, from, choose(p.r, 0, p.r.seconds(0, 600)))
	h := p.moreErrors(5, 10)
	if p.r.chance(0.5) {
		h = p.slower(2, 3)
	}
	if p.bad {
		worse := p.changed.mix.busiest()
		worse.harm = h
		p.effect = fmt.Sprintf("%s on %.0f %%, the slow route from %.0f to %.0f %%", p.effect, 100*worse.later, 100*few, 100*many)
		h = harm{}
	}
	p.releaseBad(h)
	p.c.Changes[0].Plain = false
}

// costShift renames or splits routes with the new version, in which case all that they cost is counted elsewhere.
func costShift(p *plan) {
	p.open(scene{})
	share := p.r.between(0.05, 0.3)
	p.changed.mix = newMix(p.r, share, share, p.change, 0)
	routes := p.changed.mix.routes
	for i := range routes {
		if i == len(routes)-1 || p.r.chance(0.5) {
			routes[i].renamed = []string{"/v2" + routes[i].name}
			if p.r.chance(0.4) {
				routes[i].renamed = append(routes[i].renamed, "/v2"+routes[i].name+"/more")
			}
		}
	}
	p.releaseBad(p.eitherWay())
	p.c.Changes[0].Plain = false
}
