package blame

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func touches(n int, t Touch) (all []Touch) {
	for range n {
		all = append(all, t)
	}
	return all
}

func TestTraces(t *testing.T) {
	p := DefaultParams()
	for name, tc := range map[string]struct {
		touches   []Touch
		low, high float64
	}{
		"failing requests that all touched the new version convict it": {touches: touches(10, Touch{100, 20, 900, 2}), low: p.TracesMax, high: p.TracesMax},
		"those that touched it as often as all requests did clear it":  {touches: touches(10, Touch{100, 5, 900, 45}), low: p.TracesMin, high: p.TracesMin},
		"so do those that touched it less often":                       {touches: touches(10, Touch{500, 1, 500, 40}), low: p.TracesMin, high: p.TracesMin},
		"a handful says little":                                        {touches: touches(1, Touch{10, 1, 10, 0}), low: 0, high: 0.6},
		"a version that serves alone says nothing":                     {touches: touches(10, Touch{New: 100, NewErrors: 50})},
		"nor do requests that don't fail":                              {touches: touches(10, Touch{New: 100, Old: 100})},
		"nor does a service without traces":                            {},
		"bursts that fall on either side weaken what they say": {
			touches: append(touches(1, Touch{500, 60, 500, 0}), touches(1, Touch{500, 0, 500, 40})...), low: -2.5, high: 2.5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			term := p.traces(tc.touches)
			require.GreaterOrEqual(t, term, tc.low)
			require.LessOrEqual(t, term, tc.high)
		})
	}
}

func TestTracesOverruleThatAnswersLookRight(t *testing.T) {
	fault := Fault{Service: "web", Signal: "error_ratio", Onset: onset, Strength: 9}
	cart, ads := deployed("a", "cart", 60), deployed("b", "ads", 60)
	cart.Contrast, ads.Contrast = -9, -9
	cart.Touches, ads.Touches = touches(10, Touch{100, 20, 900, 2}), touches(10, Touch{200, 5, 800, 17})
	suspects := rank(fault, []Candidate{cart, ads})
	require.Equal(t, "a", suspects[0].ChangeID)
	require.Greater(t, suspects[0].Probability, 0.9)
	require.Zero(t, suspects[0].Terms[TermContrast])
	require.Negative(t, suspects[1].Terms[TermTraces])
	require.Equal(t, DefaultParams().ContrastElsewhere, suspects[1].Terms[TermContrast])
}
