// Package engine answers: what follows from this input?
//
// Apply takes one input (facts, records that are recalled, measurements, a tick of the clock) and returns what follows
// from it as effects. It is deterministic and single-threaded: no clock, no goroutine, no I/O. State is integers.
//
// # Derive, compare, issue
//
// What is known of changes and incidents is a fold of their reports (package record). A course of verdicts is a function
// of what was known of the changes at each instant and of the cells (packages observe, cells and judge). Judging appends
// to courses up to the watermark. When something comes late, courses are cut at the first instant from which on judging
// depends on something else than before, and derived again. Then the courses are compared with what was issued, and the
// difference is issued: a revision, one that supersedes others, or a withdrawal. There is one way for all of this,
// whatever the reason: time that goes by, late facts or measurements, a change that turns out to be merged, failed or
// retracted, and a restart.
//
// # What the caller owes
//
// A Driver does all of this; a Keeper is what it needs for it. The host, replays and benches drive by it.
//
//   - Effects are committed before the next input is applied, and published once they are committed.
//   - Before facts are applied, records that they are about and that have left memory are recalled (Input.Recall).
//   - Measurements are folded (Fold), then kept, then applied.
//   - Each time measurements were taken in it is said (Input.Drained), also when there were none.
//   - Ticks come after the measurements of their time, and don't run backwards by more than the clock is corrected for.
//   - Facts of one delivery come once, in the order of the ledger. To apply one again does no harm.
//   - A restart goes in this order: RestoreRecords, RestoreRollup by start, RestoreCheckpoint as they were written, Resume.
//
// # What the caller may rely on
//
//   - The same inputs in the same order give the same effects, to the byte.
//   - In which order facts arrive, how late and how often, doesn't show in the records, nor in the verdicts as long as the
//     cells of their time are kept (Config.FineKeep, Config.Reopen). A change that is reported when they have left memory
//     is marked (ChangeRecord.Rejudging) when what is kept elsewhere reaches that far (Config.LateReach). A Retrial judges
//     it from there, in an engine of its own, and Input.Rejudged brings what it found.
//   - Nor does it show which places rest: the changes of a place of which nothing was heard for a while are packed, about 300
//     bytes each, until something bears on them.
//   - Nor does it show where the engine was restarted, or that a Keeper failed for a while.
//   - Revisions of a verdict rise by one. A revision that replaces others names the first of them and why.
//   - The effects are the caller's; nothing in them is changed later.
package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// Input is one thing that happened. Exactly one field is set.
type Input struct {
	Facts    []Fact // in the order of the ledger
	Recall   *Recall
	Measured []correlate.Measurement
	Tick     time.Time // the time now; it must not run backwards by more than it is corrected for
	// Drained says that all measurements were taken in that had come by an instant. Whoever takes them in says so each time;
	// a stretch of time in which nobody did lacks telemetry.
	Drained time.Time
	Gap     window.Span // telemetry was not received in this stretch (Unix seconds)
	// Rejudged is what a Retrial found. The records that it is about are recalled before.
	Rejudged *Rejudged
	Past     *Past
}

// Past is what somebody else counted in coarse buckets that were over at an instant, before anything was measured here. Later
// looks at a change compare with it; what was decided stands, nothing is late, and the watermark doesn't move. It may be told
// at any time, more than once and in any order, as cells.Tell says. What is older than rollups are kept is left out.
type Past struct {
	At    time.Time
	Cells []correlate.Measurement // of any width up to that of a rollup
}

// Fact is a fact with the time it was received.
type Fact struct {
	correlate.Fact
	ReceivedAt time.Time
	Retracted  bool // nobody says so any more
}

// Recall brings back records that have left memory, before a fact that touches them is applied.
type Recall struct {
	Changes   []correlate.ChangeRecord // each by itself; at a restart all of Since, and the last of each place
	Runs      []Run                    // changes that follow one another
	Incidents []correlate.IncidentRecord
	// Revisions are the verdicts of the changes, in order; of a change without any, the one in its record counts.
	Revisions []correlate.Verdict
	// Notes are, at a restart, what people said of changes and incidents that nobody reported yet.
	Notes []correlate.Note
	// Since is from when on all changes are there at a restart; zero: they are all there are.
	Since time.Time
	// Checks are, at a restart, the runs of checks that may wait for their change, with when they were received.
	Checks []correlate.Report[correlate.Check]
}

// Run is changes of a place that follow one another.
type Run = record.Run

