package sqlite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestPagesOfMeasurementsAreLetGoOf writes more measurements than the writer's cache holds, and looks at the memory of the process.
func TestPagesOfMeasurementsAreLetGoOf(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 24 {
		require.NoError(t, l.Checkpoint(t.Context(), start.Add(time.Duration(i)*time.Second), noise(rng, 30_000)))
	}
	full := anonymous(t)
	require.NoError(t, l.Expire(t.Context(), start, start))
	given := full - anonymous(t)
	require.Greater(t, given, 10<<20, "of %d bytes", full)
	require.NoError(t, l.Checkpoint(t.Context(), start.Add(time.Hour), noise(rng, 10)))
}

// noise is measurements that don't compress.
func noise(rng *rand.Rand, n int) []correlate.Measurement {
	cells := make([]correlate.Measurement, n)
	for i := range cells {
		cells[i] = correlate.Measurement{
			Key:  correlate.Key{Service: "cart", Environment: "production", Kind: correlate.Traffic},
			Cell: correlate.Cell{Requests: rng.Int64(), Errors: rng.Int64(), Sum: rng.Int64(), N: rng.Int64()},
		}
	}
	return cells
}

// anonymous is the resident memory of the process that no file backs, without garbage, in bytes.
func anonymous(t *testing.T) int {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var size, resident, shared int
	_, err = fmt.Sscan(string(text), &size, &resident, &shared)
	require.NoError(t, err)
	return (resident - shared) * os.Getpagesize()
}
