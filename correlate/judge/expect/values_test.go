package expect

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/internal/drawn"
)

// sampled are cells of a width with one sample each.
func sampled(from, width int64, values ...float64) (cells []correlate.Cell) {
	for i, v := range values {
		if !math.IsNaN(v) {
			cells = append(cells, correlate.Cell{Start: from + width*int64(i), Sum: int64(v * correlate.Fixed), N: 1})
		}
	}
	return cells
}

// course is a value in cells of five minutes over some days before a change and two hours after it.
func course(days int, value func(at int64) float64) Level {
	from := drawn.Start - int64(days)*86400
	var values []float64
	for at := from; at < drawn.Start+7200; at += 300 {
		values = append(values, value(at))
	}
	return NewLevel(correlate.Gauge, sampled(from, 300, values...), 300, nil, 300)
}

// params are scaled to cells of five minutes.
func params() Params {
	p := Default()
	p.Restart *= 30
	p.Gauge.Smoothing, p.Gauge.Early, p.Gauge.Horizon = 1500, 3000, 9000
	return p
}

func TestALevelIsTheMeanOverAnyStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 1, 40).Draw(t, "values")
		split := rapid.IntRange(0, len(values)).Draw(t, "split")
		l := NewLevel(correlate.Gauge, sampled(int64(10*split), 10, values[split:]...), 10, sampled(0, 10, values[:split]...), 10)
		from := rapid.IntRange(0, len(values)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(values)).Draw(t, "to")
		sum := 0.0
		for _, v := range values[from:to] {
			sum += v
		}
		require.InDelta(t, sum/float64(to-from), l.Over(int64(10*from), int64(10*to)), 1e-4)
		require.EqualValues(t, 0, l.First())
	})
}

func TestACellThatIsCutCountsInPart(t *testing.T) {
	l := NewLevel(correlate.Rate, sampled(0, 10, 10, 30), 10, nil, 300)
	require.InDelta(t, 1, l.Over(0, 10), 1e-9)
	require.InDelta(t, (5+15)/10.0, l.Over(5, 15), 1e-9)
	none := NewLevel(correlate.Gauge, nil, 10, nil, 300)
	require.EqualValues(t, math.MaxInt64, none.First())
	require.True(t, math.IsNaN(none.Over(0, 10)))
}

func TestAShiftIsLargeInUnitsOfWhatIsUsual(t *testing.T) {
	noise := drawn.New(3)
	wave := func(at int64) float64 {
		return 100 + 30*math.Sin(2*math.Pi*float64(at)/86400) + float64(noise.Poisson(25)-25)/5
	}
	for name, tc := range map[string]struct {
		days       int
		bad        correlate.Direction
		add        float64
		grade      correlate.Grade
		convincing bool
	}{
		"a rise of what must not rise":        {4, correlate.BadUp, 30, correlate.GradeC, true},
		"a rise of what must not fall":        {4, correlate.BadDown, 30, correlate.GradeC, false},
		"a fall of what must do neither":      {4, correlate.BadBoth, -30, correlate.GradeC, true},
		"nothing":                             {4, correlate.BadBoth, 0, correlate.GradeC, false},
		"without days it takes a larger rise": {0, correlate.BadUp, 6, correlate.GradeD, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := params()
			l := course(tc.days, func(at int64) float64 {
				v := wave(at)
				if at >= drawn.Start {
					v += tc.add
				}
				return v
			})
			if tc.days == 0 {
				l = NewLevel(correlate.Gauge, sampled(drawn.Start-79200, 300, valuesOf(288, func(i int) float64 { return wave(int64(i) * 300) })...), 300, nil, 300)
			}
			g := NewGauge(&p, l, tc.bad, 300, drawn.Start, drawn.Start+3600)
			require.NotNil(t, g)
			require.Equal(t, tc.grade, g.Grade)
			x := g.Scan(0.05)
			require.Equal(t, tc.convincing, x.LogE >= math.Log(20), "%+v", x)
			if tc.convincing {
				require.InDelta(t, drawn.Start, x.Onset, 900)
				require.Positive(t, x.Beyond)
				require.InDelta(t, tc.add, x.Observed-x.Expected, 15)
			}
		})
	}
}

func valuesOf(n int, value func(i int) float64) (out []float64) {
	for i := range n {
		out = append(out, value(i))
	}
	return out
}

func TestGuardsOfValues(t *testing.T) {
	noise := drawn.New(5)
	l := course(4, func(int64) float64 { return 100 + float64(noise.Poisson(25)-25) })
	with := func(names ...string) *Gauge {
		p := params()
		p.Guards = guard.Without(names...)
		return NewGauge(&p, l, correlate.BadBoth, 300, drawn.Start, drawn.Start+3600)
	}
	require.Len(t, with().days, 3)
	require.Len(t, with(guardBracket).days, 1)
	require.Equal(t, correlate.GradeD, with(guardGaugeSeason).Grade)
	require.Nil(t, with(guardGaugeSeason, guardGaugeBefore))
	units := func(g *Gauge) []float64 { return g.horizons[1].units }
	require.Len(t, known(units(with())), len(fifths)+len(multiples))
	require.Len(t, known(units(with(guardGaugeWidths))), len(fifths)+1)
	require.Len(t, known(units(with(guardGlances))), len(multiples))
	for i, calm := range units(with(guardBaselineNoise)) {
		require.GreaterOrEqual(t, units(with())[i], calm)
	}
}

func TestTheLevelBeforeIsAMedian(t *testing.T) {
	p := params()
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Float64Range(-100, 100), 1, 30).Draw(t, "raw")
		for i := range raw {
			if rapid.IntRange(0, 4).Draw(t, "hole") == 0 {
				raw[i] = math.NaN()
			}
		}
		g := &Gauge{p: &p, width: 1500, baseline: p.Gauge.Baseline, past: [][]float64{raw}}
		at := rapid.IntRange(0, len(raw)).Draw(t, "at")
		before := raw[max(0, at-g.windowsIn(p.Gauge.Baseline)):at]
		level := g.levelsAt(at, nil)[0]
		if sorted := known(before); 2*len(sorted) < len(before) || len(sorted) == 0 {
			require.True(t, math.IsNaN(level), "too little is known")
		} else {
			slices.Sort(sorted)
			require.InDelta(t, (sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2])/2, level, 1e-9)
		}
	})
}

func TestNumbersThatAreNotKnownAreLeftOut(t *testing.T) {
	nan := math.NaN()
	require.Equal(t, []float64{1, 3}, known([]float64{1, nan, 3}))
	require.Equal(t, 2.0, median([]float64{3, nan, 1}))
	require.Equal(t, 2.0, mean([]float64{3, nan, 1}))
	require.True(t, math.IsNaN(median([]float64{nan})))
	require.True(t, math.IsNaN(mean(nil)))
	require.Equal(t, 1.0, fmax(nan, 1))
	require.Equal(t, 1.0, fmax(1, nan))
	require.Len(t, known(unknown(5)), 0)
	require.InDelta(t, 1.0/correlate.Fixed, negligible([]float64{nan}), 0, "a value is rounded to that")
	require.InDelta(t, 1.0/correlate.Fixed, negligible([]float64{0, 0}), 0)
	require.InDelta(t, 0.5, negligible([]float64{100, -100, nan}), 1e-9)
}
