package recent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATableSettlesOnceItIsUsedAllOver(t *testing.T) {
	calls, traces := NewCalls(1<<20), NewTraces(1<<20)
	var known [MaxTouches]Touch
	stored := 0
	for !calls.use.settled.Load() || !traces.use.settled.Load() {
		calls.Served(calls.Key(&[16]byte{byte(stored), byte(stored >> 8)}, &[8]byte{1}), Half{Scope: 7, End: 8})
		traces.Add(traces.Key(&[16]byte{byte(stored), byte(stored >> 8)}), &Touch{Scope: 7, Requests: 1}, &known)
		stored++
		calls.Settle()
		traces.Settle()
		require.Equal(t, stored >= manyTimes*256, calls.use.settled.Load(), "a table of 256 pages, after %d", stored)
		require.LessOrEqual(t, stored, manyTimes*256)
	}
	require.False(t, calls.use.settle(0), "once is enough")
	used := 0
	for i := range calls.sets {
		for _, rest := range calls.sets[i].rest {
			if rest&sideMask != 0 {
				used++
			}
		}
	}
	require.Greater(t, used, stored/2, "what was stored is still there")
}
