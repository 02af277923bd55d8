package offheap_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/offheap"
)

type pair struct {
	a uint64
	b uint32
}

func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	table := offheap.Make[pair](1 << 20)
	runtime.ReadMemStats(&after)
	require.Len(t, table, 1<<20)
	for _, i := range []int{0, 1, 4095, 1<<20 - 1} {
		require.Zero(t, table[i])
		table[i] = pair{uint64(i), 7}
	}
	offheap.Join(table)
	offheap.Join([]pair{})
	require.Equal(t, pair{4095, 7}, table[4095])
	require.Equal(t, pair{1<<20 - 1, 7}, table[1<<20-1])
	if runtime.GOOS == "linux" {
		require.Less(t, after.HeapAlloc, before.HeapAlloc+1<<20, "the collector counts it")
	}
}
