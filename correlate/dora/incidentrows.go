package dora

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// incidentRows are the incidents of a table.
type incidentRows struct {
	trouble    []incidentRow
	free       []uint32 // places in trouble without an incident
	incidentAt map[key]uint32
	opened     []uint32         // incidents by opening
	awaited    map[key]struct{} // changes that some are attributed to and that nobody reported
	unlinked   bool             // incidents are to be linked with changes anew
}

// incidentRow is what counts of an incident.
type incidentRow struct {
	id                   key
	service, environment string
	others               []string // services that it is about as well
	attributedTo         key      // as its record says
	cause                key      // the change that this is; 0 while it isn't known
	traits               uint32   // of that change
	opened, resolved     instant
	altered              bool // since it was last linked
}

// Incident enters the state of an incident, in place of the one before.
func (t *Table) Incident(i *correlate.IncidentRecord) {
	id := keyOf(i.ID)
	n, known := t.incidentAt[id]
	if known {
		t.outdate(t.trouble[n].cause)
	}
	if i.Retracted || instantOf(i.OpenedAt) < t.since {
		t.drop(id)
		return
	}
	is := incidentRow{
		id: id, service: t.word(i.Service), environment: t.word(i.Environment), attributedTo: keyOf(i.AttributedTo),
		opened: instantOf(i.OpenedAt), resolved: instantOf(i.ResolvedAt), altered: true,
	}
	if services := i.About(); len(services) > 1 {
		for _, other := range services[1:] {
			is.others = append(is.others, t.word(other))
		}
	}
	t.unlinked = true
	switch last := len(t.free) - 1; {
	case known:
		is.cause = t.trouble[n].cause
		t.trouble[n] = is
	case last >= 0:
		n, t.free = t.free[last], t.free[:last]
		t.trouble[n], t.incidentAt[id] = is, n
	default:
		t.incidentAt[id] = uint32(len(t.trouble))
		t.trouble = append(grown(t.trouble, 1), is)
	}
}

func (t *Table) drop(id key) {
	n, known := t.incidentAt[id]
	if !known {
		return
	}
	delete(t.incidentAt, id)
	t.trouble[n] = incidentRow{}
	t.free = append(t.free, n)
	t.unlinked = true
}

// outdate has the site of a change worked out anew.
func (t *Table) outdate(change key) {
	if n, known := t.at[change]; known {
		t.stale[n] = struct{}{}
	}
}

// mostMerged bounds how many times a report is merged on: circles end there.
const mostMerged = 1000

// follow is the change that an id leads to, through the reports that were merged; else the id that nobody reported.
func (t *Table) follow(id key) (key, bool) {
	for range mostMerged {
		if _, known := t.at[id]; known {
			return id, true
		}
		next, merged := t.aliases[id]
		if !merged {
			break
		}
		id = next
	}
	return id, false
}

// link finds for each incident the change that it is held against.
func (t *Table) link() {
	t.unlinked = false
	t.opened = t.opened[:0]
	for n := range t.trouble {
		if t.trouble[n].id != 0 {
			t.opened = append(t.opened, uint32(n))
		}
	}
	slices.SortFunc(t.opened, func(a, b uint32) int {
		x, y := &t.trouble[a], &t.trouble[b]
		return cmp.Or(cmp.Compare(x.opened, y.opened), cmp.Compare(x.id, y.id))
	})
	for _, s := range t.sites {
		s.troubles = s.troubles[:0]
	}
	clear(t.awaited)
	for _, n := range t.opened {
		t.linkOne(n)
	}
}

func (t *Table) linkOne(n uint32) {
	in := &t.trouble[n]
	cause, known := t.follow(in.attributedTo)
	if !known {
		t.awaited[cause] = struct{}{}
		cause = 0
	}
	if cause != in.cause || in.altered {
		t.outdate(in.cause)
		t.outdate(cause)
	}
	in.cause, in.altered = cause, false
	if known {
		s := t.sites[t.at[cause]]
		s.troubles = append(s.troubles, n)
	}
}

// openedBetween are the incidents that opened at or after an instant and before another.
func (t *Table) openedBetween(from, to instant) []uint32 {
	at := func(i instant) int {
		n, _ := slices.BinarySearchFunc(t.opened, i, func(n uint32, i instant) int { return cmp.Compare(t.trouble[n].opened, i) })
		return n
	}
	first := at(from)
	return t.opened[first:max(first, at(to))]
}
