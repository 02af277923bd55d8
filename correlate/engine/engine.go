// Package engine answers: what follows from this input?
//
// Apply is deterministic and single-threaded: no clock, no goroutine, no I/O. Time comes in as Tick. It returns
// effects; whoever drives it commits them and then tells the world. State is integers; verdicts are pure functions of
// the cells and facts up to the watermark, so that arrival order within the lateness doesn't show in them.
package engine

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Input is one thing that happened. Exactly one field is set.
type Input struct {
	Facts    []Fact // in the order of the ledger
	Recall   *Recall
	Measured []correlate.Measurement
	Tick     time.Time   // the time now; it must not run backwards by more than it is corrected for
	Gap      window.Span // telemetry was not received in this stretch (Unix seconds)
}

// Fact is a fact with the time it was received.
type Fact struct {
	correlate.Fact
	ReceivedAt time.Time
	Retracted  bool // nobody says so any more
}

// Recall brings back records that have left memory, before a fact that touches them is applied.
type Recall struct {
	Changes   []correlate.ChangeRecord
	Incidents []correlate.IncidentRecord
	// Revisions are the verdicts of the changes, in order; of a change without any, the one in its record counts.
	Revisions []correlate.Verdict
}

// maxAhead is how far in the future of the clock a measurement may lie, in seconds.
const maxAhead = 300

// Engine holds the state. It must be used from one goroutine.
type Engine struct {
	cfg       Config
	digest    string // of the configuration
	mark      window.Watermark
	now       int64
	store     *store
	changes   map[string]*change
	incidents map[string]*incident
	byPlace   map[place][]*change // sorted by completion
	// incidentsAt and incidentsBy are the incidents of a place, and those that name a change as their cause.
	incidentsAt map[place][]*incident
	incidentsBy map[string][]*incident
	watched     []*change // see watch, sorted by start
	current     []*change // see inSight
	unfinished  map[*change]bool
	asOf        int64 // the instant that is being judged
	heard       int64 // what was judged up to
	told        int64 // what the ledger knows of that
	late        late
	rehearing   bool
	reheard     []heardAgain
	oldest      int64 // fine cells that start before this may be forgotten
	around      look
	neighbours  map[place]*watch // of the services around the watched changes
	graph       graph
	// faults are what is known of the faults of a place, in the order in which it was decided.
	faults   map[place][]correlate.Regression
	past     map[place]map[int64]*before
	gaps     []window.Span
	rolledUp int64 // rollups that start before this are closed
	expired  int64 // when memory was last swept
	pruned   int64 // the same, of what is being restored
	stats    Stats
	effects  []correlate.Effect
}

// Stats counts what Apply did not use, and how often it would have been wrong.
type Stats struct {
	Late, Future int64 // cells
	// Placebos counts pseudo-changes, FalseAlarms those that would have been called regressed.
	Placebos, FalseAlarms int64
}

// New makes an engine without any state.
func New(cfg Config) *Engine {
	return &Engine{
		cfg:         cfg,
		digest:      digestOf(cfg),
		store:       newStore(),
		changes:     map[string]*change{},
		incidents:   map[string]*incident{},
		byPlace:     map[place][]*change{},
		incidentsAt: map[place][]*incident{},
		incidentsBy: map[string][]*incident{},
		faults:      map[place][]correlate.Regression{},
		unfinished:  map[*change]bool{},
		late:        late{from: never},
		neighbours:  map[place]*watch{},
		past:        map[place]map[int64]*before{},
	}
}

// Apply takes one input and returns what follows from it. The effects are the caller's.
func (e *Engine) Apply(in Input) []correlate.Effect {
	e.effects = nil
	switch {
	case in.Facts != nil:
		e.facts(in.Facts)
	case in.Recall != nil:
		e.recall(*in.Recall)
	case in.Measured != nil:
		e.measured(in.Measured)
	case in.Gap != (window.Span{}):
		e.gaps = append(e.gaps, in.Gap)
	case !in.Tick.IsZero():
		e.tick(in.Tick.Unix())
	}
	return e.effects
}

// Watermark is how far event time is complete; zero before the first telemetry.
func (e *Engine) Watermark() time.Time {
	if e.mark.At <= 0 {
		return time.Time{}
	}
	return at(e.mark.At)
}

// Idle says whether telemetry is silent.
func (e *Engine) Idle() bool { return e.mark.Idle }

// Series is the number of tracked measurement series.
func (e *Engine) Series() int { return e.store.series }

// Stats are the counters since New.
func (e *Engine) Stats() Stats { return e.stats }

// OpenWindows is the number of changes under observation.
func (e *Engine) OpenWindows() int {
	n := 0
	for _, c := range e.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			n++
		}
	}
	return n
}

// Knows says whether the record of a change or an incident is in memory.
func (e *Engine) Knows(id string) bool { return e.changes[id] != nil || e.incidents[id] != nil }

