package prefetch_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/prefetch"
)

func TestFetchingNeitherFailsNorChangesAnything(t *testing.T) {
	table := make([]uint64, 1<<10)
	places := []prefetch.Place{0, 1, math.MaxUint64}
	for i := range table {
		table[i] = uint64(i)
		places = append(places, prefetch.Of(&table[i]))
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		prefetch.Fetch(nil)
		prefetch.Fetch(places)
	}))
	for i, v := range table {
		require.EqualValues(t, i, v)
	}
}
