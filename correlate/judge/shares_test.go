package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestSharesSayWhoseARiseIs(t *testing.T) {
	for name, tc := range map[string]struct {
		errors float64 // of the new version
		shared float64 // of both, since the change
		signal string
		want   func(t *testing.T, share float64)
	}{
		"only the new version fails": {5, 1, "error_ratio", func(t *testing.T, share float64) { require.Greater(t, share, 5.0) }},
		"both fail alike":            {1, 5, "error_ratio", func(t *testing.T, share float64) { require.Less(t, share, -5.0) }},
		"as their callers see it":    {1, 5, "client_error_ratio", func(t *testing.T, share float64) { require.Less(t, share, -5.0) }},
		"nothing is known of others": {1, 5, "orders", func(t *testing.T, share float64) { require.Zero(t, share) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(7)
			s.Shared = func(at int64) float64 {
				if at >= drawn.Start {
					return tc.shared
				}
				return 1
			}
			c := s.canary(1800, 0.5, tc.errors, 1)
			a := Assess(DefaultParams(), c)
			tc.want(t, a.ShareOf(tc.signal))
		})
	}
	whole := Case{Resolution: 10, Now: drawn.Start + 600, Start: drawn.Start, Streams: []Stream{{Kind: correlate.Traffic}}}
	a := Assess(DefaultParams(), whole)
	require.Zero(t, a.ShareOf("error_ratio"), "without another version")
}