// runs are the changes of a Recall, each by itself or as they follow one another.
func (r Recall) runs() []record.Run {
	runs := slices.Clone(r.Runs)
	for i := range r.Changes {
		runs = append(runs, record.Run{Changes: r.Changes[i : i+1]})
	}
	return runs
}

func (r Recall) empty() bool { return len(r.Changes)+len(r.Runs)+len(r.Incidents) == 0 }

// maxAhead is how far in the future of the clock a measurement may lie, in seconds.
const maxAhead = 300

// Engine holds the state. It must be used from one goroutine.
type Engine struct {
	cfg    Config
	digest string // of the configuration
	now    int64
	store  *cells.Store
	roster
	issuer
	judgedTo int64     // what was judged up to
	storedTo int64     // what the ledger knows of that
	reopen   reopening // what is to be derived again
	derived  derivation
	oldest   int64 // fine cells that start before this may be forgotten
	around   look
	checks   *checkBook
	observer *observe.Observer
	expired  int64 // when memory was last swept
	pruned   int64 // the same, of what is being restored
	taken    int   // facts since records were last forgotten
	stats    Stats
}

// Stats counts what Apply did not use, and how often it would have been wrong.
type Stats struct {
	Late, Future int64 // cells
	// Placebos counts pseudo-changes, FalseAlarms those that would have been called regressed.
	Placebos, FalseAlarms int64
}

// New makes an engine without any state.
func New(cfg Config) *Engine {
	store := cells.New(cfg.Cells())
	e := &Engine{
		cfg:      cfg,
		digest:   digestOf(cfg),
		store:    store,
		observer: observe.New(cfg.observed(), store),
		roster: roster{
			reopenFor: cfg.Reopen, described: map[place]*described{}, changes: map[string]*change{}, book: record.New(cfg.records()),
			convictions: convictions{},
		},
		reopen:  reopening{from: never},
		derived: newDerivation(),
	}
	e.checks = newCheckBook(&e.roster)
	e.shelf = newShelf(&e.cfg, &e.roster)
	e.shelf.checks = e.checks
	record.KeepOn(e.book, e.shelf)
	e.issuer = issuer{roster: &e.roster, resolution: cfg.Resolution, faults: faultBook{known: map[place][]correlate.Regression{}}}
	return e
}

// Apply takes one input and returns what follows from it. The effects are the caller's.
func (e *Engine) Apply(in Input) []correlate.Effect {
	e.effects = nil
	switch {
	case in.Facts != nil:
		e.facts(in.Facts)
	case in.Recall != nil:
		e.recall(*in.Recall, in.Recall.runs())
	case in.Measured != nil:
		e.measured(in.Measured)
	case in.Rejudged != nil:
		retried{e, *in.Rejudged}.take()
	case in.Past != nil:
		recollect(e, *in.Past)
	case in.Gap != (window.Span{}):
		e.store.Gap(in.Gap)
	case !in.Drained.IsZero():
		e.store.Drained(in.Drained.Unix())
	case !in.Tick.IsZero():
		e.tick(in.Tick.Unix())
		if !e.derived.unfinished && len(e.decisions) == 0 {
			e.shelf.tire(e.now)
		}
	}
	return e.effects
}

// Memory is what the measurements take now.
func (e *Engine) Memory() cells.Memory { return e.store.Memory() }

// Fold brings measurements of services that there is no room for under one name; see cells.Store.
func (e *Engine) Fold(measured []correlate.Measurement) []correlate.Measurement {
	return e.store.Fold(measured)
}

// Stats are the counters since New.
func (e *Engine) Stats() Stats { return e.stats }

func (e *Engine) measured(all []correlate.Measurement) {
	for _, m := range all {
		switch {
		case m.Kind == correlate.Lost:
			e.store.Add(m)
			continue
		case e.now > 0 && m.Start > e.now+maxAhead:
			e.stats.Future++
			continue
		case m.Start+e.cfg.Resolution <= e.mark.At-e.cfg.AllowedLateness:
			e.stats.Late++
			continue
		case m.Start < e.judgedTo:
			e.differs(m.Start, correlate.LateMeasurement, m.Service)
		}
		e.mark.Observe(m.Start + e.cfg.Resolution)
		e.store.Add(m)
	}
}

