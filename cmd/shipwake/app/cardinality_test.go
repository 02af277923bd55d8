package app

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// The short form of make bench-cardinality, in virtual time: what comes in and the engine under a bomb of made-up
// services and operations. The services known before stay exact, the heap within what both may take, and it ends.
func TestABombOfNames(t *testing.T) {
	const (
		intake, store = 8 << 20, 16 << 20
		services      = 60_000
		each          = 3 // operations of each
	)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	before := heap()
	r := reduce.New(reduce.Options{})
	r.Resize(intake)
	cfg := engine.DefaultConfig()
	cfg.Memory = store
	e := engine.New(cfg)

	known := []string{"checkout", "cart", "payments"}
	sent, counted, overflow := map[string]int64{}, map[string]int64{}, int64(0)
	span := func(service, operation string, at time.Time) {
		sender := r.Sender(reduce.Resource{Service: service})
		end := at.UnixNano()
		sender.Span(&reduce.Span{Kind: reduce.SpanServer, Start: end - 5e6, End: end, Name: operation})
	}
	tick := func(now time.Time) {
		for _, name := range known {
			for i := range 10 {
				span(name, fmt.Sprint("GET /part/", i), now)
				sent[name]++
			}
		}
		cells := e.Fold(r.Drain())
		for _, c := range cells {
			if c.Kind == correlate.Traffic {
				counted[c.Service] += c.Requests
			}
		}
		e.Apply(engine.Input{Measured: cells})
		e.Apply(engine.Input{Tick: now})
	}
	now := start
	for range 60 {
		now = now.Add(10 * time.Second)
		tick(now)
	}
	most := int64(0)
	for i := range services {
		for o := range each {
			span(fmt.Sprint("made-up-service-", i), fmt.Sprintf("/made-up/%d/%d", i, o), now)
		}
		name := known[i%len(known)]
		span(name, fmt.Sprint("/made-up/of/", i), now)
		sent[name]++
		if i%500 == 499 {
			now = now.Add(10 * time.Second)
			tick(now)
		}
		if i%10_000 == 9_999 {
			most = max(most, heap()-before)
		}
	}
	overflow = counted[correlate.Overflow]
	require.Positive(t, overflow)
	require.Less(t, most, int64(intake+2*store), "what comes in, and what is measured and came since memory was last rationed")
	for range 120 {
		now = now.Add(10 * time.Second)
		tick(now)
	}
	require.Equal(t, overflow, counted[correlate.Overflow], "it ends")
	require.False(t, e.Memory().Full)
	span("newcomer", "/", now)
	tick(now.Add(10 * time.Second))
	for _, name := range known {
		require.Equal(t, sent[name], counted[name], name)
	}
	require.EqualValues(t, 1, counted["newcomer"])
	t.Logf("heap %d MiB of %d, %d requests folded, %+v", most>>20, (intake+store)>>20, overflow, e.Memory())
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
