package reduce

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/correlate"
)

// Defaults and bounds.
const (
	DefaultResolution = 10 * time.Second
	DefaultEdgeBytes  = 32 << 20
	DefaultMaxSeries  = 200_000

	future     = 5 * time.Minute // a record dated further ahead is dropped
	idleAfter  = time.Hour       // of event time; then a series, a stream, a sender is forgotten
	sweepEvery = 10 * time.Minute

	// While there is no room, what is young goes sooner: made-up names are heard of once.
	hastyAfter = 5 * time.Minute
	hastyEvery = time.Minute
)

// Options of a Reducer. The zero value works.
type Options struct {
	Resolution time.Duration      // the width of a bucket, whole seconds; DefaultResolution when 0
	Signals    []correlate.Signal // the custom signals
	EdgeBytes  int                // memory for halves of edges that wait for the other one, outside of the heap
	MaxSeries  int                // how many series, and how many cumulative streams, are kept at a time; see Resize
	Tally      *correlate.Tally   // where records are counted; nil keeps the counts to itself
	// Now tells what lies in the future. Nil, for recorded data, means that nothing does, and that cells between two
	// calls of Drain are not bounded.
	Now func() time.Time
}

// Reducer turns telemetry into measurements. It is safe for concurrent use.
type Reducer struct {
	tally     *correlate.Tally
	now       func() time.Time
	maxSeries atomic.Int64
	maxCells  atomic.Int64

	settings atomic.Pointer[settings]
	newest   atomic.Int64
	swept    atomic.Int64
	rezoned  atomic.Int64

	scopes   *scopes
	calls    *recent.Calls
	traces   traces
	streams  *streams
	accounts *accounts
	zones    *zones
	losses   losses
}

// settings is what Configure may change.
type settings struct {
	width   int64 // of a bucket, in nanoseconds
	signals map[string][]rule
}

// New makes a Reducer.
func New(o Options) *Reducer {
	if o.Tally == nil {
		o.Tally = &correlate.Tally{}
	}
	maxSeries := cmp.Or(o.MaxSeries, DefaultMaxSeries)
	r := &Reducer{
		tally:    o.Tally,
		now:      o.Now,
		calls:    recent.NewCalls(cmp.Or(o.EdgeBytes, DefaultEdgeBytes)),
		streams:  newStreams(),
		accounts: newAccounts(),
		zones:    newZones(),
	}
	r.scopes = newScopes(r)
	r.bound(int64(maxSeries), int64(maxSeries))
	r.Configure(o.Signals, o.Resolution)
	r.announce()
	return r
}

// Configure replaces the custom signals and the resolution. What was reduced before stays as it is, cumulative streams
// go on.
func (r *Reducer) Configure(signals []correlate.Signal, resolution time.Duration) {
	r.settings.Store(&settings{
		width:   int64(max(cmp.Or(resolution, DefaultResolution).Truncate(time.Second), time.Second)),
		signals: rules(signals),
	})
}

// Newest is the newest event time that was accepted, in Unix nanoseconds; 0 before the first.
func (r *Reducer) Newest() int64 { return r.newest.Load() }

// Drain takes what was reduced since the last call, and what was lost, sorted by key and start. A key and start that was drained before
// may come again with what arrived since; adding both up is the whole.
func (r *Reducer) Drain() []correlate.Measurement {
	names := r.scopes.ambiguous()
	drained := r.losses.drain(r.scopes.drain(names), names)
	slices.SortFunc(drained, func(a, b correlate.Measurement) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Start, b.Start))
	})
	drained = joined(drained)
	r.traces.watch(r.scopes.rollouts(r.newest.Load() / 1e9))
	r.settle()
	r.sweep()
	return drained
}

// settle has the system keep tables that are used all over as they are read fastest.
func (r *Reducer) settle() {
	r.calls.Settle()
	if table := r.traces.table.Load(); table != nil {
		table.Settle()
	}
}

// sweep forgets what has been idle, now and then.
func (r *Reducer) sweep() {
	newest := r.newest.Load()
	every, short := sweepEvery, r.losses.short.Load()
	if short {
		every = hastyEvery
	}
	if newest-r.swept.Load() < int64(every) {
		return
	}
	r.swept.Store(newest)
	before := newest - int64(idleAfter)
	hasty := before
	if short {
		hasty = newest - int64(hastyAfter)
	}
	r.scopes.forget(before, hasty)
	r.streams.forget(before, hasty)
	r.accounts.forget(hasty)
	if newest-r.rezoned.Load() >= int64(sweepEvery) {
		r.rezoned.Store(newest)
		r.zones.forget(int32(idleAfter / sweepEvery))
	}
	r.losses.short.Store(short && r.crowded())
}

// saw moves Newest forward.
func (r *Reducer) saw(at int64) {
	for {
		newest := r.newest.Load()
		if at <= newest || r.newest.CompareAndSwap(newest, at) {
			return
		}
	}
}

// Result says what became of one record. It is a label of the tally.
type Result uint8

// The results. Whatever was received is in exactly one of them.
const (
	Accepted Result = iota // counted, or the reference that a later cumulative point is counted from
	Ignored                // well-formed and of no use here: an internal span, a metric that nobody asked for or told twice
	Unusable               // no service.name, no time, or numbers that can't be right
	Overflow               // counted under a folded name, or dropped, because a bound was reached
	Future                 // dated more than five minutes ahead of the clock
	results
)

func (r Result) String() string {
	return [results]string{"accepted", "ignored", "unusable", "overflow", "future"}[r]
}

// Counts holds one count for each Result.
type Counts [results]int64

// The sources under which records are counted in the tally.
const (
	Spans  = "spans"
	Points = "points"
	Logs   = "logs"
)

// Count adds a batch of results to the tally, under Spans, Points or Logs.
func (r *Reducer) Count(source string, counts Counts) {
	for result, n := range counts {
		if n > 0 {
			r.tally.Add(correlate.Count{What: "telemetry", Source: source, Result: Result(result).String()}, n)
		}
	}
}

// announce creates every counter, so that nothing lost reads as 0 and not as absent.
func (r *Reducer) announce() {
	for _, source := range []string{Spans, Points, Logs} {
		for result := range results {
			r.tally.Add(correlate.Count{What: "telemetry", Source: source, Result: result.String()}, 0)
		}
	}
}
