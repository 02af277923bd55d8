package observe

import (
	"maps"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge"
)

// Config is how changes are looked at. Durations are in seconds.
type Config struct {
	Resolution, Coarse int64 // widths of a fine cell and of a rollup
	Baseline           int64 // how far before a change fine cells are compared
	CoarseKeep         int64 // how far before that rollups are
	AdoptAfter         int64 // how long before a rollout began its version may be seen
	RouteWidth         int64 // width of a route's cell
	Together           int64 // how far apart two faults may begin that have one cause
	Judge              judge.Params
	Signals            []correlate.Signal
	Guards             *guard.Set // those in force; all of them when nil, see Guards
}

// Observer gathers what changes are compared with. Everything it answers is a function of the view of changes at an
// instant, of the cells that started before that instant, and of the configuration. What it remembers between calls only
// saves work; Forget must be called when cells changed that were looked at before. It must be used from one goroutine.
type Observer struct {
	cfg        Config
	cells      *cells.Store
	calls      calls
	past       map[correlate.Place]map[int64]*Past
	neighbours map[neighbour]*Watch // of the services around the watched changes
	forgotten  int                  // how often something was forgotten
	stamps     int                  // that were given to watches
}

// New is an observer of a store.
func New(cfg Config, store *cells.Store) *Observer {
	return &Observer{
		cfg: cfg, cells: store, past: map[correlate.Place]map[int64]*Past{}, neighbours: map[neighbour]*Watch{},
	}
}

// Forget drops what is remembered.
func (o *Observer) Forget() {
	clear(o.past)
	clear(o.neighbours)
	o.forgotten++
}

// Trim drops what is remembered of the time before changes that began before an instant. It must be called before cells are
// dropped.
func (o *Observer) Trim(before int64) {
	o.forgotten++
	for p, known := range o.past {
		maps.DeleteFunc(known, func(start int64, _ *Past) bool { return start < before })
		if len(known) == 0 {
			delete(o.past, p)
		}
	}
}
