package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
	"github.com/shipwake/shipwake/internal/drawn"
)

// operation is a route: how many requests a second it has before and after the change, how it differs from the service
// as a whole, and what the change does to it.
type operation struct {
	name          string
	before, after float64
	errors, slow  float64
	worse         float64 // factor on its errors after the change, 0 is 1
	slower        float64 // the same on its latency
}

const minute = 60

// serving is a case of a service with routes, all of it changed at once, at 25 minutes after the change.
func serving(seed uint64, routes ...operation) Case {
	const until = drawn.Start + 1500
	s := newSim(seed)
	c := Case{Resolution: s.Resolution, Coarse: 300, Now: until, Start: drawn.Start, Finish: drawn.Start, Minute: minute}
	var parts []expect.Part
	var whole []correlate.Cell
	for _, o := range routes {
		s.RPS = 1
		cells := append(s.Cells(drawn.Start-3600, drawn.Start, o.before, o.errors, o.slow),
			s.Cells(drawn.Start, until, o.after, o.errors*or1(o.worse), o.slow*or1(o.slower))...)
		if whole == nil {
			whole = added(cells, make([]correlate.Cell, len(cells)))
		} else {
			whole = added(whole, cells)
		}
		parts = append(parts, expect.Part{Name: o.name, Cells: wider(cells, minute)})
	}
	c.Streams = []Stream{{Kind: correlate.Traffic, Whole: whole}}
	c.Routes = func() []expect.Part { return parts }
	return c
}

func or1(factor float64) float64 {
	if factor == 0 {
		return 1
	}
	return factor
}

// wider adds cells up, leaving out those without requests.
func wider(cells []correlate.Cell, width int64) []correlate.Cell {
	var out []correlate.Cell
	for _, c := range cells {
		at := c.Start - evalue.Mod(c.Start, width)
		if c.Requests == 0 {
			continue
		}
		if n := len(out); n == 0 || out[n-1].Start != at {
			out = append(out, correlate.Cell{Start: at})
		}
		last := &out[len(out)-1]
		c.Start = at
		last.Merge(c)
	}
	return out
}

func TestTheMixOfRoutes(t *testing.T) {
	usual := operation{name: "/list", before: 40, after: 40, errors: 1, slow: 1}
	report := operation{name: "/report", before: 2, after: 2, errors: 10, slow: 8}
	with := func(o operation, change func(*operation)) operation { change(&o); return o }
	regressed, inconclusive := correlate.Regressed, correlate.Inconclusive
	tests := map[string]struct {
		routes  []operation
		outcome correlate.Outcome // with the routes known; Healthy stands for anything but regressed
		reason  correlate.Reason
		without correlate.Outcome // with the routes unknown
	}{
		"more requests for a slow and failing route are no regression": {
			routes:  []operation{usual, with(report, func(o *operation) { o.after = 16 })},
			outcome: correlate.Healthy, without: regressed,
		},
		"they don't hide that another route fails": {
			routes: []operation{
				with(usual, func(o *operation) { o.worse = 12 }), with(report, func(o *operation) { o.after = 16 }),
			},
			outcome: regressed, reason: correlate.ReasonErrorRatio, without: regressed,
		},
		"fewer requests for a slow route don't hide that another becomes slow": {
			routes: []operation{
				with(usual, func(o *operation) { o.slower = 2 }),
				with(report, func(o *operation) { o.before, o.after, o.slow, o.errors = 24, 0.5, 4, 1 }),
			},
			outcome: regressed, reason: correlate.ReasonLatency, without: correlate.Healthy,
		},
		"a renamed route is no regression": {
			routes: []operation{
				usual, with(report, func(o *operation) { o.before, o.after = 10, 0 }),
				with(report, func(o *operation) { o.name, o.before, o.after = "/v2/report", 0, 10 }),
			},
			outcome: correlate.Healthy, without: correlate.Healthy,
		},
		"a route that is split is no regression": {
			routes: []operation{
				usual, with(report, func(o *operation) { o.before, o.after = 20, 0 }),
				with(report, func(o *operation) { o.name, o.before, o.after = "/v2/report", 0, 12 }),
				with(report, func(o *operation) { o.name, o.before, o.after = "/v2/report/rows", 0, 8 }),
			},
			outcome: correlate.Healthy, without: correlate.Healthy,
		},
		"a renamed route that fails is one": {
			routes: []operation{
				usual, with(report, func(o *operation) { o.before, o.after = 20, 0 }),
				with(report, func(o *operation) { o.name, o.before, o.after, o.worse = "/v2/report", 0, 20, 5 }),
			},
			outcome: regressed, reason: correlate.ReasonErrorRatio, without: regressed,
		},
		"many requests for a new route that is slow and fails at times say nothing": {
			routes: []operation{
				usual, with(usual, func(o *operation) { o.name = "/cart" }),
				{name: "/new", after: 60, errors: 8, slow: 3},
			},
			outcome: inconclusive, reason: correlate.ReasonMixShift, without: regressed,
		},
		"a new route that mostly fails is a regression": {
			routes: []operation{
				usual, with(usual, func(o *operation) { o.name = "/cart" }),
				{name: "/new", after: 60, errors: 150, slow: 1},
			},
			outcome: regressed, reason: correlate.ReasonErrorRatio, without: regressed,
		},
		"few requests for a new route that fails are one as well": {
			routes: []operation{
				usual, with(usual, func(o *operation) { o.name = "/cart" }),
				{name: "/new", after: 6, errors: 60, slow: 1},
			},
			outcome: regressed, reason: correlate.ReasonErrorRatio, without: regressed,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := serving(7, test.routes...)
			_, a := firstRegressed(DefaultParams(), c, 60)
			if test.outcome == correlate.Healthy {
				require.NotEqual(t, regressed, a.Outcome, "%+v", a)
			} else {
				require.Equal(t, test.outcome, a.Outcome, "%+v", a)
			}
			if test.reason != "" {
				require.Equal(t, test.reason, a.Reason)
			}
			c.Routes = nil
			first, _ := firstRegressed(DefaultParams(), c, 60)
			require.Equal(t, test.without == regressed, first > 0, "without routes")
		})
	}
}

