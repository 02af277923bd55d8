package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// Restoring goes in this order: records, rollups by start, checkpoints in the order they were written, Resume. The
// engine then stands where it stood at the last checkpoint, without having said anything again.

// RestoreRecords takes back what the ledger knows of changes, incidents and regressions.
func (e *Engine) RestoreRecords(known Recall, regressions []correlate.Regression) {
	e.recall(known, record.Runs(known.Changes, known.Since))
	for _, n := range known.Notes {
		record.Hold(e.book, n)
	}
	slices.SortStableFunc(regressions, func(a, b correlate.Regression) int { return a.DecidedAt.Compare(b.DecidedAt) })
	for _, r := range regressions {
		if !r.Withdrawn {
			e.faults.add(r)
		}
	}
}

// RestoreRollup takes back a closed coarse bucket.
func (e *Engine) RestoreRollup(r correlate.Rollup) {
	e.store.Restore(r)
	e.store.Restrain(r.Start+e.cfg.Coarse, e.held)
}

// RestoreCheckpoint takes back the measurements of one checkpoint. A pause before it is a stretch without coverage.
func (e *Engine) RestoreCheckpoint(drained time.Time, cells []correlate.Measurement) {
	t := drained.Unix()
	e.store.Drained(t)
	e.measured(cells)
	e.now = max(e.now, t)
	if e.mark.Newest > 0 {
		e.mark.Advance(e.now, e.cfg.Lateness, e.cfg.IdleAfter, e.cfg.Resolution)
	}
	e.prune()
}

// prune forgets on the way what an engine that lived through it would have forgotten, so that restoring takes no more
// memory than living.
func (e *Engine) prune() {
	now := window.Floor(e.mark.At, e.cfg.Coarse)
	if now <= e.pruned {
		return
	}
	if e.pruned == 0 {
		e.watchAgain()
	} else {
		e.watchNoMore() // as time goes on no others are watched
	}
	e.pruned = now
	e.store.Look(now)
	e.expire(now)
	e.store.Restrain(now, e.held)
}

// Resume ends restoring. What lies after the given instant is judged again, so that nothing is lost that was decided and
// not stored; zero is the watermark.
func (e *Engine) Resume(judged time.Time) {
	for _, c := range e.changes {
		c.judged = max(c.start(), e.mark.At)
	}
	e.watchAgain()
	e.judgedTo = e.mark.At
	e.storedTo = e.judgedTo
	e.reopen = reopening{from: never}
	if !judged.IsZero() {
		e.storedTo = judged.Unix()
		e.differs(judged.Unix(), correlate.LateChange, "")
	}
	e.stats = Stats{}
	e.effects = nil
	e.forget()
}

// Wanted is what facts are about and what isn't in memory: changes and incidents by id, and places at instants around which
// something has left memory.
type Wanted struct {
	Changes, Incidents []string
	Around             []correlate.PlaceTime
	// Opened are the places and instants since which incidents may have left memory.
	Opened []correlate.PlaceTime
	Nearby int // how many of each on either side
}

// Wants is what some facts want, each thing once. It is asked twice: what was recalled by id the first time tells where
// changes and incidents were before. It is for the goroutine that the engine belongs to.
func Wants(e *Engine, facts []Fact, recalled Recall) Wanted {
	w := wanting{e: e, asked: map[any]bool{}, changes: map[string]*correlate.ChangeRecord{}, incidents: map[string]*correlate.IncidentRecord{}}
	for i := range recalled.Changes {
		w.changes[recalled.Changes[i].ID] = &recalled.Changes[i]
	}
	for i := range recalled.Incidents {
		w.incidents[recalled.Incidents[i].ID] = &recalled.Incidents[i]
	}
	for _, id := range record.Missing(e.book) {
		w.one(id)
	}
	for _, f := range facts {
		switch f := f.WithDefaults(); {
		case f.Change != nil:
			w.change(f.Change)
		case f.Incident != nil:
			w.incident(f.Incident)
		case f.Check != nil:
			w.check(f.Check)
		case f.Note != nil:
			w.note(f.Note)
		}
	}
	w.Nearby = Nearby(e)
	return w.Wanted
}

// Nearby is how many changes, or incidents, on either side of a fact may have to do with it.
func Nearby(e *Engine) int { return record.Nearby(e.book) }

// Candidates are the places and instants around which changes have left memory that some incidents may be held against. It is
// for the goroutine that the engine belongs to.
func Candidates(e *Engine, incidents []correlate.IncidentRecord) []correlate.PlaceTime {
	w := wanting{e: e, asked: map[any]bool{}}
	for i := range incidents {
		r := &incidents[i]
		w.around(surroundings{r.About(), []string{r.Environment}, []time.Time{r.OpenedAt}})
	}
	return w.Around
}

