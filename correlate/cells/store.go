// Package cells answers: what was measured, how much of it is still known, and what is not?
//
// A Store holds integer cells of event time: of each service its streams, the versions that served, its routes and its
// calls, fine cells for the latest hours and rollups for the latest days. It stays within a budget of memory and knows
// what it forgot for that, what never came in, and when nothing was taken in at all. Merging commutes, so the order in
// which measurements arrive doesn't show. Cells of time that is over are packed, and unpacked while somebody looks at them.
package cells

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Config is how measurements are kept. Durations are in seconds.
type Config struct {
	Resolution, Coarse int64 // widths of a fine cell and of a rollup, which is a multiple of it
	// Lateness is how long after its event time a measurement is waited for, AllowedLateness how much later it is taken in.
	Lateness, AllowedLateness int64
	Baseline                  int64 // how far before a change fine cells are compared
	FineKeep, CoarseKeep      int64 // how long fine cells that no change needs, and rollups, are kept
	Budget                    int64 // bytes that all of it may take, 0 for no bound
}

// LongestFine is the longest that fine cells are kept, whoever needs them.
func (c Config) LongestFine() int64 { return 3 * c.FineKeep }

// LongestPause is how long measurements may not be taken in before that time counts as not covered.
func (c Config) LongestPause() int64 { return max(c.Resolution, c.Lateness) }

// FineFrom is from when on fine cells are kept at an instant, when the oldest change that needs them began at another; the
// services around a changed one are judged from the same time on, so all keep as much.
func (c Config) FineFrom(now, oldestChange int64) int64 {
	return max(min(now-c.FineKeep, oldestChange-c.Baseline), now-c.LongestFine())
}

// Store is the memory of measurements. It must be used from one goroutine. What it returns shares memory with it, is valid
// until the next call that changes the store, and must not be changed.
type Store struct {
	hearing
	coverage
	namesakes
	cfg      Config
	services map[correlate.Place]*Service
	places   []correlate.Place // those of services in order, nil when they changed
	losses   map[correlate.Place]*losses
	packing
	closed int64 // rollups that start before this are closed
	floor  int64 // nothing that starts earlier is restored
	series int
	apart  int   // how many of the series tell a version or a part of the requests apart
	bytes  int64 // what all of it takes, see weight.go
	calls  int   // how often a call was seen for the first time, or a caller was forgotten
	full   bool  // new services are not told apart
}

// New is an empty store.
func New(cfg Config) *Store {
	return &Store{
		packing: newPacking(cfg),
		cfg:     cfg, services: map[correlate.Place]*Service{}, losses: map[correlate.Place]*losses{},
		hearing: hearing{}, namesakes: namesakes{}, coverage: coverage{longest: cfg.LongestPause()},
	}
}

// Memory is what a store takes and may take.
type Memory struct {
	Bytes, Budget int64 // without what is at hand unpacked, which may fill the rest of the budget, and a quarter of it in any case
	Services      int
	Series        int  // all of them
	Apart         int  // those that tell versions and parts of the requests apart
	Full          bool // new services are not told apart
}

// Memory is what the store takes now.
func (st *Store) Memory() Memory {
	return Memory{
		Bytes: st.bytes, Budget: st.cfg.Budget, Services: len(st.services), Series: st.series, Apart: st.apart, Full: st.full,
	}
}

// Service is what is known of a place, nil when nothing is.
func (st *Store) Service(p correlate.Place) *Service { return st.services[p] }

// Places are the known places in a fixed order.
func (st *Store) Places() []correlate.Place {
	if st.places == nil {
		st.places = slices.SortedFunc(maps.Keys(st.services), correlate.Place.Compare)
	}
	return st.places
}

// Environments are those in which anything is known of a service, sorted.
func Environments(st *Store, service string) []string {
	all := []string{}
	for p := range st.services {
		if p.Service == service {
			all = append(all, p.Environment)
		}
	}
	slices.Sort(all)
	return all
}

// at is what is known of a place, which is known from now on.
func (st *Store) at(p correlate.Place) *Service {
	s := st.services[p]
	if s == nil {
		s = &Service{
			streams:  map[Key]*Stream{},
			routes:   map[routeKey]*Series{},
			versions: map[string]*Sighting{},
			callers:  map[string]int64{},
			callees:  map[string]int64{},
		}
		st.services[p], st.places = s, nil
		st.namesakes.add(p)
		st.bytes += serviceBytes
	}
	return s
}

// release forgets a place of which nothing is known any more.
func (st *Store) release(p correlate.Place, s *Service) {
	if len(s.streams) == 0 && len(s.routes) == 0 && len(s.callers) == 0 && st.services[p] == s {
		st.bytes -= serviceBytes + sightingBytes*int64(len(s.versions))
		s.shape++
		clear(s.versions) // whoever is just going through it finds nothing to forget once more
		s.seen = nil
		delete(st.services, p)
		st.namesakes.remove(p)
		st.places = nil
		st.calls++
	}
}