func (e *Engine) measured(cells []correlate.Measurement) {
	for _, m := range cells {
		switch {
		case m.Kind == correlate.Lost:
			e.store.lost(m)
			continue
		case e.now > 0 && m.Start > e.now+maxAhead:
			e.stats.Future++
			continue
		case m.Start+e.cfg.Resolution <= e.mark.At-e.cfg.AllowedLateness:
			e.stats.Late++
			continue
		case m.Start < e.heard:
			e.goBack(m.Start, correlate.LateMeasurement, m.Service)
		}
		e.keep(m)
	}
}

// keep stores a cell. A cell in a rollup that is already closed stays out of it.
func (e *Engine) keep(m correlate.Measurement) {
	e.mark.Observe(m.Start + e.cfg.Resolution)
	if m.Kind == correlate.Route {
		e.store.addRoute(m, e.routeWidth())
		return
	}
	e.store.addFine(m)
	if window.Floor(m.Start, e.cfg.Coarse) >= e.rolledUp {
		e.store.addCoarse(m, e.cfg.Coarse)
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
	if e.mark.At == before {
		return
	}
	e.asOf = e.mark.At
	e.abandon()
	e.adoptVersions()
	e.judge()
	e.tellJudged(e.mark.At)
	e.placebos(before, e.mark.At)
	e.closeRollups()
	e.sweep()
}

// tellJudged says how far everything was judged: when that lies further back than was told before, while a change is
// observed, and else once in a while.
func (e *Engine) tellJudged(to int64) {
	if to < e.told || (to > e.told && (to-e.told >= e.cfg.Coarse || len(e.observing()) > 0)) {
		e.told = to
		e.emit(correlate.Effect{Judged: &correlate.Judged{To: at(to)}})
	}
}

// unobserved closes windows by the clock while there has never been any telemetry.
func (e *Engine) unobserved() {
	for _, c := range e.observing() {
		if e.windowEnd(c)+e.cfg.Lateness <= e.now {
			e.conclude(c, finding{
				outcome: correlate.Inconclusive, reason: correlate.ReasonNoTelemetry,
			}, e.windowEnd(c), true)
		}
	}
}

// closeRollups emits the coarse buckets in which nothing is taken in any more.
func (e *Engine) closeRollups() {
	end := window.Floor(e.mark.At-e.cfg.AllowedLateness, e.cfg.Coarse)
	if e.rolledUp == 0 {
		e.rolledUp = e.oldestCoarse(end)
	}
	var forgotten []correlate.Measurement
	if e.rolledUp < end {
		forgotten = e.ration(end)
	}
	for start := e.rolledUp; start < end; start += e.cfg.Coarse {
		cells := e.store.rollup(start)
		for i := range cells {
			cells[i].Latency = slices.Clone(cells[i].Latency)
		}
		if start+e.cfg.Coarse == end && (len(cells) > 0 || len(forgotten) > 1) { // one is of the course of time alone
			cells = append(cells, forgotten...)
			slices.SortFunc(cells, byKeyAndStart)
		}
		if len(cells) > 0 {
			e.emit(correlate.Effect{Rollup: &correlate.Rollup{Start: start, Cells: cells}})
		}
	}
	e.rolledUp = end
}

func (e *Engine) oldestCoarse(end int64) int64 {
	oldest := end
	for _, s := range e.store.services {
		for _, str := range s.streams {
			if len(str.coarse) > 0 {
				oldest = min(oldest, str.coarse[0].Start)
			}
		}
	}
	return oldest
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
		clear(e.neighbours)
	}
	e.sweepFaults(now - e.cfg.CoarseKeep)
	e.expire(now)
	e.gaps = slices.DeleteFunc(e.gaps, func(g window.Span) bool { return g.To < now-e.cfg.CoarseKeep })
	if e.cfg.KeepRecords > 0 {
		e.forget(e.now - e.cfg.KeepRecords)
	}
}

// sweepFaults forgets what was known of faults long ago, but the last.
func (e *Engine) sweepFaults(before int64) {
	for p, all := range e.faults {
		n := 0
		for n < len(all)-1 && all[n].DecidedAt.Unix() < before {
			n++
		}
		e.faults[p] = slices.Clone(all[n:])
	}
}

// watchNoMore lists no longer the changes whose time has passed.
func (e *Engine) watchNoMore() {
	e.watched = slices.DeleteFunc(e.watched, func(c *change) bool { return !e.watchable(c) })
}

// expire forgets measurements that are older than any window needs.
func (e *Engine) expire(now int64) {
	oldest := e.oldestNeeded(now)
	e.oldest = oldest
	e.store.expire(func(place) int64 { return oldest }, min(oldest, now)-e.cfg.CoarseKeep)
}

// oldestNeeded is from when on fine cells are kept. The services around a changed one are judged from the same time on, so
// all keep as much.
func (e *Engine) oldestNeeded(now int64) int64 {
	oldest := now - e.cfg.FineKeep
	if len(e.watched) > 0 {
		oldest = min(oldest, e.watched[0].start()-e.cfg.Baseline)
	}
	return max(oldest, now-3*e.cfg.FineKeep)
}

func (e *Engine) emit(eff correlate.Effect) { e.effects = append(e.effects, eff) }

func at(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
