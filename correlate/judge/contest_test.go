package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// sidesOf is a contest of errors between two sides at the same time.
func sidesOf(pairs ...evalue.Pair) *contest {
	p := DefaultParams()
	return &contest{
		comparison: &comparison{signal: "error_ratio", family: familyErrors, floor: p.Errors},
		h:          evalue.Hypothesis{Theta: p.Errors.Ratio, Phi: 1}, pairs: aside{made: pairs}, scatter: 1, unsteady: 1,
	}
}

func TestHarmless(t *testing.T) {
	for name, tc := range map[string]struct {
		c    *contest
		want bool
	}{
		"many requests without a rise prove it":      {sidesOf(evalue.Pair{ET: 1000, NT: 1e5, EC: 1000, NC: 1e5}), true},
		"a rise beyond the margin doesn't":           {sidesOf(evalue.Pair{ET: 2000, NT: 1e5, EC: 1000, NC: 1e5}), false},
		"few requests don't":                         {sidesOf(evalue.Pair{ET: 1, NT: 100, EC: 1, NC: 100}), false},
		"a doubling of hardly any errors is nothing": {sidesOf(evalue.Pair{ET: 20, NT: 1e5, EC: 10, NC: 1e5}), true},
		"no errors at all are no rise":               {sidesOf(evalue.Pair{NT: 1e5, NC: 1e5}), true},
		"a thousand requests without any prove little, however many the others had": {
			sidesOf(evalue.Pair{NT: 500, NC: 1e6}), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			require.Equal(t, tc.want, tc.c.harmless(&p))
			tc.c.floor.Margin = 0
			require.False(t, tc.c.harmless(&p), "without a margin nothing is harmless")
		})
	}
}

func TestNewBurstsWeakenAnAcquittal(t *testing.T) {
	p := DefaultParams()
	c := sidesOf(evalue.Pair{ET: 300, NT: 3e4, EC: 300, NC: 3e4})
	control := evalue.Pair{EC: 300, NC: 3e4}
	c.before = &control
	require.True(t, c.harmless(&p))
	c.unsteady = 30
	require.False(t, c.harmless(&p))
	p.Guards = guard.Without(guardUnsteady)
	require.True(t, c.harmless(&p))
	beside := sidesOf(evalue.Pair{ET: 300, NT: 3e4, EC: 300, NC: 3e4})
	beside.scatter, beside.floor.MarginAbsolute = 30, 0
	all := DefaultParams()
	require.False(t, beside.harmless(&all), "bursts on one side")
	p.Guards = guard.Without(guardScatter)
	require.True(t, beside.harmless(&p))
}

// More requests at the same ratios never take a proof away.
func TestMoreOfTheSameProvesMore(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(1000, 1e6).Draw(t, "n")
		rate := rapid.Float64Range(0.001, 0.05).Draw(t, "rate")
		pair := evalue.Pair{ET: rate * n, NT: n, EC: rate * n, NC: n}
		more := evalue.Pair{ET: 10 * pair.ET, NT: 10 * n, EC: 10 * pair.EC, NC: 10 * n}
		if sidesOf(pair).harmless(&p) {
			require.True(t, sidesOf(more).harmless(&p))
		}
	})
}

func TestWhatIsHarmlessIsTolerable(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Float64Range(100, 1e6).Draw(t, "n")
		c := sidesOf(evalue.Pair{
			ET: n * rapid.Float64Range(0, 0.1).Draw(t, "treated"), NT: n,
			EC: n * rapid.Float64Range(0, 0.1).Draw(t, "control"), NC: n,
		})
		if c.harmless(&p) {
			require.True(t, c.tolerable())
		}
	})
}

func TestAQuantileThatHardlyMoved(t *testing.T) {
	c := sidesOf(evalue.Pair{ET: 5000, NT: 1e5, EC: 1000, NC: 1e5})
	require.False(t, c.hardlyMoved(1, 0.05), "nothing was counted beyond the margin in time")
	c.far = aside{made: []evalue.Pair{{ET: 100, NT: 1e5, EC: 1000, NC: 1e5}}}
	require.True(t, c.hardlyMoved(1, 0.05))
	require.True(t, c.tolerable())
	c.far.made[0].ET = 5000
	require.False(t, c.hardlyMoved(1, 0.05))
	require.False(t, c.tolerable())
}

