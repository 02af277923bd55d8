package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// restless is noise that remembers its last value, in windows of five minutes, around a daily wave of 100 ± 30.
func restless(s *drawn.Service, memory, spread float64) func(at int64) float64 {
	last := 0.0
	return func(at int64) float64 {
		last = memory*last + math.Sqrt(1-memory*memory)*s.Rng.NormFloat64()
		return 100 + 30*math.Sin(2*math.Pi*float64(at)/86400) + spread*last
	}
}

// TestWhatIsWorstIsBoundedAtItsLevel: a fault at the margin that begins some time after the change and stays is called
// harmless, at any look while it is there, at most as often as alpha says; also where noise remembers.
func TestWhatIsWorstIsBoundedAtItsLevel(t *testing.T) {
	const alpha, runs, margin = 0.1, 120, 10.0
	for name, tc := range map[string]struct {
		memory float64
		begins int64 // windows after the change
		sign   float64
		bad    correlate.Direction
	}{
		"independent noise, a rise at once":   {0, 0, 1, correlate.BadUp},
		"independent noise, a late fall":      {0, 10, -1, correlate.BadBoth},
		"noise that remembers, a rise":        {0.8, 4, 1, correlate.BadBoth},
		"noise that remembers, a fall hurts":  {0.8, 0, -1, correlate.BadDown},
		"noise that remembers, a rise of few": {0.8, 12, 1, correlate.BadUp},
	} {
		t.Run(name, func(t *testing.T) {
			s := drawn.New(11)
			missed := 0
			for range runs {
				usual := restless(&s, tc.memory, 3)
				var before, after []float64
				for i := range int64(6 * 288) {
					before = append(before, usual(drawn.Start-6*86400+300*i))
				}
				for i := range int64(24) {
					v := usual(drawn.Start + 300*i)
					if i >= tc.begins {
						v += tc.sign * margin
					}
					after = append(after, v)
				}
				if everHarmless(before, after, tc.bad, int(tc.begins)+lasting, alpha, margin) {
					missed++
				}
			}
			require.LessOrEqual(t, missed, int(alpha*runs))
		})
	}
}

// everHarmless says whether some look from a window on bounds the shift by the margin.
func everHarmless(before, after []float64, bad correlate.Direction, from int, alpha, margin float64) bool {
	p := Default()
	start := drawn.Start
	all := append(append([]float64(nil), before...), after...)
	for n := from; n <= len(after); n += 2 {
		l := NewLevel(correlate.Gauge, sampled(start-int64(len(before))*300, 300, all[:len(before)+n]...), 300, nil, 300)
		g := NewGauge(&p, l, bad, 300, start, start+int64(n)*300)
		if w, ok := g.Worst(alpha); ok && w.Upper < margin {
			return true
		}
	}
	return false
}

// TestACourseIsBoundedLikeAValue: the same windows give the same bound, counted or told.
func TestACourseIsBoundedLikeAValue(t *testing.T) {
	s := drawn.New(3)
	usual := restless(&s, 0.5, 2)
	var before, after []float64
	for i := range int64(5 * 288) {
		before = append(before, usual(drawn.Start-5*86400+300*i))
	}
	for i := range int64(24) {
		after = append(after, usual(drawn.Start+300*i))
	}
	p := Default()
	all := append(append([]float64(nil), before...), after...)
	l := NewLevel(correlate.Gauge, sampled(drawn.Start-int64(len(before))*300, 300, all...), 300, nil, 300)
	g, ok := NewGauge(&p, l, correlate.BadUp, 300, drawn.Start, drawn.Start+7200).Worst(0.05)
	require.True(t, ok)
	c, ok := (&Course{Width: 300, Before: before, After: after}).Worst(&p, 0.05)
	require.True(t, ok)
	require.InDelta(t, g.Shift, c.Shift, 1e-6)
	require.InDelta(t, g.Upper, c.Upper, 1e-6)
	require.InDelta(t, g.Level, c.Level, 1e-6)
	require.Less(t, c.Upper, 8.0, "two hours of it are known to a few percent")
}

func TestACourseIsNotBoundedWithoutCompany(t *testing.T) {
	p := Default()
	flat := func(n int, v float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = v
		}
		return out
	}
	for name, c := range map[string]Course{
		"less than a day before":        {300, flat(100, 1), flat(12, 1)},
		"no stretch since":              {300, flat(5*288, 1), flat(lasting-1, 1)},
		"nothing known of the last one": {300, flat(5*288, 1), append(flat(8, 1), flat(lasting, math.NaN())...)},
		"no day to compare with":        {300, flat(5*288, math.NaN()), flat(12, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := c.Worst(&p, 0.05)
			require.False(t, ok)
		})
	}
	few := Course{300, flat(288+30, 1), flat(12, 1)}
	w, _ := few.Worst(&p, 0.001)
	require.False(t, w.Upper < 1e9, "too few placebos for so much confidence")
}
