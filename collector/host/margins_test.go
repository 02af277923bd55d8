package host

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/judge"
)

func TestMarginsAreTheJudges(t *testing.T) {
	p := judge.DefaultParams()
	same := p
	c := marginsOf(&p)
	c.apply(&same)
	require.Equal(t, p, same, "the defaults are the judge's own")

	c = MarginsConfig{ErrorFactor: 1.2, ErrorDifference: 0.001, Latency: 1.1, Signal: 0.05}
	require.NoError(t, c.validate())
	c.apply(&p)
	require.Equal(t, c, marginsOf(&p).near(c))
}

// near is c where the latency is the same step.
func (c MarginsConfig) near(o MarginsConfig) MarginsConfig {
	if math.Abs(c.Latency/o.Latency-1) < 0.045 {
		c.Latency = o.Latency
	}
	return c
}

func TestAMarginThatMeansNothingIsRefused(t *testing.T) {
	p := judge.DefaultParams()
	for name, tc := range map[string]struct {
		edit func(*MarginsConfig)
		says string
	}{
		"a factor below 1":          {func(c *MarginsConfig) { c.ErrorFactor = 0.5 }, "margins::error_factor: 0.5: must be between 1.1 and 10"},
		"a negative difference":     {func(c *MarginsConfig) { c.ErrorDifference = -1 }, "margins::error_difference"},
		"a latency of no step":      {func(c *MarginsConfig) { c.Latency = 1.01 }, "margins::latency"},
		"no share at all":           {func(c *MarginsConfig) { c.Signal = 0 }, "margins::signal"},
		"a number that is not one":  {func(c *MarginsConfig) { c.Signal = math.NaN() }, "margins::signal"},
		"a percentage for a factor": {func(c *MarginsConfig) { c.ErrorFactor = 150 }, "margins::error_factor"},
	} {
		t.Run(name, func(t *testing.T) {
			c := marginsOf(&p)
			tc.edit(&c)
			require.ErrorContains(t, c.validate(), tc.says)
		})
	}
}
