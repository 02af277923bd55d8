package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/internal/drawn"
)

// TestWhatMovesWithinOneBucketShowsInTheMean: sums and counts know what buckets hide.
func TestWhatMovesWithinOneBucketShowsInTheMean(t *testing.T) {
	regressed, inconclusive := correlate.Regressed, correlate.Inconclusive
	for name, tc := range map[string]struct {
		bounds []float64
		slower float64
		beside bool
		want   correlate.Outcome
	}{
		"four times as slow, all in one bucket":                     {[]float64{0, 5, 10}, 4, true, regressed},
		"nearly twice as slow, all in one bucket":                   {[]float64{0, 5, 10}, 1.83, true, regressed},
		"four times as slow, with nothing but the hour before":      {[]float64{0, 5, 10}, 4, false, regressed},
		"a tenth slower is none":                                    {[]float64{0, 5, 10}, 1.1, true, inconclusive},
		"half as slow again is too little for the hour before only": {[]float64{0, 5, 10}, 1.45, false, inconclusive},
		"nothing moved": {[]float64{0, 5, 10}, 1, false, inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(5)
			c := s.allAtOnce(600, 1, tc.slower)
			if tc.beside {
				c = s.canary(600, 0.3, 1, tc.slower)
			}
			c = in(c, tc.bounds...)
			c.Minute = 60
			c.Routes = func() []Part { return []Part{{Name: "/pay", Cells: c.Streams[0].Whole}} }
			a := Assess(DefaultParams(), c)
			require.Equal(t, tc.want, a.Outcome, "%+v", a.Evidence)
			p := DefaultParams()
			p.Guards = guard.Without(guardMean)
			require.Equal(t, inconclusive, Assess(p, c).Outcome, "buckets alone can't tell")
			if tc.want != regressed {
				return
			}
			require.Equal(t, correlate.ReasonLatency, a.Reason)
			e := a.Evidence[0]
			require.Equal(t, "latency_mean", e.Signal)
			require.InEpsilon(t, tc.slower, e.Ratio, 0.1)
			require.Greater(t, e.Interval[0], 1.25)
			require.Less(t, e.Interval[1], 1.2*tc.slower)
		})
	}
}

// TestALatencyConvictsOnlyOnAnEffectThatMatters: however many requests cross a line that half of them are close to.
func TestALatencyConvictsOnlyOnAnEffectThatMatters(t *testing.T) {
	for name, tc := range map[string]struct {
		slower  float64
		bounds  []float64
		convict bool
	}{
		"a fortieth slower":                       {1.025, nil, false},
		"an eighth slower":                        {1.125, nil, false},
		"half as slow again":                      {1.5, nil, true},
		"an eighth slower, near a bucket's bound": {1.125, []float64{0.025, 0.05, 0.1, 0.25}, false},
		"twice as slow, in the same buckets":      {2, []float64{0.025, 0.05, 0.1, 0.25}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(8)
			s.RPS = 60
			c := s.canary(1200, 0.5, 1, tc.slower)
			if tc.bounds != nil {
				c = in(c, tc.bounds...)
			}
			a := Assess(DefaultParams(), c)
			require.Equal(t, tc.convict, a.Outcome == correlate.Regressed, "%+v", a.Evidence)
		})
	}
}

// TestAConvictionHangsOnNoSingleCell: at any cadence, one cell is chance and few are proof.
func TestAConvictionHangsOnNoSingleCell(t *testing.T) {
	for name, tc := range map[string]struct {
		resolution, failing int64 // seconds
		convict             bool
	}{
		"one cell of ten seconds":   {10, 10, false},
		"four cells of ten seconds": {10, 40, true},
		"one cell of a minute":      {60, 60, false},
		"two cells of a minute":     {60, 120, true},
		"one cell of five minutes":  {300, 300, false},
		"two cells of five minutes": {300, 600, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(4)
			s.Resolution = tc.resolution
			p := DefaultParams()
			c := s.allAtOnce(tc.resolution, 1, 1)
			before := 60 * tc.resolution
			of := &c.Streams[0]
			of.Whole = append(s.Cells(drawn.Start-before, drawn.Start+before, 1, 1, 1), s.Cells(drawn.Start+before, drawn.Start+before+tc.failing, 1, 60, 1)...)
			c.Now = drawn.Start + before + tc.failing
			a := Assess(p, c)
			require.Equal(t, tc.convict, a.Outcome == correlate.Regressed, "%+v", a)
		})
	}
}