// recollect takes in what is told of the past.
func recollect(e *Engine, p Past) {
	over := window.Floor(p.At.Unix(), e.cfg.Coarse)
	changed := cells.Tell(e.store, p.Cells, over-e.cfg.CoarseKeep, over)
	if len(changed) > 0 {
		e.observer.Forget()
	}
	for _, r := range changed {
		e.emit(correlate.Effect{Rollup: &r})
	}
}

// tick moves the watermark and decides everything that it has passed.
func (e *Engine) tick(now int64) {
	e.now = max(e.now, now)
	if e.mark.Newest == 0 {
		e.unobserved()
		return
	}
	before := e.mark.At
	switch e.mark.Advance(e.now, e.cfg.Lateness, e.cfg.IdleAfter, e.cfg.Resolution) {
	case window.WentIdle:
		e.emit(correlate.Effect{Idle: &correlate.Idle{From: at(e.mark.IdleFrom)}})
	case window.CameBack:
		e.emit(correlate.Effect{Idle: &correlate.Idle{From: at(e.mark.IdleFrom), Until: at(e.mark.Newest)}})
	}
	if e.mark.At > before || e.derived.unfinished {
		e.passed(before)
	}
	issueDue(e, e.mark.At)
}

// passed decides everything that the watermark has passed since it stood at an instant.
func (e *Engine) passed(before int64) {
	e.settle() // what is given up
	e.adoption().run()
	e.judge()
	judged := e.mark.At
	if e.derived.unfinished {
		judged = min(e.storedTo, e.derived.why.from)
	}
	e.emitJudged(judged)
	pretended, alarms := e.observer.Placebos(e.view(e.mark.At, e.observer, &e.faults).View, before)
	e.stats.Placebos, e.stats.FalseAlarms = e.stats.Placebos+pretended, e.stats.FalseAlarms+alarms
	e.store.Look(e.mark.At)
	e.closeRollups()
	e.sweep()
}

// emitJudged says how far everything was judged: when that lies further back than was said before, while a change is
// observed, and else once in a while.
func (e *Engine) emitJudged(to int64) {
	if to < e.storedTo || (to > e.storedTo && (to-e.storedTo >= e.cfg.Coarse || len(e.observing()) > 0)) {
		e.storedTo = to
		e.emit(correlate.Effect{Judged: &correlate.Judged{To: at(to)}})
	}
}

// unobserved closes windows by the clock while there has never been any telemetry.
func (e *Engine) unobserved() {
	e.checkedTo = max(e.checkedTo, e.now-e.cfg.Lateness)
	for _, c := range e.observing() {
		if e.windowEnd(c)+e.cfg.Lateness <= e.now {
			e.conclude(e.round(e.windowEnd(c), true), c, c.unseen(), true)
		}
	}
	e.issue(nil, reopening{})
	issueDue(e, e.checkedTo)
	e.settle()
}

// closeRollups emits the coarse buckets in which nothing is taken in any more.
func (e *Engine) closeRollups() {
	closed, forgot := e.store.Close(window.Floor(e.mark.At-e.cfg.AllowedLateness, e.cfg.Coarse), e.held)
	if forgot {
		e.deriveAgain()
	}
	for _, r := range closed {
		e.emit(correlate.Effect{Rollup: &r})
	}
}

// held is what the store is to keep before anything else.
func (e *Engine) held() cells.Held {
	e.watchNoMore()
	from := e.cfg.Cells().FineFrom(window.Floor(e.mark.At, e.cfg.Coarse), e.oldestWatched())
	return cells.Held{Open: e.openPlaces(), From: from}
}

// sweep forgets, once per coarse bucket, what no window can need any more.
func (e *Engine) sweep() {
	now := window.Floor(e.mark.At, e.cfg.Coarse) // the same instants also after a restart
	if now <= e.expired {
		return
	}
	e.expired = now
	e.watchNoMore()
	if len(e.observing()) == 0 {
		e.observer.Forget()
	}
	e.observer.Trim(e.oldestWatched())
	if !e.derived.unfinished {
		e.faults.sweep(now - e.cfg.CoarseKeep)
	}
	e.expire(now)
	clear(e.described)
	e.forget()
}

// expire forgets measurements that are older than any window needs. The services around a changed one are judged from the
// same time on, so all keep as much.
func (e *Engine) expire(now int64) {
	e.oldest = e.cfg.Cells().FineFrom(now, e.oldestWatched())
	e.store.Expire(e.oldest, min(e.oldest, now)-e.cfg.CoarseKeep)
}

func at(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
