package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// drawGauge is a signal with two references and windows of which some are unknown.
func drawGauge(t *rapid.T, p *Params) *Gauge {
	g := &Gauge{p: p, width: 1500, cell: 300, bad: rapid.SampledFrom([]correlate.Direction{correlate.BadUp, correlate.BadDown, correlate.BadBoth}).Draw(t, "bad")}
	n := rapid.IntRange(10, 60).Draw(t, "windows")
	for range 2 {
		past := make([]float64, n)
		for i := range past {
			if past[i] = rapid.Float64Range(-10, 10).Draw(t, "v"); rapid.IntRange(0, 9).Draw(t, "hole") == 0 {
				past[i] = math.NaN()
			}
		}
		g.past = append(g.past, past)
	}
	g.levels = g.levelsAt(n, nil)
	return g
}

func TestMomentsLeaveRoomOnBothSides(t *testing.T) {
	p := params()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGauge(t, &p)
		windows := rapid.IntRange(1, 10).Draw(t, "after")
		at := g.moments(windows)
		for i, m := range at {
			require.GreaterOrEqual(t, m, g.windowsIn(p.Gauge.Baseline), "a level before it")
			require.LessOrEqual(t, m+windows, len(g.past[0]), "and as much time after it")
			require.True(t, i == 0 || m < at[i-1])
		}
		require.LessOrEqual(t, len(at), 2*p.Gauge.Placebos)
	})
}

func TestSmoothingIsAMovingMean(t *testing.T) {
	p := params()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGauge(t, &p)
		n := rapid.SampledFrom(multiples[:]).Draw(t, "n")
		for r, row := range g.smooth(n) {
			require.Len(t, row, max(0, len(g.past[r])-n+1))
			for i, v := range row {
				sum, count := 0.0, 0.0
				for _, x := range g.past[r][i : i+n] {
					if !math.IsNaN(x) {
						sum, count = sum+x, count+1
					}
				}
				if count == 0 {
					require.True(t, math.IsNaN(v))
				} else {
					require.InDelta(t, sum/count, v, 1e-9)
				}
			}
		}
	})
}

// What lies between the expectations of two references deviates from neither.
func TestAPeakLiesOutsideAllExpectations(t *testing.T) {
	p := params()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGauge(t, &p)
		smooth := g.smooth(1)
		from, to := rapid.IntRange(-2, 30).Draw(t, "from"), rapid.IntRange(0, 70).Draw(t, "to")
		want := math.NaN()
		for i := max(0, from); i <= to && i < len(smooth[0]); i++ {
			up, down := math.Inf(1), math.Inf(1)
			for r := range smooth {
				if d := smooth[r][i] - g.levels[r]; !math.IsNaN(d) {
					up, down = min(up, d), min(down, -d)
				}
			}
			if math.IsInf(up, 1) {
				continue
			}
			hurt := map[correlate.Direction]float64{correlate.BadUp: up, correlate.BadDown: down, correlate.BadBoth: max(up, down)}[g.bad]
			if math.IsNaN(want) || hurt > want {
				want = hurt
			}
		}
		got := g.peak(smooth, g.levels, from, to)
		require.Equal(t, math.IsNaN(want), math.IsNaN(got))
		if !math.IsNaN(want) {
			require.InDelta(t, want, got, 1e-9)
		}
	})
}

func TestPlacebosAreSortedAndKnown(t *testing.T) {
	p := params()
	noise := drawn.New(11)
	l := course(5, func(int64) float64 { return 50 + float64(noise.Poisson(16)-16) })
	g := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+1800)
	require.Equal(t, correlate.GradeC, g.Grade)
	require.GreaterOrEqual(t, len(g.Placebos), p.MinPlacebos)
	for i, v := range g.Placebos {
		require.False(t, math.IsNaN(v))
		require.True(t, i == 0 || v >= g.Placebos[i-1])
	}
	x := g.Scan()
	require.Less(t, Rank(g.Placebos, x.Largest), 4.6, "nothing happened")
}

// Every scale slides by a multiple of the narrowest step, so a look between two ends of windows sees nothing else.
func TestNoWindowEndsBetweenTwoSteps(t *testing.T) {
	p := params()
	noise := drawn.New(12)
	l := course(4, func(int64) float64 { return 50 + float64(noise.Poisson(16)-16) })
	step := p.Gauge.Step(300)
	for now := drawn.Start + step; now <= drawn.Start+3600; now += step {
		here := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, now)
		for _, s := range here.scales {
			require.Zero(t, here.step(s.width)%step)
			require.Positive(t, s.unit)
		}
	}
}

func TestAnOnsetIsWhereTheDeviationBegan(t *testing.T) {
	for name, after := range map[string]int64{"at once": 0, "half an hour later": 1800, "an hour later": 3600} {
		t.Run(name, func(t *testing.T) {
			p := params()
			noise := drawn.New(13)
			l := course(4, func(at int64) float64 {
				v := 100 + float64(noise.Poisson(16)-16)/4
				if at >= drawn.Start+after {
					v += 40
				}
				return v
			})
			x := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+7200).Scan()
			require.Positive(t, x.Beyond)
			require.InDelta(t, drawn.Start+after, x.Onset, 600)
			require.InDelta(t, drawn.Start+7200, x.End, 1500)
		})
	}
}
