package record

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Difference is what came out otherwise than before.
type Difference struct {
	Changes   []ChangeDifference   // by completion
	Incidents []IncidentDifference // by id
}

// ChangeDifference is a change whose record is another than Before, which is zero when there was none.
type ChangeDifference struct {
	*Change
	Before correlate.ChangeRecord
}

// IncidentDifference is ChangeDifference for an incident.
type IncidentDifference struct {
	*Incident
	Before correlate.IncidentRecord
}

// Settle works out what follows from what was reported, recalled and retracted since it was last called, and from the
// time that has passed: the watermark is in Unix seconds, 0 before there is any telemetry.
func (b *Book) Settle(watermark int64) Difference {
	b.watermark = watermark
	b.abandon()
	for _, r := range b.grouping.rollouts() {
		b.assignAll(r)
	}
	lineage{b}.follow()
	b.answers()
	for _, i := range b.draft.toAttribute() {
		b.attribute(i)
	}
	for _, c := range (lineage{b}).toRecover() {
		b.recover(c)
	}
	d := b.draft.difference()
	b.draft = newDraft()
	return d
}

// draft is what is to be worked out again, and how the records stood before.
type draft struct {
	changes   map[*Change]correlate.ChangeRecord
	incidents map[*Incident]correlate.IncidentRecord
	places    map[correlate.Place]bool // whose lineage may be another
	links     map[*Incident]bool
	reach     []filing // the changes that are to incidents another than they were
}

func newDraft() draft {
	return draft{
		changes: map[*Change]correlate.ChangeRecord{}, incidents: map[*Incident]correlate.IncidentRecord{},
		places: map[correlate.Place]bool{}, links: map[*Incident]bool{},
	}
}

// touch keeps how a record stands, once.
func (d *draft) touch(c *Change) {
	if _, kept := d.changes[c]; !kept {
		d.changes[c] = c.Record
	}
}

// toRecover are the touched changes, and what they took back.
func (b lineage) toRecover() []*Change {
	for _, c := range b.draft.touched() {
		for _, o := range b.takenBack(c) {
			b.draft.touch(o)
		}
	}
	return b.draft.touched()
}

func (d *draft) isNew(c *Change) { d.changes[c] = correlate.ChangeRecord{} }

func (d *draft) touchIncident(i *Incident) { d.touchIncidentAs(i, i.Record) }

// touchIncidentAs is touchIncident for a record that was altered already: that is how it stood.
func (d *draft) touchIncidentAs(i *Incident, stood correlate.IncidentRecord) {
	if _, kept := d.incidents[i]; !kept {
		d.incidents[i] = stood
	}
}

func (d *draft) isNewIncident(i *Incident) { d.incidents[i] = correlate.IncidentRecord{} }
func (d *draft) visit(p correlate.Place)   { d.places[p] = true }
func (d *draft) attribute(i *Incident)     { d.links[i] = true }
func (d *draft) reached(f filing)          { d.reach = append(d.reach, f) }
func (d *draft) touched() []*Change        { return slices.SortedFunc(maps.Keys(d.changes), byCompletion) }
func (d *draft) toAttribute() []*Incident  { return slices.SortedFunc(maps.Keys(d.links), byID) }
func (d *draft) visited() []correlate.Place {
	return slices.SortedFunc(maps.Keys(d.places), correlate.Place.Compare)
}

// byCompletion orders changes by when they were complete, then by id.
func byCompletion(a, b *Change) int { return a.position().compare(b.position()) }

func byID(a, b *Incident) int { return cmp.Compare(a.Record.ID, b.Record.ID) }

func (d *draft) difference() (diff Difference) {
	for _, c := range d.touched() {
		if before := d.changes[c]; !reflect.DeepEqual(before, c.Record) {
			diff.Changes = append(diff.Changes, ChangeDifference{c, before})
		}
	}
	for _, i := range slices.SortedFunc(maps.Keys(d.incidents), byID) {
		if before := d.incidents[i]; !reflect.DeepEqual(before, i.Record) {
			diff.Incidents = append(diff.Incidents, IncidentDifference{i, before})
		}
	}
	return diff
}
