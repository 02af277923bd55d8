package expect

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// drawGauge is a signal with two references and windows of which some are unknown.
func drawGauge(t *rapid.T, p *Params) *Gauge {
	g := &Gauge{p: p, width: 1500, cell: 300, baseline: p.Gauge.Baseline, bad: rapid.SampledFrom([]correlate.Direction{correlate.BadUp, correlate.BadDown, correlate.BadBoth}).Draw(t, "bad")}
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
			require.True(t, i == 0 || m+windows == at[i-1], "one after the other")
		}
	})
}

func TestSmoothingIsAMovingMean(t *testing.T) {
	p := params()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGauge(t, &p)
		n := rapid.SampledFrom(multiples[:]).Draw(t, "n")
		for r, row := range g.smooth(int(n)) {
			require.Len(t, row, max(0, len(g.past[r])-int(n)+1))
			for i, v := range row {
				sum, count := 0.0, 0.0
				for _, x := range g.past[r][i : i+int(n)] {
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
	for _, h := range g.horizons {
		require.GreaterOrEqual(t, len(h.tail.sorted), p.MinPlacebos)
		require.True(t, slices.IsSorted(h.tail.sorted))
		require.Len(t, known(h.tail.sorted), len(h.tail.sorted))
	}
	require.Greater(t, len(g.horizons[0].tail.sorted), len(g.horizons[1].tail.sorted), "there are more short windows than long ones")
	require.Less(t, g.Scan(0.01).LogE, 3.0, "nothing happened")
}

// Every width slides by a multiple of the narrowest step, so a look between two ends of windows sees nothing else.
func TestNoWindowEndsBetweenTwoSteps(t *testing.T) {
	p := params()
	noise := drawn.New(12)
	l := course(4, func(int64) float64 { return 50 + float64(noise.Poisson(16)-16) })
	step := p.Gauge.Step(300)
	g := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+3600)
	for _, width := range g.widths() {
		require.Zero(t, g.step(width)%step)
	}
}

// What was seen at earlier looks doesn't change what is seen at a later one, nor does a later one change what an earlier
// one sees.
func TestLooksDontDependOnOthers(t *testing.T) {
	p := params()
	noise := drawn.New(14)
	l := course(4, func(at int64) float64 {
		return 50 + float64(noise.Poisson(16)-16) + max(0, float64(at-drawn.Start)/300)
	})
	fresh := func(now int64) Excess {
		return NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, now).Scan(0.01)
	}
	kept := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+300)
	rapid.Check(t, func(t *rapid.T) {
		now := drawn.Start + 300*rapid.Int64Range(1, 60).Draw(t, "look")
		if !kept.At(l, now) {
			kept = NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, now)
		}
		require.Equal(t, fresh(now), kept.Scan(0.01))
	})
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
			x := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+7200).Scan(0.01)
			require.Positive(t, x.Beyond)
			require.InDelta(t, drawn.Start+after, x.Onset, 600)
			require.InDelta(t, drawn.Start+7200, x.End, 1500)
		})
	}
}
