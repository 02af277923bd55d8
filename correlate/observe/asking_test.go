package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// Requests in each cell before and since a loss: those of the caller, the caller's calls, and how many of these fail.
type loss struct {
	caller, callerSince, calls, callsSince, failedSince int64
}

func TestALossIsAboveWhereCallersAskLess(t *testing.T) {
	for name, c := range map[string]struct {
		loss
		signal string
		want   bool
	}{
		"the caller gets fewer requests itself":    {loss{1000, 300, 500, 150, 0}, "throughput", true},
		"it gets none, and makes none":             {loss{1000, 0, 500, 0, 0}, "throughput", true},
		"it gets as many, and calls less":          {loss{1000, 1000, 500, 150, 0}, "throughput", false},
		"a little less doesn't explain a lot":      {loss{1000, 900, 500, 50, 0}, "throughput", false},
		"it asks less, and what it asks fails":     {loss{1000, 300, 500, 150, 60}, "throughput", false},
		"it asks as much":                          {loss{1000, 300, 500, 500, 0}, "throughput", false},
		"the fault is no loss":                     {loss{1000, 300, 500, 150, 0}, "error_ratio", false},
		"nothing counts the caller's own requests": {loss{0, 0, 500, 150, 0}, "throughput", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := int64(-3600); at < 900; at += 10 {
				own, calls, failed := c.caller, c.calls, int64(1)
				if at >= 100 {
					own, calls, failed = c.callerSince, c.callsSince, c.failedSince
				}
				for k, cell := range map[correlate.Key]correlate.Cell{
					{Service: "shop", Kind: correlate.Traffic}:                                              {Requests: own},
					{Service: "shop", Peer: "db", Kind: correlate.Edge, Origin: correlate.OriginClientSpan}: {Requests: calls, Errors: min(failed, calls)},
				} {
					if cell.Requests > 0 {
						w.measure(k, at, cell)
					}
				}
			}
			f := Fault{Place: place("db"), Signal: c.signal, Onset: now(100)}
			require.Equal(t, c.want, LostAbove(w.store, f, now(900)))
		})
	}
}

func TestWithoutCallersALossIsNotAbove(t *testing.T) {
	w := newWorld(t)
	w.serve("db", "v1", 0, 100)
	require.False(t, LostAbove(w.store, Fault{Place: place("db"), Signal: "throughput", Onset: now(100)}, now(900)))
	require.False(t, LostAbove(w.store, Fault{Place: place("nobody"), Signal: "throughput", Onset: now(100)}, now(900)))
}

func TestTheOnlyCallerWhoseCallsFail(t *testing.T) {
	type calls struct{ a, failsA, b, failsB int64 } // in each cell since the onset
	for name, c := range map[string]struct {
		calls
		signal string
		want   string
	}{
		"one fails, and another that asks as much doesn't": {calls{100, 30, 100, 0}, "client_error_ratio", "a"},
		"both fail":                        {calls{100, 30, 100, 30}, "client_error_ratio", ""},
		"none does":                        {calls{100, 0, 100, 0}, "client_error_ratio", ""},
		"the other asks too little to see": {calls{100, 30, 1, 0}, "client_error_ratio", ""},
		"there is no other":                {calls{100, 30, 0, 0}, "client_error_ratio", ""},
		"the service itself fails":         {calls{100, 30, 100, 0}, "error_ratio", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := int64(-3600); at < 900; at += 10 {
				for from, n := range map[string][2]int64{"a": {c.a, c.failsA}, "b": {c.b, c.failsB}} {
					if at < 100 {
						n[1] = 0
					}
					k := correlate.Key{Service: from, Peer: "db", Kind: correlate.Edge, Origin: correlate.OriginClientSpan}
					if n[0] > 0 {
						w.measure(k, at, correlate.Cell{Requests: n[0], Errors: n[1]})
					}
				}
			}
			f := Fault{Place: place("db"), Signal: c.signal, Onset: now(100)}
			require.Equal(t, c.want, OnlyCaller(w.store, f, now(900)))
			f.Place = place("nobody")
			require.Empty(t, OnlyCaller(w.store, f, now(900)))
		})
	}
}
