package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestDispersion(t *testing.T) {
	p := Default()
	for name, tc := range map[string]struct{ burst, low, high float64 }{
		"independent events have none": {0, 1, 1.5},
		"bursts of a few are seen":     {4, 3.5, 8},
		"bursts of many are seen":      {20, 12, 35},
	} {
		t.Run(name, func(t *testing.T) {
			s := drawn.New(1)
			s.Burst, s.Errors, s.RPS = tc.burst, 0.02, 100
			base := Tallies(nil, s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1), ErrorsOfRequests)
			for _, concurrently := range []bool{true, false} {
				phi := p.Dispersion(base, 10, concurrently)
				require.GreaterOrEqual(t, phi, tc.low)
				require.LessOrEqual(t, phi, tc.high)
			}
		})
	}
	t.Run("a slow drift matters only against a time before", func(t *testing.T) {
		var base []Tally
		for i := range int64(360) {
			base = append(base, Tally{drawn.Start + 10*i, 5 + i/12, 1000})
		}
		require.Less(t, p.Dispersion(base, 10, true), 1.5)
		require.Greater(t, p.Dispersion(base, 10, false), 20.0)
	})
	t.Run("without events the fleet's is taken", func(t *testing.T) {
		p := p
		p.FleetDispersion = 3
		require.Equal(t, 3.0, p.Dispersion([]Tally{{drawn.Start, 0, 100}}, 10, true))
	})
}
