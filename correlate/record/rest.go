package record

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// Shelf is where the places lie whose changes rest, see Rest. What is asked for there goes back to the Book by Wake before it
// is answered.
type Shelf interface {
	// WakePlace and WakeChange wake a place, and the place of a change; nothing happens where it doesn't rest.
	WakePlace(p correlate.Place)
	WakeChange(id string)
}

// Resting is the changes of a place while they are not in the Book: all of it, in a form that can be written down.
type Resting struct {
	Changes []RestingChange // by completion
	// End is what isn't in memory after the last of them, and Forgotten the position of the latest that isn't.
	End       *Gap     `json:",omitempty"`
	Forgotten Position `json:",omitzero"`
}

// RestingChange is a change, and what isn't in memory before it.
type RestingChange struct {
	Record correlate.ChangeRecord
	Past   *Gap `json:",omitempty"`
}

// Gap is changes that aren't in memory, as far as they are known: the position of the last, and what was live after it.
type Gap struct {
	Last Position
	Live []Release `json:",omitempty"`
}

// Position is where a change lies among those of its place.
type Position struct {
	At time.Time `json:",omitzero"`
	ID string    `json:",omitempty"`
}

// Release is a release that is live or becomes so again, and the change that brought it.
type Release struct {
	names.Release
	By       string `json:",omitempty"`
	Rollback bool   `json:",omitempty"`
}

// KeepOn has a Book ask for places on a shelf.
func KeepOn(b *Book, s Shelf) { b.shelf = s }

// Rest is the changes of a place, if nothing happens to them: none waits for its end, no incident has to do with them or their
// place, and what they mean to one another is worked out. Away takes them out of the Book then, and Wake puts them back as they
// were. It must not be called between a report and Settle.
func Rest(b *Book, p correlate.Place) (r Resting, ok bool) {
	l := b.places[p]
	if l == nil || l.all.empty() || !l.incidents.empty() || len(l.stale) > 0 {
		return Resting{}, false
	}
	live := line{}
	for i := range l.all.all() {
		c := i.of
		if c.past != nil {
			live = c.past.line
		}
		after, does := c.step(live, b.limits.line)
		if !c.idle() || b.naming[c.Record.ID] != nil || !after.same(c.line) || !slices.Equal(does.took, c.took.all()) {
			return Resting{}, false
		}
		live = c.line
		r.Changes = append(r.Changes, RestingChange{c.Record, c.past.gap()})
	}
	r.End, r.Forgotten = l.end.gap(), Position{l.forgotten.at, l.forgotten.id}
	return r, true
}

// idle: a change waits for nothing, nothing is held against it, and its part among the others can be worked out from its record.
func (c *Change) idle() bool {
	return c.traced && !c.chained && c.waits == nil && len(c.objections.all()) == 0 && len(c.Record.Incidents) == 0 &&
		len(c.Record.Notes) == 0
}

// Away takes the changes of a place out of the Book.
func Away(b *Book, p correlate.Place) {
	for i := range b.places[p].all.all() {
		delete(b.changes, i.id)
		i.of.gone = true
	}
	delete(b.places, p)
	delete(b.grouping.places, p)
}

// Wake puts back changes of a place as Rest returned them, and returns them by completion.
func Wake(b *Book, p correlate.Place, r Resting) (all []*Change) {
	l := b.lineupOf(p)
	live := line{}
	for _, is := range r.Changes {
		c := b.recall(is.Record)
		if c.past = is.Past.past(); c.past != nil {
			live = c.past.line
		}
		var does step
		live, does = c.step(live, b.limits.line)
		c.line, c.traced, c.took = live, true, fewOf(does.took)
		all = append(all, c)
	}
	l.end, l.forgotten = r.End.past(), key{r.Forgotten.At, r.Forgotten.ID}
	return all
}

func (p *past) gap() *Gap {
	if p == nil {
		return nil
	}
	g := &Gap{Last: Position{p.last.at, p.last.id}}
	for _, d := range p.line.all() {
		g.Live = append(g.Live, Release{d.release, d.by, d.rollback})
	}
	return g
}

func (g *Gap) past() *past {
	if g == nil {
		return nil
	}
	p := &past{last: key{g.Last.At, g.Last.ID}}
	for _, d := range g.Live {
		p.line = p.line.with(&deployed{d.Release, d.By, d.Rollback}, len(g.Live))
	}
	return p
}
