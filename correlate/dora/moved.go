package dora

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// moved is a record that is another than it was when the numbers were published, with the way to put it in or out.
type moved struct {
	kind, id string
	cause    correlate.Cause
	// then and today are its states, as data; then is empty when nobody had told of it.
	then, today Data
}

// moved lists the records that are others and may count in the period, changes first, by id.
func (q Query) moved(then, today Data) []moved {
	var all []moved
	inPeriod := map[string]bool{}
	for _, c := range slices.Concat(then.Changes, today.Changes) {
		if q.within(completion(&c)) || isHotfix(&c) {
			inPeriod[c.ID] = true
		}
	}
	was := byID(then.Changes, func(c correlate.ChangeRecord) string { return c.ID })
	is := byID(today.Changes, func(c correlate.ChangeRecord) string { return c.ID })
	for _, id := range sortedKeys(is) {
		before, after := was[id], is[id]
		if !inPeriod[id] || identical(before, after) {
			continue
		}
		m := moved{kind: "change", id: id, today: Data{Changes: []correlate.ChangeRecord{*after}}}
		m.cause = told(before == nil, correlate.ChangeCause(before, *after))
		if before != nil {
			m.then.Changes = []correlate.ChangeRecord{*before}
		}
		all = append(all, m)
	}
	wasIncident := byID(then.Incidents, func(i correlate.IncidentRecord) string { return i.ID })
	isIncident := byID(today.Incidents, func(i correlate.IncidentRecord) string { return i.ID })
	for _, id := range sortedKeys(isIncident) {
		before, after := wasIncident[id], isIncident[id]
		matters := q.within(after.OpenedAt) || inPeriod[after.AttributedTo]
		if before != nil {
			matters = matters || q.within(before.OpenedAt) || inPeriod[before.AttributedTo]
		}
		if !matters || identical(before, after) {
			continue
		}
		m := moved{kind: "incident", id: id, today: Data{Incidents: []correlate.IncidentRecord{*after}}}
		m.cause = told(before == nil, correlate.IncidentCause(before, *after))
		if before != nil {
			m.then.Incidents = []correlate.IncidentRecord{*before}
		}
		all = append(all, m)
	}
	return all
}

// told tells a record that nobody had reported in time from one that was corrected.
func told(late bool, cause correlate.Cause) correlate.Cause {
	switch {
	case late:
		return correlate.CauseLateFact
	case cause == correlate.CauseLateFact:
		return correlate.CauseReported
	}
	return cause
}

func byID[R any](records []R, id func(R) string) map[string]*R {
	all := make(map[string]*R, len(records))
	for i := range records {
		all[id(records[i])] = &records[i]
	}
	return all
}

func sortedKeys[R any](m map[string]*R) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func identical[R any](a, b *R) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// mostTried bounds how many records are tried one by one; of more, all are named.
const mostTried = 200

// behind are the records without which the number would be another: those that move it alone, put into what was known
// then or taken out of what is known now. An incident that moved also moves the changes it was and is held against,
// which are left out.
func (q Query) behind(m Metric, all []moved, then, today Data, now time.Time) []moved {
	matter := all
	if len(all) <= mostTried {
		old, current := m.of(Compute(q, then, q.Published()).Total), m.of(Compute(q, today, now).Total)
		matter = slices.DeleteFunc(slices.Clone(all), func(r moved) bool {
			in := m.of(Compute(q, r.swapped(then, r.today), q.Published()).Total)
			out := m.of(Compute(q, r.swapped(today, r.then), now).Total)
			return in.equal(old) && out.equal(current)
		})
		if len(matter) == 0 { // only together do they move it
			matter = all
		}
	}
	first := slices.DeleteFunc(slices.Clone(matter), moved.follows)
	if len(first) > 0 {
		return first
	}
	return matter
}

// follows says whether a record only moved because another one did.
func (r moved) follows() bool {
	switch r.cause {
	case correlate.CauseLinked, correlate.CauseRelinked, correlate.CauseUnlinked, correlate.CauseRecovered:
		return r.kind == "change"
	}
	return false
}

// swapped is data with this record in the given state.
func (r moved) swapped(d, state Data) Data {
	changes := slices.DeleteFunc(slices.Clone(d.Changes), func(c correlate.ChangeRecord) bool { return r.kind == "change" && c.ID == r.id })
	incidents := slices.DeleteFunc(slices.Clone(d.Incidents), func(i correlate.IncidentRecord) bool { return r.kind == "incident" && i.ID == r.id })
	return Data{append(changes, state.Changes...), append(incidents, state.Incidents...)}
}
