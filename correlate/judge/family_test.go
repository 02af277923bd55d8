package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestFamiliesShareAlpha(t *testing.T) {
	p := DefaultParams()
	total := 0.0
	reasons := map[correlate.Reason]bool{}
	for f := range families {
		weight := asked[f].weight(&p.Weights)
		require.Positive(t, weight)
		require.InDelta(t, -math.Log(p.Alpha*weight), f.need(&p), 1e-9)
		require.NotEmpty(t, asked[f].reason)
		require.False(t, reasons[asked[f].reason], "two families give the reason %s", asked[f].reason)
		reasons[asked[f].reason] = true
		total += weight
	}
	require.LessOrEqual(t, total, 1+1e-9)
}

func TestEveryKindOfStreamIsAskedSomething(t *testing.T) {
	for kind := correlate.Traffic; kind <= correlate.Saturation; kind++ {
		in := inquiryOf(kind)
		require.NotNil(t, in.put, kind)
		require.NotNil(t, in.quiet, kind)
		if in.failed != "" {
			require.NotNil(t, in.floor, kind)
			require.Less(t, in.family, families)
		}
		require.Equal(t, kind == correlate.Edge, in.outside, "only callers see a service from outside")
	}
}

func TestWhatASignalIsAbout(t *testing.T) {
	for name, tc := range map[string]struct {
		signal string
		of     []family
	}{
		"errors":                         {"error_ratio", []family{familyErrors}},
		"errors that callers see":        {"client_error_ratio", []family{familyErrors}},
		"a new exception":                {"exception shop.NoSuchColumn", []family{familyErrors}},
		"a quantile":                     {"latency_p99", []family{familyLatency}},
		"a quantile that callers see":    {"client_latency_p50", []family{familyLatency}},
		"the latency of errors":          {"error_latency", []family{familyLatency}},
		"what no other service is asked": {"throughput", []family{familyErrors, familyLatency, familyTraffic}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []family{familyErrors, familyLatency} {
				want := false
				for _, o := range tc.of {
					want = want || o == f
				}
				require.Equal(t, want, about(f, tc.signal))
			}
		})
	}
}

func TestWhatBarsAnAcquittal(t *testing.T) {
	p := DefaultParams()
	errors := func(low, ratio float64) *finding {
		f := &finding{family: familyErrors, bounds: [2]float64{low, 9}, contest: &contest{comparison: &comparison{floor: p.Errors}}}
		f.Ratio = ratio
		return f
	}
	requests := func(high, ratio float64) *finding {
		f := &finding{family: familyTraffic, bounds: [2]float64{0.1, high}}
		f.Ratio = ratio
		return f
	}
	for name, tc := range map[string]struct {
		f    *finding
		want bool
	}{
		"errors that rose beyond the margin": {errors(1.1, 1.6), true},
		"a rise that may be chance":          {errors(0.9, 1.6), false},
		"a rise within the margin":           {errors(1.1, 1.4), false},
		"a third of the requests is lost":    {requests(0.9, 0.6), true},
		"a loss that may be chance":          {requests(1.1, 0.6), false},
		"a small loss":                       {requests(0.95, 0.9), false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, asked[tc.f.family].bars(&p, tc.f)) })
	}
}

func TestScalingKeepsAllButTime(t *testing.T) {
	p := DefaultParams()
	require.Equal(t, p, p.Scale(10))
	wide := p.Scale(300)
	for _, d := range [][2]int64{
		{p.Grace, wide.Grace}, {p.MinHealthy, wide.MinHealthy}, {p.Recovery, wide.Recovery}, {p.Transient, wide.Transient},
		{p.Restart, wide.Restart}, {p.Gauge.Smoothing, wide.Gauge.Smoothing}, {p.Gauge.Baseline, wide.Gauge.Baseline},
		{p.Gauge.BaselineNoise, wide.Gauge.BaselineNoise}, {p.Gauge.Horizon, wide.Gauge.Horizon},
	} {
		require.Equal(t, 30*d[0], d[1])
	}
	require.Equal(t, p.Day, wide.Day, "a day stays a day")
	require.EqualValues(t, 6, p.Scale(1).Grace)
	require.EqualValues(t, p.Errors, wide.Errors)
	p.Guards = guard.Without(guardBeforeAfter)
	require.Equal(t, p.Errors.Ratio, p.beforeAfter(p.Errors))
}

