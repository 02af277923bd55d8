package reduce

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

const (
	maxRivals    = 16
	contestFor   = 60 // seconds of event time
	contestEvery = 8  // one of so many requests is counted
)

// contest counts the routes beyond the bound of what is told apart, by the space-saving algorithm, so that those with the
// most requests are told apart and not those that came first. Whoever makes up routes wins nothing: of a name that took
// another's place only what came since is certain, and nothing else counts.
type contest struct {
	since int64 // when it began, Unix seconds
	draw  uint32
	all   []rival
}

type rival struct {
	name     string
	n, error int64 // counted, and how much of it may be of others
}

// contend counts a request of a route that isn't told apart.
func (s *series) contend(of route) {
	if s.rivals == nil {
		s.rivals = &contest{since: s.newest}
	}
	c := s.rivals
	c.draw = c.draw*1664525 + 1013904223 // so that no rhythm of the requests decides
	if c.draw>>16%contestEvery != 0 {
		return
	}
	least := 0
	for i := range c.all {
		if of.is(c.all[i].name) {
			c.all[i].n++
			return
		}
		if c.all[i].n < c.all[least].n {
			least = i
		}
	}
	if len(c.all) < maxRivals {
		c.all = append(c.all, rival{name: own(of.name()), n: 1})
		return
	}
	n := c.all[least].n
	c.all[least] = rival{own(of.name()), n + 1, n}
}

// promote ends a contest: when a rival certainly had twice the requests of the weakest of the routes, it takes its place.
func (s *series) promote() {
	c := s.rivals
	if c == nil || s.newest-c.since < contestFor {
		return
	}
	s.rivals = nil
	weakest, recent := -1, int64(math.MaxInt64)
	for i, part := range s.routes {
		if part != s.others && part.recent < recent {
			weakest, recent = i, part.recent
		}
		part.recent = 0
	}
	best := -1
	for i := range c.all {
		if certain := c.all[i].certain(); certain > 0 && certain >= 2*recent && (best < 0 || certain > c.all[best].certain()) {
			best = i
		}
	}
	if weakest < 0 || best < 0 {
		return
	}
	name := c.all[best].name
	if s.part(route{method: name}) != nil {
		return
	}
	s.routes[weakest] = &series{key: seriesKey{kind: correlate.Route, origin: s.key.origin, name: name}, whole: s}
}

// certain is how many requests a rival had at least.
func (r *rival) certain() int64 { return (r.n - r.error - 1) * contestEvery }
