package engine

import (
	"crypto/sha1"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// BenchmarkFacts is a batch of changes of one service, as somebody sends who tells all of the past at once.
func BenchmarkFacts(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		facts := make([]Fact, n)
		for i := range facts {
			done := midnight.Add(-time.Duration(n-i) * time.Minute)
			facts[i] = Fact{ReceivedAt: midnight, Fact: correlate.Fact{Change: &correlate.Change{
				ID: fmt.Sprint("c", i), Service: "checkout", Version: fmt.Sprint("v", i), Status: correlate.StatusSucceeded,
				StartedAt: done, FinishedAt: done,
			}}}
		}
		b.Run(fmt.Sprint(n, " at once"), func(b *testing.B) {
			for b.Loop() {
				New(DefaultConfig()).Apply(Input{Facts: facts})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/fact")
		})
	}
}

// BenchmarkJudging is what a service with nothing to say costs for each bucket. Observed is one with an open window: the CPU
// time of the ticks of a fleet that all changed, less that of the same fleet without a change. Unobserved is one without: the
// latter, that is its rollups, its packing and its pseudo-changes. Half of the services serve the new version beside the old
// one, the others all at once; each is called by the next of its group of five. The past is changes that closed long ago, the
// history days of rollups from before.
func BenchmarkJudging(b *testing.B) {
	for _, f := range []fleet{
		{services: 100},
		{services: 100, past: 10_000},
		{services: 20, history: 8},
	} {
		b.Run(fmt.Sprintf("services=%d/past=%d/days=%d", f.services, f.past, f.history), func(b *testing.B) {
			var observed, unobserved time.Duration
			buckets := 0
			for b.Loop() {
				with, n := f.observe(true)
				without, _ := f.observe(false)
				observed, unobserved = observed+with-without, unobserved+without
				buckets += n
			}
			b.ReportMetric(float64(observed.Nanoseconds())/float64(buckets*f.services), "cpu-ns/observed-service-bucket")
			b.ReportMetric(float64(unobserved.Nanoseconds())/float64(buckets*f.services), "cpu-ns/unobserved-service-bucket")
		})
	}
}

// fleet is services under a steady load.
type fleet struct {
	services int
	past     int   // changes that closed long ago
	history  int64 // days of rollups
}

// observe feeds a fleet with an hour of baseline and a whole window, and returns the CPU time of the ticks of the window.
func (f fleet) observe(changed bool) (spent time.Duration, buckets int) {
	cfg := DefaultConfig()
	cfg.AdoptAfter = math.MaxInt32 // a version that nobody reports stays without a change
	e := New(cfg)
	load := newLoad(200)
	from := midnight.Unix()
	e.Apply(Input{Tick: at(from)})
	var past []Fact
	for i := range f.past {
		past = append(past, f.fact(i, at(from).Add(-time.Duration(i+1)*time.Minute), fmt.Sprint("past-", i)))
	}
	if past != nil {
		e.Apply(Input{Facts: past})
	}
	for start := from - f.history*86400; start < from; start += e.cfg.Coarse {
		e.RestoreRollup(correlate.Rollup{Start: start, Cells: f.cells(load, start, false)})
	}
	began := from + e.cfg.Baseline
	until := began + e.cfg.Watch + e.cfg.Judge.Grace + e.cfg.Lateness
	for start := from; start <= until; start += e.cfg.Resolution {
		e.Apply(Input{Measured: f.cells(load, start, start >= began)})
		if start == began && changed {
			var facts []Fact
			for i := range f.services {
				facts = append(facts, f.fact(i, at(began), fmt.Sprint("change-", i)))
			}
			e.Apply(Input{Facts: facts})
		}
		before := cpuTime()
		e.Apply(Input{Tick: at(start + e.cfg.Resolution)})
		if start >= began {
			spent += cpuTime() - before
			buckets++
		}
	}
	return spent, buckets
}

func (f fleet) name(i int) string { return fmt.Sprint("service-", i%f.services) }

func (f fleet) fact(i int, done time.Time, id string) Fact {
	return Fact{ReceivedAt: done, Fact: correlate.Fact{Change: &correlate.Change{
		ID: id, Service: f.name(i), Environment: "production", Version: "v2", Kind: correlate.KindDeployment,
		Status: correlate.StatusSucceeded, StartedAt: done, FinishedAt: done,
	}}}
}

// cells are what all services measure in one bucket.
func (f fleet) cells(l *load, start int64, changed bool) []correlate.Measurement {
	var all []correlate.Measurement
	add := func(i int, kind correlate.SignalKind, origin correlate.Origin, version, peer string) {
		all = append(all, correlate.Measurement{Cell: l.cell(start), Key: correlate.Key{
			Service: f.name(i), Environment: "production", Kind: kind, Origin: origin, Version: version, Peer: peer,
		}})
	}
	for i := range f.services {
		switch {
		case i%2 == 0:
			add(i, correlate.Traffic, correlate.OriginServerMetric, "", "")
		default:
			add(i, correlate.Traffic, correlate.OriginServerMetric, "v1", "")
			if changed {
				add(i, correlate.Traffic, correlate.OriginServerMetric, "v2", "")
			}
		}
		if i%5 != 0 {
			add(i, correlate.Edge, correlate.OriginClient, "", f.name(i-1))
		}
	}
	return all
}

// load draws cells of so many requests, half a percent of errors, and log-normal latencies.
type load struct {
	rng        *rand.Rand
	requests   int
	histograms []correlate.Histogram
}

func newLoad(requests int) *load {
	l := &load{rng: rand.New(rand.NewPCG(1, 1)), requests: requests, histograms: make([]correlate.Histogram, 200)}
	for i := range l.histograms {
		for range requests {
			l.histograms[i].Add(correlate.BinIndex(int64(5e7*math.Exp(0.5*l.rng.NormFloat64()))), 1)
		}
	}
	return l
}

func (l *load) cell(start int64) correlate.Cell {
	c := correlate.Cell{Start: start, Requests: int64(l.requests), Latency: l.histograms[l.rng.IntN(len(l.histograms))]}
	for range c.Requests {
		if l.rng.Float64() < 0.005 {
			c.Errors++
		}
	}
	return c
}

// BenchmarkFlood is many changes of the last three hours that are told at once, while their windows are open or have just
// closed: how long the longest tick takes, how long all of it, and how much CPU.
func BenchmarkFlood(b *testing.B) {
	sizes := []int{2_000}
	if !testing.Short() {
		sizes = append(sizes, 20_000)
	}
	for _, changes := range sizes {
		b.Run(fmt.Sprint(changes), func(b *testing.B) {
			f := fleet{services: 50}
			var longest, all, spent time.Duration
			for b.Loop() {
				cfg := DefaultConfig()
				cfg.AdoptAfter, cfg.LooksAtOnce = math.MaxInt32, 30_000
				e, load := New(cfg), newLoad(200)
				from := midnight.Unix()
				until := from + 4*3600
				e.Apply(Input{Tick: at(from)})
				for start := from; start < until; start += cfg.Resolution {
					e.Apply(Input{Measured: f.cells(load, start, false)})
					e.Apply(Input{Tick: at(start + cfg.Resolution)})
				}
				for n := 0; n < changes; n += 500 {
					facts := make([]Fact, 500)
					for i := range facts {
						facts[i] = f.fact(n+i, at(from+3600+int64(n+i)*3*3600/int64(changes)), fmt.Sprint("late-", n+i))
						facts[i].ReceivedAt = at(until)
					}
					e.Apply(Input{Facts: facts})
				}
				longest, all, spent = 0, 0, -cpuTime()
				for now := until + cfg.Resolution; now == until+cfg.Resolution || Behind(e); now++ {
					began := time.Now()
					e.Apply(Input{Measured: f.cells(load, window.Floor(now, cfg.Resolution), false)})
					e.Apply(Input{Tick: at(now + cfg.Resolution)})
					took := time.Since(began)
					longest, all = max(longest, took), all+took
				}
				spent += cpuTime()
			}
			b.ReportMetric(float64(longest.Milliseconds()), "ms/longest-tick")
			b.ReportMetric(float64(all.Milliseconds()), "ms/all-ticks")
			b.ReportMetric(spent.Seconds(), "cpu-s/all-ticks")
		})
	}
}

// evidence is a piece of it, with numbers as they are rounded.
func evidence(signal string, rng *rand.Rand) correlate.Evidence {
	some := func(most float64) float64 { return math.Round(rng.Float64()*most*1e4) / 1e4 }
	return correlate.Evidence{
		Signal: signal, Baseline: some(1), Observed: some(1), Ratio: some(2), Interval: [2]float64{some(1), some(2)}, EValue: some(1),
		N: rng.Int64N(1e6), Events: rng.Int64N(1e4), Grade: correlate.GradeC, SmallestVisible: some(3),
		AtMost: correlate.AtMost{Ratio: some(2), Difference: some(1), Level: 0.95, MarginRatio: 1.2, MarginDifference: 0.005},
	}
}

// BenchmarkKept is the heap that a change takes whose time is over: one that was told as history, the last ones of a year of
// which the rest has left memory, and one that was judged, with evidence. Ten minutes have passed since.
func BenchmarkKept(b *testing.B) {
	const services, each = 1000, 10
	record := func(service, n int) correlate.ChangeRecord {
		done := midnight.Add(time.Duration(n-each) * 3 * time.Hour)
		return correlate.ChangeRecord{Change: correlate.Change{
			ID: fmt.Sprintf("cdevents-event-%d-%d", service, n), Service: fmt.Sprintf("service-%d", service), Version: fmt.Sprintf("v%d", n),
			Status: correlate.StatusSucceeded, Source: "cdevents", StartedAt: done, FinishedAt: done, Commit: fmt.Sprintf("%040x", sha1.Sum(fmt.Append(nil, n, service))),
			URL: fmt.Sprintf("https://ci.example/runs/%d", n*service), Actor: "ci",
		}.WithDefaults()}
	}
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	restFormat().Pack(nil, make([]byte, 1)) // what packs is there once, however many changes there are
	for name, fill := range map[string]func(e *Engine){
		"history": func(e *Engine) {
			for n := range each {
				var facts []Fact
				for s := range services {
					c := record(s, n).Change
					facts = append(facts, Fact{ReceivedAt: midnight.AddDate(0, 0, 1), Fact: correlate.Fact{Change: &c}})
				}
				e.Apply(Input{Facts: facts})
			}
		},
		"year": func(e *Engine) {
			for n := range 6 * each {
				var facts []Fact
				for s := range services {
					c := record(s, n).Change
					c.StartedAt = midnight.AddDate(0, 0, 6*(n-6*each))
					c.FinishedAt = c.StartedAt
					facts = append(facts, Fact{ReceivedAt: midnight, Fact: correlate.Fact{Change: &c}})
				}
				e.Apply(Input{Facts: facts})
			}
		},
		"judged": func(e *Engine) {
			var all []correlate.ChangeRecord
			rng := rand.New(rand.NewPCG(1, 1))
			for n := range each {
				for s := range services {
					c := record(s, n)
					c.Phase, c.ReceivedAt = correlate.PhaseClosed, midnight
					c.WindowStart, c.WindowEnd = c.StartedAt, c.FinishedAt.Add(time.Hour)
					c.Verdict = &correlate.Verdict{
						ChangeID: c.ID, Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Revision: 1, Final: true, DecidedAt: midnight,
						Service: c.Service, Environment: c.Environment, Version: c.Version, Grade: correlate.GradeC, Inputs: fmt.Sprintf("%016x", rng.Uint64()),
						Evidence: []correlate.Evidence{evidence("error_ratio", rng), evidence("latency_p90", rng)},
					}
					all = append(all, c)
				}
			}
			e.RestoreRecords(Recall{Changes: all}, nil)
			e.Resume(time.Time{})
		},
	} {
		b.Run(name, func(b *testing.B) {
			var bytes float64
			for b.Loop() {
				before := heap()
				e := New(DefaultConfig())
				fill(e)
				last := midnight.AddDate(0, 0, 2)
				for now := last; now.Before(last.Add(10 * time.Minute)); now = now.Add(time.Second) {
					e.Apply(Input{Tick: now})
				}
				kept := len(e.changes) + len(e.shelf.ids)
				bytes = (heap() - before) / float64(kept)
				runtime.KeepAlive(e)
			}
			b.ReportMetric(bytes, "B/change")
		})
	}
}