// What is compared, and how good that is, for each way to tell the change from the rest.
func TestTheGradeIsThatOfTheComparison(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func(*sim) Case
		want correlate.Grade
	}{
		"new instances beside old ones":     {func(s *sim) Case { return s.canary(1800, 0.3, 1, 1) }, correlate.GradeA},
		"zones beside each other":           {func(s *sim) Case { return s.inZones(1800, unequal(1, 1)...) }, correlate.GradeB},
		"the time of day on earlier days":   {func(s *sim) Case { return s.withHistory(s.allAtOnce(1800, 1, 1), 4) }, correlate.GradeC},
		"nothing but the hour before":       {func(s *sim) Case { return s.allAtOnce(1800, 1, 1) }, correlate.GradeD},
		"an old version that went long ago": {func(s *sim) Case { return s.goneAfter(300, 3600) }, correlate.GradeD},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), tc.of(newSim(7)))
			best := correlate.GradeD
			for _, e := range a.Evidence {
				if e.Signal == "error_ratio" && e.Grade < best && e.N > 0 {
					best = e.Grade
				}
			}
			if tc.want == correlate.GradeD {
				require.Contains(t, []correlate.Grade{correlate.GradeA, correlate.GradeD}, best)
				require.NotEqual(t, correlate.Healthy, a.Outcome)
				return
			}
			require.Equal(t, tc.want, best, "%+v", a.Evidence)
		})
	}
}

// goneAfter is a rollout whose old version serves beside the new one for some seconds only.
func (s *sim) goneAfter(beside, seconds int64) Case {
	c := s.canary(seconds, 0.5, 1, 1)
	of := &c.Streams[0]
	of.Old = evalue.CellsIn(of.Old, evalue.Span{From: drawn.Start, To: drawn.Start + beside})
	return c
}

func TestANearMissNamesWhatCameNearest(t *testing.T) {
	p := DefaultParams()
	c := newSim(9).canary(600, 0.3, 2, 1)
	a := Assess(p, c)
	require.Equal(t, correlate.Inconclusive, a.Outcome)
	if a.NearMiss != nil {
		require.Positive(t, a.NearMiss.Probability)
		require.Less(t, a.NearMiss.Probability, 1.0)
		require.GreaterOrEqual(t, a.NearMiss.Onset, drawn.Start)
	}
	nothing := newSim(9)
	nothing.Errors = 0
	require.Nil(t, Assess(p, nothing.canary(120, 0.3, 1, 1)).NearMiss)
	p.Guards = guard.Without(guardNearMiss)
	require.Nil(t, Assess(p, c).NearMiss)
}

// The evidence that convicts is listed first, and its numbers agree with each other.
func TestEvidenceAgreesWithItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(rapid.Uint64().Draw(t, "seed"))
		a := Assess(DefaultParams(), s.canary(900, rapid.Float64Range(0.1, 0.9).Draw(t, "part"), rapid.Float64Range(1, 10).Draw(t, "errors"), 1))
		for i, e := range a.Evidence {
			require.LessOrEqual(t, e.Interval[0], e.Interval[1])
			if e.Signal != "throughput" { // whose exposure is seconds
				require.LessOrEqual(t, e.Events, e.N)
			}
			if e.Signal == "error_ratio" && e.Baseline > 0 && e.Ratio > 0 {
				require.InEpsilon(t, e.Observed/e.Baseline, e.Ratio, 0.01)
			}
			if i == 0 && a.Outcome == correlate.Regressed {
				require.Greater(t, e.EValue, 1.0)
				require.GreaterOrEqual(t, a.Strength, 1.0)
				require.GreaterOrEqual(t, a.Onset, drawn.Start)
			}
		}
		if a.Outcome != correlate.Regressed {
			require.Zero(t, a.Onset)
			require.Zero(t, a.Strength)
		}
	})
}

// An earlier instant may be looked at after a later one.
func TestLookingBackIsAsLookingThen(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(rapid.Uint64().Draw(t, "seed"))
		c := s.canary(1200, 0.3, rapid.Float64Range(1, 6).Draw(t, "errors"), 1)
		cut := upTo(c, drawn.Start+10*rapid.Int64Range(1, 119).Draw(t, "now"))
		var m Memory
		m.Assess(&p, &c)
		require.Equal(t, Assess(p, cut), m.Assess(&p, &cut))
	})
}
