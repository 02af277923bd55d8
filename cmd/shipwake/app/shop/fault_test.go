package shop

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFaultIsWhatTheReleaseSays(t *testing.T) {
	for name, c := range map[string]struct {
		release Release
		failed  int
		median  time.Duration
	}{
		"no fault":                  {Release{}, 0, 10 * time.Millisecond},
		"a fifth of requests fails": {Release{Errors: 0.2}, 200, 10 * time.Millisecond},
		"everything takes twice":    {Release{Slowdown: 2}, 0, 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFault(10*time.Millisecond, c.release)
			var failed int
			var took []time.Duration
			for range 1000 {
				work, fails := f.next()
				took = append(took, work)
				if fails {
					failed++
				}
			}
			slices.Sort(took)
			require.Equal(t, c.failed, failed)
			require.InDelta(t, float64(c.median), float64(took[500]), float64(c.median)/100)
			require.InDelta(t, 1.12, float64(took[990])/float64(took[500]), 0.01)
		})
	}
}

func TestVisitsAreSpreadByTheirShares(t *testing.T) {
	v := visitors{visits: Visits()}
	seen := map[string]int{}
	for n := range int64(1000) {
		seen[v.choose(n).Path]++
	}
	require.InDelta(t, 450, seen["/browse"], 5)
	require.InDelta(t, 100, seen["/query"], 5)
	require.InDelta(t, 450, seen["/orders"], 5)
}
