package observe

import (
	"testing"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
)

const midnight = 1772409600 // 2 March 2026

// now is so many seconds after the changes of a test begin.
func now(seconds int64) int64 { return midnight + 7200 + seconds }

// world is an observer with what it observes.
type world struct {
	*Observer
	store   *cells.Store
	changes []Subject // by completion
}

func testConfig() Config {
	return Config{
		Resolution: 10, Coarse: 300, Baseline: 3600, CoarseKeep: 8 * 24 * 3600, AdoptAfter: 120, RouteWidth: 60, Together: 300,
		Judge:   judge.DefaultParams(),
		Signals: []correlate.Signal{{Name: "orders", Bad: correlate.BadDown}},
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	cfg := testConfig()
	store := cells.New(cells.Config{
		Resolution: cfg.Resolution, Coarse: cfg.Coarse, Lateness: 30, AllowedLateness: 600, Baseline: cfg.Baseline,
		FineKeep: 7200, CoarseKeep: cfg.CoarseKeep,
	})
	return &world{Observer: New(cfg, store), store: store}
}

func place(service string) correlate.Place {
	return correlate.Place{Service: service, Environment: correlate.DefaultEnvironment}
}

// measure adds a cell that starts so many seconds after the changes.
func (w *world) measure(k correlate.Key, at int64, c correlate.Cell) {
	k.Environment = correlate.DefaultEnvironment
	if k.Origin == 0 {
		k.Origin = correlate.OriginSpan
	}
	c.Start = now(at)
	if len(c.Latency) == 0 {
		c.Latency.Add(180, c.Requests)
	}
	w.store.Add(correlate.Measurement{Key: k, Cell: c})
}

func (w *world) serve(service, version string, at, requests int64) {
	w.measure(correlate.Key{Service: service, Version: version, Kind: correlate.Traffic}, at, correlate.Cell{Requests: requests})
}

// call is a call of one service by another one.
func (w *world) call(from, to string, at int64) {
	w.measure(correlate.Key{Service: from, Peer: to, Kind: correlate.Edge, Origin: correlate.OriginClientSpan}, at, correlate.Cell{Requests: 10})
}

// change is a deployment that began and was complete so many seconds after the others, known to the world.
func (w *world) change(id, service, version string, at int64) Subject {
	s := Subject{
		ID: id, Place: place(service), Kind: correlate.KindDeployment, Version: version, Start: now(at), Finish: now(at), Live: true,
		End: now(at) + 3900,
	}
	w.changes = append(w.changes, s)
	return s
}

// view is what is known so many seconds after the changes.
func (w *world) view(at int64) *View {
	v := viewOf(now(at), w.changes...)
	for _, s := range w.changes {
		if known := s.At(v.At); known.ID != "" {
			v.Watched = append(v.Watched, &known)
		}
	}
	v.Sight = v.Watched
	return v
}

// viewOf is the view of some changes.
func viewOf(at int64, changes ...Subject) *View {
	return NewView(at, func(p correlate.Place) *Lineup {
		var all []*Known
		for _, s := range changes {
			if s.Place == p {
				all = append(all, Whole(s))
			}
		}
		return Line(all)
	})
}

// pointers are some subjects as a view lists them.
func pointers(all []Subject) (list []*Subject) {
	for i := range all {
		list = append(list, &all[i])
	}
	return list
}
