package observe

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// asked is a service that gets so many requests in each cell.
func asked(w *world, requests func(at int64) int64) {
	for at := int64(-3600); at < 900; at += 10 {
		if n := requests(at); n > 0 {
			w.measure(correlate.Key{Service: "shop", Kind: correlate.Traffic}, at, correlate.Cell{Requests: n})
		}
	}
}

func TestASurgeOfLoad(t *testing.T) {
	from := func(begin, end, factor int64) func(int64) int64 {
		return func(at int64) int64 {
			if at >= begin && at < end {
				return 100 * factor
			}
			return 100
		}
	}
	for name, c := range map[string]struct {
		requests func(at int64) int64
		signal   string
		want     bool
	}{
		"three times the load from a minute before the fault on":   {from(-60, 900, 3), "error_ratio", true},
		"the same, and the fault is a loss":                        {from(-60, 900, 3), "throughput", false},
		"as much load as ever":                                     {from(0, 0, 1), "error_ratio", false},
		"three times the load from the fault on, as callers retry": {from(0, 900, 3), "error_ratio", false},
		"it came twenty minutes before":                            {from(-1200, 900, 3), "error_ratio", false},
		"it went away ten minutes before":                          {from(-660, -600, 3), "error_ratio", false},
		"the same happens every five minutes": {func(at int64) int64 {
			if (at+3600)%300 >= 240 {
				return 300
			}
			return 100
		}, "error_ratio", false},
		"nothing was heard until half an hour before": {func(at int64) int64 {
			if at < -600 {
				return 0
			}
			return from(-60, 900, 3)(at)
		}, "error_ratio", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			asked(w, c.requests)
			require.Equal(t, c.want, Surged(w.store, Fault{Place: place("shop"), Signal: c.signal, Onset: now(0)}))
		})
	}
	require.False(t, Surged(newWorld(t).store, Fault{Place: place("nobody"), Onset: now(0)}))
}

// TestSteadyLoadNeverSurges: a load that grows by less than a tenth a minute, and strays by a tenth, is no surge.
func TestSteadyLoadNeverSurges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		growth, stray := rapid.Float64Range(-0.01, 0.01).Draw(rt, "growth a minute"), rapid.Int64Range(0, 20).Draw(rt, "stray")
		w := newWorld(t)
		asked(w, func(at int64) int64 {
			return int64(200*(1+growth*float64(at+3600)/60)) + (at/10*7919)%(stray+1)
		})
		require.False(t, Surged(w.store, Fault{Place: place("shop"), Signal: "error_ratio", Onset: now(0)}))
	})
}
