package reduce

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
)

// scopes is every scope there is, with what is bounded over all of them.
type scopes struct {
	r      *Reducer
	series atomic.Int64 // that exist
	cells  atomic.Int64 // that wait for Drain

	mu       sync.RWMutex
	last     uint32
	byName   map[identity]*scope
	byID     map[uint32]*scope
	versions map[place]int
	names    namespaces
}

// place is where a service runs.
type place struct{ service, namespace, environment string }

func newScopes(r *Reducer) *scopes {
	return &scopes{r: r, byName: map[identity]*scope{}, byID: map[uint32]*scope{}, versions: map[place]int{}, names: namespaces{}}
}

// at is the scope of an identity. A service that would go beyond the bound of all series shares correlate.Overflow, a
// version beyond the bound of versions shares the scope of no version: a made-up version would look like a change.
func (all *scopes) at(id identity) *scope {
	all.mu.RLock()
	sc := all.byName[id]
	all.mu.RUnlock()
	if sc != nil {
		if !sc.used.Load() {
			sc.used.Store(true)
		}
		return sc
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	known := all.versions[id.place()]
	switch {
	case known == 0 && max(all.series.Load(), int64(len(all.byName))) >= forNew(all.r.maxSeries.Load()):
		id = overflowIdentity
	case known >= maxVersions:
		id.version = ""
		newest := all.r.newest.Load()
		all.r.losses.lose(id.place(), correlate.LostVersions, newest/1e9-newest/1e9%(all.r.settings.Load().width/1e9))
	}
	return all.create(id)
}

var overflowIdentity = identity{service: correlate.Overflow, environment: correlate.DefaultEnvironment}

func (all *scopes) overflow() *scope {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.create(overflowIdentity)
}

// create returns the scope of an identity, made anew when it isn't there or was forgotten.
func (all *scopes) create(id identity) *scope {
	if sc := all.byName[id]; sc != nil {
		sc.used.Store(true)
		return sc
	}
	id = identity{own(id.service), own(id.namespace), own(id.environment), own(id.version)}
	all.last++
	sc := &scope{identity: id, id: all.last, series: map[seriesKey]*series{}, born: all.r.newest.Load()}
	sc.used.Store(true)
	all.byName[id] = sc
	all.byID[sc.id] = sc
	all.versions[id.place()]++
	all.names.add(id.place())
	return sc
}

// withID is nil when the scope was forgotten.
func (all *scopes) withID(id uint32) *scope {
	all.mu.RLock()
	defer all.mu.RUnlock()
	return all.byID[id]
}

func (all *scopes) known() int {
	all.mu.RLock()
	defer all.mu.RUnlock()
	return len(all.versions)
}

func (all *scopes) list() []*scope {
	all.mu.RLock()
	defer all.mu.RUnlock()
	list := make([]*scope, 0, len(all.byName))
	for _, sc := range all.byName {
		list = append(list, sc)
	}
	return list
}

// ambiguous are the names that several services have, see namespaces.
func (all *scopes) ambiguous() ambiguous {
	all.mu.RLock()
	defer all.mu.RUnlock()
	return all.names.ambiguous()
}

// drain takes the cells of every scope, in no order.
func (all *scopes) drain(names ambiguous) []correlate.Measurement {
	waiting := int(all.cells.Load())
	into, made := drained{cells: slices.Grow([]correlate.Measurement(nil), waiting+waiting/2)}, 0 // with sums of routes
	for _, sc := range all.list() {
		made += sc.drain(&into, names)
	}
	all.cells.Add(int64(made - len(into.cells)))
	return into.cells
}

// forget drops the series, and the scopes without one, that were idle since a time in Unix nanoseconds; those of scopes
// that are younger than that since hasty.
func (all *scopes) forget(before, hasty int64) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for id, sc := range all.byName {
		since := before
		if sc.born > before {
			since = hasty
		}
		forgotten, gone := sc.forget(since / 1e9)
		all.series.Add(-int64(forgotten))
		if !gone {
			continue
		}
		delete(all.byName, id)
		delete(all.byID, sc.id)
		p := id.place()
		all.names.remove(p)
		if all.versions[p]--; all.versions[p] == 0 {
			delete(all.versions, p)
		}
	}
}

// own copies a name that belongs to a request.
func own(name string) string { return strings.Clone(name) }
