package reduce

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// route is which operation a request is for: method alone or, of a remote procedure call, with the service. The zero
// value is an unknown one.
type route struct{ service, method string }

// routeNamed is the best of what tells a route: http.route, rpc.service with rpc.method, or what is left.
func routeNamed(http, service, method, otherwise string) route {
	switch {
	case http != "":
		return route{method: http}
	case method != "":
		return route{service, method}
	}
	return route{method: otherwise}
}

// is compares with a name without making one.
func (o route) is(name string) bool {
	if o.service == "" {
		n := len(o.method)
		return len(name) == n && (n == 0 || name[n-1] == o.method[n-1]) && name == o.method // routes differ at their ends
	}
	n := len(o.service)
	return len(name) == n+1+len(o.method) && name[:n] == o.service && name[n] == '/' && name[n+1:] == o.method
}

func (o route) name() string {
	if o.service == "" {
		return clip(o.method)
	}
	return clip(o.service + "/" + o.method)
}

// routeOf is the part of a series that counts a route: requests are counted there alone and added to the whole by
// Drain, so that knowing their route costs no more than finding it. Beyond maxRoutes it is the part of all others. Of
// all series half may be routes; beyond that it is the series itself.
func (r *Reducer) routeOf(sc *scope, s *series, of route, start int64) *series {
	if part := s.part(of); part != nil {
		return part
	}
	full := len(s.routes) >= maxRoutes
	if full {
		s.contend(of)
	}
	if full && s.others != nil && len(of.service)+len(of.method) < longest {
		return s.others
	}
	name := of.name()
	if part := s.part(route{method: name}); part != nil {
		return part
	}
	if full {
		if s.others != nil {
			return s.others
		}
		name = folded
	}
	if name == "" {
		return s
	}
	if !r.roomForRoutes(sc) {
		r.losses.lose(sc.place(), correlate.LostOperations, start)
		return s
	}
	part := &series{key: seriesKey{kind: correlate.Route, origin: s.key.origin, name: own(name)}, whole: s}
	s.routes = append(s.routes, part)
	if name == folded {
		s.others = part
	}
	r.scopes.series.Add(1)
	return part
}

func (s *series) part(of route) *series {
	for _, part := range s.routes {
		if of.is(part.key.name) {
			return part
		}
	}
	return nil
}

// sumRoutes adds the cells of routes to those of the whole, and returns how many cells that makes.
func (sc *scope) sumRoutes() (made int) {
	for _, part := range sc.dirty {
		if part.whole == nil {
			continue
		}
		for i := range part.cells {
			part.recent += part.cells[i].Requests
			cell, fresh := part.whole.at(part.cells[i].Start)
			cell.Merge(part.cells[i])
			if fresh {
				made++
			}
			if fresh && len(part.whole.cells) == 1 {
				sc.dirty = append(sc.dirty, part.whole)
			}
		}
	}
	return made
}

// forgetRoutes drops the routes that nothing was added to since a time in Unix seconds, and returns how many.
func (s *series) forgetRoutes(before int64) int {
	known := len(s.routes)
	s.routes = slices.DeleteFunc(s.routes, func(part *series) bool { return part.idle(before) })
	if s.others != nil && s.others.idle(before) {
		s.others = nil
	}
	return known - len(s.routes)
}
