package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
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

func TestACallerThatMultipliesItsCalls(t *testing.T) {
	// Requests in each cell before and since: of the caller, its calls, and all requests of the callee.
	type load struct{ own, ownSince, calls, callsSince, served, servedSince int64 }
	for name, c := range map[string]struct {
		load
		want bool
	}{
		"three calls for each request":             {load{100, 100, 100, 300, 100, 300}, true},
		"beside another caller that asks the same": {load{100, 100, 100, 300, 150, 350}, true},
		"twice the requests, twice the calls":      {load{100, 200, 100, 200, 100, 200}, false},
		"it is others that ask more":               {load{100, 100, 10, 30, 100, 300}, false},
		"a few calls of many":                      {load{100, 100, 10, 30, 1000, 1020}, false},
		"fewer requests, each with more calls":     {load{100, 30, 100, 90, 100, 90}, false},
		"its calls aren't counted":                 {load{100, 100, 0, 0, 100, 300}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := int64(-3600); at < 900; at += 10 {
				own, calls, served := c.own, c.calls, c.served
				if at >= 0 {
					own, calls, served = c.ownSince, c.callsSince, c.servedSince
				}
				w.serve("shop", "v1", at, own)
				w.serve("db", "v1", at, served)
				if calls > 0 {
					w.measure(correlate.Key{Service: "shop", Peer: "db", Kind: correlate.Edge, Origin: correlate.OriginClientSpan}, at, correlate.Cell{Requests: calls})
				}
			}
			f := Fault{Place: place("db"), Signal: "latency_p50", Onset: now(300)}
			require.Equal(t, c.want, Multiplies(w.store, f, "shop", now(0), now(900)))
			require.False(t, Multiplies(w.store, f, "nobody", now(0), now(900)))
			require.False(t, Multiplies(w.store, f, "shop", now(0), now(300)), "nothing is known since the onset")
		})
	}
}

func TestWhoBearsALoadAndWhoMultipliedIt(t *testing.T) {
	w := newWorld(t)
	for at := int64(-3600); at < 900; at += 10 {
		more := int64(1)
		if at >= 0 {
			more = 3
		}
		for _, s := range []string{"web", "shop", "ads"} {
			w.serve(s, "v1", at, 100)
		}
		for _, s := range []string{"db", "cache"} {
			w.serve(s, "v1", at, 100*more)
			w.measure(correlate.Key{Service: "shop", Peer: s, Kind: correlate.Edge, Origin: correlate.OriginClientSpan}, at, correlate.Cell{Requests: 100 * more})
		}
	}
	calls := blame.NewGraph([]blame.Edge{{From: "web", To: "shop"}, {From: "shop", To: "db"}, {From: "shop", To: "cache"}, {From: "shop", To: "ads"}})
	for name, c := range map[string]struct {
		at                   string
		others, left         []string
		dbRegressed          bool
		multiplies, burdened bool
	}{
		"a fault of the callee":                       {"db", nil, nil, true, true, true},
		"of the caller, whose callee is at fault":     {"shop", nil, nil, true, true, true},
		"of the caller's caller":                      {"web", nil, nil, true, true, true},
		"of the caller, whose callee is well":         {"shop", nil, nil, false, false, false},
		"a callee that nobody changed explains none":  {"shop", []string{"cache", "ads"}, []string{"ads"}, false, true, false},
		"a fault that doesn't hang on who bears more": {"ads", []string{"cache"}, []string{"cache"}, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			var others []Bystander
			for _, s := range c.others {
				others = append(others, Bystander{Place: place(s), moved: true})
			}
			candidates := []blame.Candidate{
				{ChangeID: "1", Service: "shop", Steps: []int64{now(0)}}, {ChangeID: "2", Service: "db", Steps: []int64{now(0)}, Regressed: c.dbRegressed},
			}
			var left []string
			for _, b := range Burden(w.store, calls, Fault{Place: place(c.at), Onset: now(100)}, others, candidates, now(900)) {
				left = append(left, b.Service)
			}
			require.Equal(t, c.left, left)
			require.Equal(t, []bool{c.multiplies, false}, []bool{candidates[0].Multiplies, candidates[1].Multiplies})
			require.Equal(t, []bool{false, c.burdened}, []bool{candidates[0].Burdened, candidates[1].Burdened})
		})
	}
}
