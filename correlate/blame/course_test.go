package blame

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawCourse(t *rapid.T) (Course, []float64) {
	c := Course{Width: 60, Dispersion: 1}
	var dose []float64
	for i := range rapid.IntRange(3, 40).Draw(t, "windows") {
		n := float64(rapid.IntRange(1, 1000).Draw(t, "n"))
		c.Windows = append(c.Windows, Window{At: onset + int64(i-10)*60, Exposure: n, Events: math.Floor(n * rapid.Float64Range(0, 0.3).Draw(t, "rate"))})
		dose = append(dose, rapid.Float64Range(0, 1).Draw(t, "dose"))
	}
	return c, dose
}

// The likelihood has one maximum, so no response on a grid is better than the one that is found.
func TestAFitIsTheBestResponse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, dose := drawCourse(t)
		best := c.fit(dose).likelihood
		for u := 0.0; u < 1; u += 0.05 {
			weight, l := 0.0, 0.0
			for i, w := range c.Windows {
				weight += w.Exposure * (1 + (dose[i]-1)*u)
			}
			for i, w := range c.Windows {
				if w.Events > 0 {
					l += w.Events * math.Log((1+(dose[i]-1)*u)/weight)
				}
			}
			require.GreaterOrEqual(t, best, l-1e-2*(1+math.Abs(l)*1e-3))
		}
	})
}

func TestADoseThatNeverVariesExplainsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, dose := drawCourse(t)
		for i := range dose {
			dose[i] = 1
		}
		f := Fault{Service: "web", Onset: onset, Course: c}
		p := DefaultParams()
		require.Equal(t, []float64{0}, p.doses(f, []Candidate{{Dose: dose}}))
	})
}

func TestDosesAreBounded(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		c, dose := drawCourse(t)
		f := Fault{Service: "web", Onset: onset, Course: c}
		other := append([]float64(nil), dose...)
		for i := range other {
			other[i] = 1 - other[i]
		}
		for _, term := range p.doses(f, []Candidate{{Dose: dose}, {Dose: other}, {}}) {
			require.GreaterOrEqual(t, term, p.DoseMin)
			require.LessOrEqual(t, term, p.DoseMax)
		}
	})
}

func TestTheBestStepIsNoWorseThanTheOnset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _ := drawCourse(t)
		f := Fault{Onset: onset, Course: c}
		require.GreaterOrEqual(t, f.sudden().likelihood, c.fit(c.step(onset, nil)).likelihood-1e-9)
	})
}

func TestPartsOfACourse(t *testing.T) {
	c := Course{Width: 60, Windows: []Window{{At: 0, Events: 1, Exposure: 10}, {At: 60, Events: 2, Exposure: 10}, {At: 120, Events: 4, Exposure: 20}}}
	require.Equal(t, Window{Events: 6, Exposure: 30}, c.sum(1))
	require.Equal(t, 6.0, c.events(60))
	require.Equal(t, []float64{0, 0.5, 1}, c.step(90, nil))
	require.Equal(t, []float64{2, 3}, c.since([]float64{1, 2, 3}, 60))
	require.Nil(t, c.since([]float64{1, 2, 3}, 180))
	require.Zero(t, spread(nil))
	require.Equal(t, 3.0, spread([]float64{1, 4, 2}))
	require.Zero(t, Window{}.likelihood())
}

func TestTracesSayMoreTheMoreFailuresTheyConcentrate(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		failures := float64(rapid.IntRange(10, 200).Draw(t, "failures"))
		share := rapid.Float64Range(0.1, 0.9).Draw(t, "share")
		touches := func(concentration float64) []Touch {
			q := concentration * share / (1 + share*(concentration-1))
			return []Touch{{New: 1000 * share, NewErrors: failures * q, Old: 1000 * (1 - share), OldErrors: failures * (1 - q)}}
		}
		require.LessOrEqual(t, p.traces(touches(1)), 0.0, "as the share lets expect")
		require.GreaterOrEqual(t, p.traces(touches(13)), p.traces(touches(2)))
		require.LessOrEqual(t, p.traces(touches(30)), p.TracesMax)
		require.GreaterOrEqual(t, p.traces(touches(0.1)), p.TracesMin)
	})
	require.Zero(t, p.traces(nil))
	require.Zero(t, p.traces([]Touch{{New: 10, NewErrors: 5}}), "nothing to tell the versions apart by")
}