func TestTheOldVersionsMixIsTheControl(t *testing.T) {
	s := newSim(3)
	s.RPS = 1
	c := Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 1500, Start: drawn.Start, Finish: drawn.Start + 60, Minute: minute}
	sides := func(fast, slow float64, from, to int64) (sum, quick, late []correlate.Cell) {
		quick, late = s.Cells(from, to, fast, 1, 1), s.Cells(from, to, slow, 10, 8)
		return added(quick, late), quick, late
	}
	before, b1, b2 := sides(80, 4, drawn.Start-3600, drawn.Start)
	old, o1, o2 := sides(60, 3, drawn.Start, c.Now)
	new, n1, n2 := sides(20, 10, drawn.Start, c.Now) // who asks for reports is sent to the canary
	c.Streams = []Stream{{Kind: correlate.Traffic, New: new, Old: old, Whole: append(before, added(new, old)...)}}
	parts := []expect.Part{
		{Name: "/list", Cells: wider(append(b1, o1...), minute)}, {Name: "/list", New: true, Cells: wider(n1, minute)},
		{Name: "/report", Cells: wider(append(b2, o2...), minute)}, {Name: "/report", New: true, Cells: wider(n2, minute)},
	}
	first, a := firstRegressed(DefaultParams(), c, 60)
	require.Positive(t, first)
	require.Equal(t, correlate.GradeA, a.Grade)
	c.Routes = func() []expect.Part { return parts }
	first, a = firstRegressed(DefaultParams(), c, 60)
	require.Zero(t, first)
	require.Equal(t, correlate.Healthy, a.Outcome, "%+v", a)
	for _, e := range a.Evidence {
		if e.Signal == "error_ratio" {
			require.InDelta(t, 3.1, e.Observed/e.Baseline, 1)
			require.InEpsilon(t, e.Observed/e.Baseline, e.Ratio*e.Mix, 1e-4)
			require.Greater(t, e.Mix, 2.0)
		}
	}
}

// TestWhatConvictsNamesItsRoutes: the routes that fail or are slow are named with what they were before, and no others.
func TestWhatConvictsNamesItsRoutes(t *testing.T) {
	usual := operation{name: "/list", before: 40, after: 40, errors: 1, slow: 1}
	pay := operation{name: "/pay", before: 10, after: 10, errors: 1, slow: 1}
	for name, c := range map[string]struct {
		errors, slower float64
		signal         string
	}{
		"one that fails":   {errors: 30, signal: "error_ratio"},
		"one that is slow": {slower: 4, signal: "latency"},
	} {
		t.Run(name, func(t *testing.T) {
			pay.worse, pay.slower = c.errors, c.slower
			a := Assess(DefaultParams(), serving(1, usual, pay))
			require.Equal(t, correlate.Regressed, a.Outcome)
			require.Contains(t, a.Evidence[0].Signal, c.signal)
			require.Len(t, a.Evidence[0].Routes, 1)
			hurt := a.Evidence[0].Routes[0]
			require.Equal(t, "/pay", hurt.Route)
			require.Greater(t, hurt.Observed, 2*hurt.Baseline)
			require.InDelta(t, 1500*10, hurt.N, 1500)
			for _, e := range a.Evidence[1:] {
				require.Empty(t, e.Routes, "%s doesn't convict", e.Signal)
			}
		})
	}
	require.Empty(t, Assess(DefaultParams(), serving(1, usual)).Evidence[0].Routes, "nothing convicts")
}

// withoutRoutes is an assessment that names none.
func withoutRoutes(a Assessment) Assessment {
	for i := range a.Evidence {
		a.Evidence[i].Routes = nil
	}
	return a
}

// TestTheSameMixChangesNothing: where the mix doesn't move, nothing is judged otherwise than without routes.
func TestTheSameMixChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var routes []operation
		for i := range rapid.IntRange(1, 5).Draw(t, "routes") {
			rps := float64(rapid.IntRange(1, 8).Draw(t, "rps"))
			routes = append(routes, operation{
				name: string(rune('a' + i)), before: rps, after: rps, slow: rapid.Float64Range(0.5, 5).Draw(t, "slow"),
				errors: rapid.Float64Range(0, 10).Draw(t, "errors"), worse: rapid.Float64Range(1, 5).Draw(t, "worse"),
			})
		}
		c := serving(rapid.Uint64().Draw(t, "seed"), routes...)
		known := Assess(DefaultParams(), c)
		c.Routes = nil
		require.Equal(t, Assess(DefaultParams(), c), withoutRoutes(known))
	})
}