// firing is how long before a fact an incident may have opened that has to do with it: as long as an alert may fire whose end
// nobody tells.
const firing = 24 * time.Hour

type wanting struct {
	Wanted
	e         *Engine
	asked     map[any]bool
	changes   map[string]*correlate.ChangeRecord
	incidents map[string]*correlate.IncidentRecord
}

func (w *wanting) change(said *correlate.Change) {
	w.one(said.ID)
	of := surroundings{[]string{said.Service}, []string{said.Environment}, []time.Time{said.Start()}}
	was := w.changes[said.ID]
	if c := w.e.change(said.ID); c != nil {
		was = c.rec
	}
	if was != nil {
		for _, id := range slices.Concat([]string{was.RolledBackBy, was.MergedInto}, was.MergedFrom, was.BlamedFor) {
			w.one(id)
		}
		of = of.and([]string{was.Service}, was.Environment, was.Start())
	}
	w.around(of)
}

func (w *wanting) incident(said *correlate.Incident) {
	w.one(said.CausedBy)
	of := surroundings{said.About(), []string{said.Environment}, []time.Time{said.OpenedAt}}
	was := w.incidents[said.ID]
	if i := w.e.book.Incident(said.ID); i != nil {
		was = &i.Record
	}
	if was == nil {
		w.around(of)
		w.Incidents = append(w.Incidents, said.ID)
		return
	}
	for _, id := range was.SuspectedOf() {
		w.one(id)
	}
	for _, id := range append([]string{was.MergedInto}, was.MergedFrom...) {
		if id != "" && w.e.book.Incident(id) == nil {
			w.Incidents = append(w.Incidents, id)
		}
	}
	w.around(of.and(was.About(), was.Environment, was.OpenedAt))
}

// check wants the change that a check is about, as far as it can be asked for: by its id, or by what happened around it.
func (w *wanting) check(said *correlate.Check) {
	w.one(said.Change)
	if was := w.changes[said.Change]; was != nil {
		w.one(was.MergedInto)
	}
	if said.Service != "" {
		w.around(surroundings{[]string{said.Service}, []string{said.Environment}, []time.Time{said.At}})
	}
}

// note wants what it is about, with all that a report of it would want, and the changes that people named and name as the
// cause.
func (w *wanting) note(said *correlate.Note) {
	if said.Change != "" {
		if instead := w.noted(said.Change); instead != said.CausedBy {
			w.noted(instead)
		}
		w.noted(said.CausedBy)
		return
	}
	w.one(said.CausedBy)
	was := w.incidents[said.Incident]
	if i := w.e.book.Incident(said.Incident); i != nil {
		was = &i.Record
	}
	if was == nil {
		w.Incidents = append(w.Incidents, said.Incident)
		return
	}
	w.incident(&was.Incident)
}

// noted wants a change with all that a report of it would want. It returns the one that people name in its place.
func (w *wanting) noted(id string) (instead string) {
	w.one(id)
	was := w.changes[id]
	if c := w.e.change(id); c != nil {
		was = c.rec
	}
	if was == nil {
		return ""
	}
	w.change(&was.Change)
	return correlate.CausedBySaid(was.Notes)
}

// one wants a change by its id.
func (w *wanting) one(id string) {
	if id != "" && id != correlate.CausedByNone && w.e.change(id) == nil && !w.asked[id] {
		w.asked[id] = true
		w.Changes = append(w.Changes, id)
	}
}

// surroundings are where and when a fact may come to be: what reports say is put together field by field.
type surroundings struct {
	services, environments []string
	times                  []time.Time
}

func (s surroundings) and(services []string, environment string, at time.Time) surroundings {
	return surroundings{slices.Concat(s.services, services), append(s.environments, environment), append(s.times, at)}
}

// around wants what happened around a fact.
func (w *wanting) around(of surroundings) {
	for _, service := range of.services {
		for _, environment := range of.environments {
			for _, at := range of.times {
				w.near(correlate.PlaceTime{Place: correlate.Place{Service: service, Environment: environment}, At: at})
			}
		}
	}
}

func (w *wanting) near(q correlate.PlaceTime) {
	if q.At.IsZero() || w.asked[q] {
		return
	}
	w.asked[q] = true
	if !record.Remembers(w.e.book, q.Place, q.At) {
		w.Around = append(w.Around, q)
	}
	if w.e.cfg.KeepRecords > 0 && q.At.Unix() < w.e.now-w.e.cfg.KeepRecords {
		w.Opened = append(w.Opened, correlate.PlaceTime{Place: q.Place, At: q.At.Add(-firing)})
	}
}
