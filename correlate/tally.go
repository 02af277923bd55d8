package correlate

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// Count names one counter of a Tally. Both label values come from closed sets or from configuration, never from input.
type Count struct {
	What   string // "deliveries", "facts", "telemetry": what is counted
	Source string // the source or signal it came by
	Result string // what became of it
}

// CountValue is a counter with its value.
type CountValue struct {
	Count
	Value int64
}

// Tally counts what came in and what became of it, from every door of one process. The zero value is ready to use.
type Tally struct {
	m             sync.Map // Count → *atomic.Int64
	shed, refused atomic.Int64

	mu     sync.Mutex
	missed map[missed]int64
}

// missed is a loss of a place at an instant.
type missed struct {
	Place
	at int64
}

// mostMissed bounds the losses that are told apart until somebody takes them; further ones are everybody's.
const mostMissed = 10_000

// Miss counts a scrape of a process of a place that wasn't answered at an instant: what it would have told is lost.
func (t *Tally) Miss(p Place, at int64) {
	t.Add(Count{What: "scrapes", Result: "missed"}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	m := missed{p, at}
	if _, known := t.missed[m]; !known && len(t.missed) >= mostMissed {
		t.refused.Add(1)
		return
	}
	if t.missed == nil {
		t.missed = map[missed]int64{}
	}
	t.missed[m]++
}

// TakeMissed is what was missed since the last call, in buckets of a width in seconds, sorted.
func (t *Tally) TakeMissed(width int64) (cells []Measurement) {
	t.mu.Lock()
	all := t.missed
	t.missed = nil
	t.mu.Unlock()
	for m, n := range all {
		cells = append(cells, Measurement{
			Key:  Key{Service: m.Service, Environment: m.Environment, Kind: Lost, Name: LostScrapes},
			Cell: Cell{Start: m.at - m.at%width, Requests: n},
		})
	}
	slices.SortFunc(cells, func(a, b Measurement) int { return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Start, b.Start)) })
	return cells
}

// Refuse counts telemetry that was not taken in: what is LostShed or LostRefused. Besides the counter that readers see, it
// is kept until somebody takes it, since no verdict may be healthy that it may have been meant for.
func (t *Tally) Refuse(source, what string, n int64) {
	t.Add(Count{What: "telemetry", Source: source, Result: what}, n)
	if what == LostShed {
		t.shed.Add(n)
		return
	}
	t.refused.Add(n)
}

// TakeRefused is what was refused since the last call, as measurements of nobody in particular that start at an instant.
func (t *Tally) TakeRefused(start int64) (cells []Measurement) {
	for _, part := range []struct {
		what string
		n    int64
	}{{LostRefused, t.refused.Swap(0)}, {LostShed, t.shed.Swap(0)}} {
		if part.n > 0 {
			cells = append(cells, Measurement{Key: Key{Kind: Lost, Name: part.what}, Cell: Cell{Start: start, Requests: part.n}})
		}
	}
	return cells
}

// Add adds n to a counter, and creates it at the first call, also with n = 0.
func (t *Tally) Add(c Count, n int64) {
	v, ok := t.m.Load(c)
	if !ok {
		v, _ = t.m.LoadOrStore(c, new(atomic.Int64))
	}
	v.(*atomic.Int64).Add(n)
}

// Values returns all counters, sorted.
func (t *Tally) Values() []CountValue {
	var all []CountValue
	t.m.Range(func(k, v any) bool {
		all = append(all, CountValue{k.(Count), v.(*atomic.Int64).Load()})
		return true
	})
	slices.SortFunc(all, func(a, b CountValue) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Result, b.Result))
	})
	return all
}
