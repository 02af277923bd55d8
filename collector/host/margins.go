package host

import (
	"fmt"
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

// MarginsConfig is how much worse things may have become, at most, for a change to be healthy. Narrower margins take more
// requests to stay within, wider ones let more harm pass.
type MarginsConfig struct {
	// ErrorFactor is by how many times the error ratio may have risen: within it, or within ErrorDifference, is harmless.
	ErrorFactor float64 `mapstructure:"error_factor"`
	// ErrorDifference is by how much the error ratio may have risen: 0.005 is half a percentage point.
	ErrorDifference float64 `mapstructure:"error_difference"`
	// Latency is by how many times longer requests may take. It is kept in steps of 9 %.
	Latency float64 `mapstructure:"latency"`
	// Signal is the share of what is expected by which a custom signal without a margin of its own may be off.
	Signal float64 `mapstructure:"signal"`
}

// marginsOf are those of some parameters.
func marginsOf(p *judge.Params) MarginsConfig {
	return MarginsConfig{
		ErrorFactor: p.Errors.Margin, ErrorDifference: p.Errors.MarginAbsolute,
		Latency: math.Round(100*math.Exp2(float64(p.LatencyMargin)/correlate.BinsPerOctave)) / 100, Signal: p.ValueMargin,
	}
}

// apply sets those of some parameters.
func (c *MarginsConfig) apply(p *judge.Params) {
	p.Errors.Margin, p.Errors.MarginAbsolute, p.ValueMargin = c.ErrorFactor, c.ErrorDifference, c.Signal
	p.LatencyMargin = int16(math.Round(math.Log2(c.Latency) * correlate.BinsPerOctave))
}

func (c *MarginsConfig) validate() error {
	const most = 10
	for _, m := range []struct {
		key         string
		value, from float64
	}{
		{"error_factor", c.ErrorFactor, 1.1},
		{"error_difference", c.ErrorDifference, 0},
		{"latency", c.Latency, 1.09},
		{"signal", c.Signal, 0.01},
	} {
		if !(m.value >= m.from && m.value <= most) {
			return fmt.Errorf("margins::%s: %g: must be between %g and %d", m.key, m.value, m.from, most)
		}
	}
	return nil
}