func TestQuotient(t *testing.T) {
	for name, tc := range map[string]struct {
		observed, baseline float64
		t                  evalue.Pair
		want               float64
	}{
		"of two ratios": {0.02, 0.01, evalue.Pair{NC: 100}, 2},
		"without events on either side it is one": {0, 0, evalue.Pair{NC: 100}, 1},
		"without any control it is one":           {0.1, 0, evalue.Pair{}, 1},
		"against none half an event is imagined":  {0.1, 0, evalue.Pair{NC: 100}, 20},
	} {
		t.Run(name, func(t *testing.T) { require.InDelta(t, tc.want, quotient(tc.observed, tc.baseline, tc.t), 1e-9) })
	}
}

func TestSteady(t *testing.T) {
	for name, tc := range map[string]struct {
		shares []float64
		want   bool
	}{
		"the same share":        {[]float64{0.1, 0.1, 0.1}, true},
		"a little up and down":  {[]float64{0.1, 0.12, 0.09}, true},
		"twice as much by then": {[]float64{0.2, 0.1, 0.1}, false},
		"less and less":         {[]float64{0.05, 0.1, 0.2}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, steady(tc.shares)) })
	}
}

func TestALatencyIsShownInSeconds(t *testing.T) {
	s := newSim(1)
	before, after := s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1), s.Cells(drawn.Start, drawn.Start+1800, 1, 1, 2)
	known := new(evalue.Durations)
	known.Add(before)
	v := &latencyView{before: known, after: after}
	for i, q := range quantiles {
		f := &finding{}
		v.show(f, expected{q, 1}, false, evalue.Span{From: drawn.Start, To: drawn.Start + 1800}, 1)
		require.InEpsilon(t, 2, f.Ratio, 0.1, latencyNames[i])
		require.Less(t, f.Interval[0], f.Ratio)
		require.Greater(t, f.Interval[1], f.Ratio)
	}
	none := &finding{}
	v.show(none, expected{0.5, 1}, false, evalue.Span{From: 0, To: 10}, 1)
	require.Zero(t, none.Ratio, "nothing was measured then")
}

func TestHistogramsOfALaterLookGoOn(t *testing.T) {
	s := newSim(2)
	v := &latencyView{before: new(evalue.Durations), after: s.Cells(drawn.Start, drawn.Start+600, 1, 1, 1)}
	rapid.Check(t, func(t *rapid.T) {
		from := drawn.Start + 10*rapid.Int64Range(0, 5).Draw(t, "from")
		to := from + 10*rapid.Int64Range(0, 60).Draw(t, "to")
		treated, _ := v.sides(false, evalue.Span{From: from, To: to})
		fresh := &latencyView{before: v.before, after: v.after}
		want, _ := fresh.sides(false, evalue.Span{From: from, To: to})
		require.Equal(t, want.Total, treated.Total)
	})
}

func TestAResourceIsShownAndNeverConvicts(t *testing.T) {
	of := func(after float64) Case {
		c := newSim(4).canary(600, 0.3, 1.8, 1)
		use := Stream{Kind: correlate.Saturation, Name: "cpu"}
		for at := drawn.Start - 3600; at < drawn.Start+600; at += 10 {
			v := 0.1
			if at >= drawn.Start {
				v *= after
			}
			use.Whole = append(use.Whole, correlate.Cell{Start: at, N: 1, Sum: int64(v * correlate.Fixed)})
		}
		c.Streams = append(c.Streams, use)
		return c
	}
	p := DefaultParams()
	calm, busy := Assess(p, of(1)), Assess(p, of(8))
	require.Equal(t, calm.Outcome, busy.Outcome, "it never convicts")
	require.Equal(t, calm.NearMiss, busy.NearMiss)
	shown := false
	for _, e := range busy.Evidence {
		if e.Signal == "saturation cpu" {
			shown = true
			require.InDelta(t, 8, e.Ratio, 0.1)
		}
	}
	require.True(t, shown)
}

func TestCallersThatAreAnsweredSayThatTelemetryIsLost(t *testing.T) {
	s := newSim(6)
	silent := func(answered bool) Case {
		c := s.allAtOnce(1800, 1, 1)
		of := &c.Streams[0]
		of.Whole = evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start + 300})
		edge := Stream{Kind: correlate.Edge, Whole: s.Cells(drawn.Start-3600, drawn.Start+1800, 1, 1, 1)}
		if !answered {
			for i := range edge.Whole {
				if edge.Whole[i].Start >= drawn.Start+300 {
					edge.Whole[i].Errors = edge.Whole[i].Requests
				}
			}
		}
		c.Streams = append(c.Streams, edge)
		return c
	}
	throughput := func(c Case) bool {
		for _, e := range Assess(DefaultParams(), c).Evidence {
			if e.Signal == "throughput" {
				return true
			}
		}
		return false
	}
	require.False(t, throughput(silent(true)), "callers get their answers")
	require.True(t, throughput(silent(false)), "callers don't")
}
