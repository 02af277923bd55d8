package record

import (
	"iter"
	"maps"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Config says how far things may lie apart. All values are whole seconds.
type Config struct {
	AdoptAfter   int64 // how long before a rollout began its version may be seen in telemetry
	Watch        int64 // how long after completion a change is observed
	Grace        int64 // how long before that it isn't looked at
	Attribution  int64 // how far back an incident looks for its change
	AbandonAfter int64 // how long after its start a change whose end nobody reported is given up
}

// limits bound what a report can set in motion.
type limits struct {
	// group is how many rollouts of a place may begin in GroupSlack seconds for any of them to be put together. Of more,
	// the next one is nearer than the clocks and the delays of two sources agree, so that time doesn't tell which account
	// is of which rollout: each stands by itself.
	group int
	// chain is how many rollouts may be linked with one another, each with the next by time and version, for any of them
	// to be put together. Of more, nothing tells where one ends and the next begins: each stands by itself.
	chain int
	// line is how many deployments back a version is recognised that comes back.
	line int
}

// Book holds the records of changes and incidents. It must be used from one goroutine.
type Book struct {
	cfg       Config
	limits    limits
	grouping  *grouping
	watermark int64
	changes   map[string]*Change
	incidents map[string]*Incident
	alerts    alerts
	places    map[correlate.Place]*lineup
	// naming are the incidents that name a change as their cause, by its id.
	naming map[string]*index[*Incident]
	// waiting are the changes whose end is to be reported, by their start.
	waiting index[*Change]
	draft   draft
	notes   notes
	shelf   Shelf             // nil when no place ever rests
	missing map[string]string // changes that are not in memory, by id, and who has taken them back; "" for nobody any more
	// steps counts what was looked at, so that a test can hold the cost of a report against it.
	steps int
}

// lineup is what is known of one place.
type lineup struct {
	// all are its changes by completion, answering those of them that an incident may be held against, and begun, by when
	// they began, these and those that reached nobody.
	all, answering, begun index[*Change]
	incidents             index[*Incident] // by their opening
	// stale are the positions from which on the lineage is to be traced again, once the place is touched.
	stale []key
	// forgotten is the position of the latest change that is not in memory, and end the past of one that comes last.
	forgotten key
	end       *past
}

// New makes a Book without any records.
func New(cfg Config) *Book { return newBook(cfg, limits{group: 32, chain: 128, line: 32}) }

func newBook(cfg Config, most limits) *Book {
	b := &Book{
		cfg:       cfg,
		limits:    most,
		changes:   map[string]*Change{},
		incidents: map[string]*Incident{},
		alerts:    alerts{},
		places:    map[correlate.Place]*lineup{},
		naming:    map[string]*index[*Incident]{},
		draft:     newDraft(),
		notes:     newNotes(),
		missing:   map[string]string{},
	}
	b.grouping = &grouping{
		cfg: cfg, limits: most, places: map[correlate.Place]*timelines{}, again: map[*Change]bool{}, steps: &b.steps,
		wake: func(p correlate.Place) { b.place(p) },
	}
	return b
}

// Config is how it was configured.
func (b *Book) Config() Config { return b.cfg }

// Change is the change that goes by an id, nil when none is in memory.
func (b *Book) Change(id string) *Change {
	if c := b.changes[id]; c != nil || b.shelf == nil || id == "" {
		return c
	}
	b.shelf.WakeChange(id)
	return b.changes[id]
}

// Incident is the incident that goes by an id, nil when none is in memory.
func (b *Book) Incident(id string) *Incident { return b.incidents[id] }

// At yields the changes of a place by their completion. The Book must not change meanwhile.
func (b *Book) At(p correlate.Place) iter.Seq[*Change] { return values(b.lineup(p).all.all()) }

// Since yields the changes of a place that were complete at or after an instant. The Book must not change meanwhile.
func (b *Book) Since(p correlate.Place, t time.Time) iter.Seq[*Change] {
	return values(b.lineup(p).all.from(key{at: t}))
}

// Places yields the places of which something is known, in no order. The Book must not change meanwhile.
func Places(b *Book) iter.Seq[correlate.Place] { return maps.Keys(b.places) }

func values[T any](items iter.Seq[item[T]]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range items {
			if !yield(i.of) {
				return
			}
		}
	}
}

// lineup is what is known of a place, which may be nothing.
func (b *Book) lineup(p correlate.Place) *lineup {
	if l := b.place(p); l != nil {
		return l
	}
	return &lineup{}
}

// place is what is known of a place, nil when nothing is.
func (b *Book) place(p correlate.Place) *lineup {
	if l := b.places[p]; l != nil || b.shelf == nil {
		return l
	}
	b.shelf.WakePlace(p)
	return b.places[p]
}

func (b *Book) lineupOf(p correlate.Place) *lineup {
	l := b.place(p)
	if l == nil {
		l = &lineup{}
		b.places[p] = l
	}
	return l
}
