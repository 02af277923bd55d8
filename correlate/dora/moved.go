package dora

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// moved is a record that is another than it was when the numbers were published.
type moved struct {
	kind, id string // change or incident
	cause    correlate.Cause
	// then and today are its states; then is empty when nobody had told of it. With an incident go the changes that only
	// moved because it did: those that it was, or is, held against.
	then, today Data
}

// moved lists the records that are others and may count in the period: changes by id, then incidents by id.
func (q Query) moved(then, today Data) []moved {
	counts := map[string]bool{} // the changes that may count in it
	for _, c := range slices.Concat(then.Changes, today.Changes) {
		if q.within(completion(&c)) || isHotfix(&c) || q.Policy.LooksEverywhere() {
			counts[c.ID] = true
		}
	}
	changes := map[string]moved{}
	for id, c := range pairs(then.Changes, today.Changes, func(c correlate.ChangeRecord) string { return c.ID }) {
		if counts[id] && c.differs() {
			changes[id] = moved{"change", id, told(c.then, correlate.ChangeCause(c.then, *c.today)),
				Data{Changes: c.before()}, Data{Changes: c.after()}}
		}
	}
	var incidents []moved
	followers := map[string]bool{}
	for id, i := range pairs(then.Incidents, today.Incidents, func(i correlate.IncidentRecord) string { return i.ID }) {
		matters := false
		m := moved{"incident", id, told(i.then, correlate.IncidentCause(i.then, *i.today)), Data{Incidents: i.before()}, Data{Incidents: i.after()}}
		for _, state := range slices.Concat(m.then.Incidents, m.today.Incidents) {
			matters = matters || q.within(state.OpenedAt) || counts[state.AttributedTo]
		}
		if !matters || !i.differs() {
			continue
		}
		for _, state := range slices.Concat(m.then.Incidents, m.today.Incidents) {
			c, ok := changes[state.AttributedTo]
			if ok && c.follows() && !slices.ContainsFunc(m.today.Changes, func(o correlate.ChangeRecord) bool { return o.ID == c.id }) {
				followers[c.id] = true
				m.then.Changes = append(m.then.Changes, c.then.Changes...)
				m.today.Changes = append(m.today.Changes, c.today.Changes...)
			}
		}
		incidents = append(incidents, m)
	}
	maps.DeleteFunc(changes, func(id string, _ moved) bool { return followers[id] })
	byID := func(a, b moved) int { return bytes.Compare([]byte(a.id), []byte(b.id)) }
	return slices.Concat(slices.SortedFunc(maps.Values(changes), byID), slices.SortedFunc(slices.Values(incidents), byID))
}

// follows says whether a change moved only because its incidents or what took it back did.
func (m moved) follows() bool {
	switch m.cause {
	case correlate.CauseLinked, correlate.CauseRelinked, correlate.CauseUnlinked, correlate.CauseRecovered:
		return true
	}
	return false
}

// told tells a record that nobody had reported in time from one that was corrected.
func told[R any](then *R, cause correlate.Cause) correlate.Cause {
	switch {
	case then == nil:
		return correlate.CauseLateFact
	case cause == correlate.CauseLateFact:
		return correlate.CauseReported
	}
	return cause
}

// pair is a record as it was, nil when nobody had told of it, and as it is.
type pair[R any] struct{ then, today *R }

// pairs are the records that are there today.
func pairs[R any](then, today []R, id func(R) string) map[string]pair[R] {
	all := make(map[string]pair[R], len(today))
	for i := range today {
		all[id(today[i])] = pair[R]{today: &today[i]}
	}
	for i := range then {
		if p, ok := all[id(then[i])]; ok {
			p.then = &then[i]
			all[id(then[i])] = p
		}
	}
	return all
}

func (p pair[R]) differs() bool {
	was, errWas := json.Marshal(p.then)
	is, errIs := json.Marshal(p.today)
	return errWas != nil || errIs != nil || !bytes.Equal(was, is)
}

func (p pair[R]) before() []R {
	if p.then == nil {
		return nil
	}
	return []R{*p.then}
}

func (p pair[R]) after() []R { return []R{*p.today} }

// mostTried bounds how many records are tried one by one; of more, all are named.
const mostTried = 200

// behind are the records that move the number by themselves, put into what was known then or taken out of what is known
// today; all of them when it is only moved by several together.
func (q Query) behind(m Metric, all []moved, then, today Data, now time.Time) []moved {
	if len(all) > mostTried {
		return all
	}
	old, current := m.of(Compute(q, then, q.Published()).Total), m.of(Compute(q, today, now).Total)
	behind := slices.DeleteFunc(slices.Clone(all), func(r moved) bool {
		in := m.of(Compute(q, r.swapped(then, r.today), q.Published()).Total)
		out := m.of(Compute(q, r.swapped(today, r.then), now).Total)
		return in.equal(old) && out.equal(current)
	})
	if len(behind) == 0 {
		return all
	}
	return behind
}

// swapped is data with these records in the given state.
func (m moved) swapped(d, state Data) Data {
	changes, incidents := map[string]bool{}, map[string]bool{}
	for _, c := range m.today.Changes {
		changes[c.ID] = true
	}
	for _, i := range m.today.Incidents {
		incidents[i.ID] = true
	}
	return Data{
		append(slices.DeleteFunc(slices.Clone(d.Changes), func(c correlate.ChangeRecord) bool { return changes[c.ID] }), state.Changes...),
		append(slices.DeleteFunc(slices.Clone(d.Incidents), func(i correlate.IncidentRecord) bool { return incidents[i.ID] }), state.Incidents...),
	}
}
