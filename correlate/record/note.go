package record

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// notes is what is kept of what people say beside the records.
type notes struct {
	held map[string][]correlate.Note // on what nobody reported yet, by heldKey
	// blamed are the changes that people say were not the cause, by the change that they name instead.
	blamed map[string][]string
}

// people is a book under what people say.
type people struct{ *Book }

func newNotes() notes { return notes{map[string][]correlate.Note{}, map[string][]string{}} }

// Hold takes in a note on what isn't known yet, when it was said before a restart.
func Hold(b *Book, n correlate.Note) { people{b}.noted(n.UTC()) }

// noted takes in what a person says. Of a change or an incident that nobody reported it waits until somebody does.
func (b people) noted(n correlate.Note) { b.edit(n, correlate.AddNote) }

// unnote takes back a note that no delivery states any more.
func (b people) unnote(n correlate.Note) { b.edit(n, correlate.RemoveNote) }

// edit edits the notes among which a note stands: those of its incident, of its change, or what waits for one of them.
func (b people) edit(n correlate.Note, how func([]correlate.Note, correlate.Note) []correlate.Note) {
	if i := b.incidents[n.Incident]; i != nil {
		b.renoteIncident(i, how(i.Record.Notes, n))
		return
	}
	if c := b.Change(n.Change); c != nil {
		b.renote(c, how(c.Record.Notes, n))
		return
	}
	key := heldKey(n)
	b.notes.held[key] = how(b.notes.held[key], n)
}

// heldKey keeps notes on changes and on incidents of one id apart.
func heldKey(n correlate.Note) string {
	if n.Incident != "" {
		return "incident " + n.Incident
	}
	return "change " + n.Change
}

// take hands out the notes that waited for a change or an incident.
func (n *notes) take(key string) []correlate.Note {
	waited := n.held[key]
	delete(n.held, key)
	return waited
}

// renote gives a change other notes.
func (b people) renote(c *Change, all []correlate.Note) {
	if len(all) == len(c.Record.Notes) && slices.Equal(all, c.Record.Notes) {
		return
	}
	b.draft.touch(c)
	before := correlate.CausedBySaid(c.notes())
	c.Record.Notes = all
	b.blamedInstead(c, before, correlate.CausedBySaid(c.notes()))
	b.grouping.again[c] = true
}

// notes are those that are about the change's own id.
func (c *Change) notes() []correlate.Note { return correlate.NotesAbout(c.Record.Notes, c.Record.ID) }

// blamedInstead keeps which change people name in place of another one.
func (b people) blamedInstead(c *Change, before, after string) {
	if before == after {
		return
	}
	id := c.Record.ID
	if left := without(b.notes.blamed[before], id); len(left) > 0 {
		b.notes.blamed[before] = left
	} else {
		delete(b.notes.blamed, before)
	}
	if after != "" {
		b.notes.blamed[after] = with(b.notes.blamed[after], id)
	}
	for _, id := range []string{before, after} {
		if o := b.Change(id); o != nil {
			b.draft.touch(o)
			b.grouping.again[o] = true
		}
	}
}

// blamedFor are the changes in whose place people name a rollout, by any of its ids.
func (b people) blamedFor(ids ...string) (all []string) {
	for _, id := range ids {
		for _, of := range b.notes.blamed[id] {
			all = with(all, of)
		}
	}
	return all
}

// overruled has the incidents of a change, nil for one that isn't in memory, looked at again: their link hangs on what people
// say of it.
func (b people) overruled(c *Change) {
	if c == nil {
		return
	}
	for _, id := range c.objections.all() {
		if i := b.incidents[id]; i != nil {
			b.draft.attribute(i)
		}
	}
}

// renoteIncident gives an incident other notes.
func (b people) renoteIncident(i *Incident, all []correlate.Note) {
	if len(all) == len(i.Record.Notes) && slices.Equal(all, i.Record.Notes) {
		return
	}
	b.draft.touchIncident(i)
	i.Record.Notes = all
	if len(i.reports) == 0 {
		return // it is retracted
	}
	if i.alert() == (alertKey{}) {
		assignIncidents(b.Book, []*Incident{i})
		return
	}
	regroup(b.Book, i.alert())
}

// forgetNotes has a change that leaves memory no longer listed with the one that people name in its place.
func (b people) forgetNotes(c *Change) {
	instead := correlate.CausedBySaid(c.Record.Notes)
	if instead == "" {
		return
	}
	if left := without(b.notes.blamed[instead], c.Record.ID); len(left) > 0 {
		b.notes.blamed[instead] = left
	} else {
		delete(b.notes.blamed, instead)
	}
}
