package cells

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func nothingHeld() Held { return Held{} }

func TestARollupHoldsWhatStartedInItsBucket(t *testing.T) {
	st := New(config())
	addAll(st, []correlate.Measurement{
		traffic("b", "v1", midnight, 1), traffic("a", "v1", midnight+290, 2), traffic("a", "v2", midnight+10, 3),
		traffic("a", "v2", midnight+300, 4),
	})
	closed, forgot := st.Close(midnight+300, nothingHeld)
	require.False(t, forgot)
	require.Len(t, closed, 1)
	require.EqualValues(t, midnight, closed[0].Start)
	require.Empty(t, closed[0].Forgotten)
	require.Equal(t, []string{"a", "b"}, []string{closed[0].Cells[0].Service, closed[0].Cells[1].Service})
	require.EqualValues(t, 5, closed[0].Cells[0].Requests, "all versions together")
	again, _ := st.Close(midnight+300, nothingHeld)
	require.Empty(t, again, "a bucket closes once")

	st.Add(traffic("a", "v1", midnight+20, 7))
	closed, _ = st.Close(midnight+600, nothingHeld)
	require.Len(t, closed, 1)
	require.EqualValues(t, 4, closed[0].Cells[0].Requests)
	rollups := st.Service(place("a")).Stream(closedKey(closed)).Coarse().Between(midnight, midnight+1)
	require.EqualValues(t, 5, rollups[0].Requests, "a cell that comes after its bucket closed stays out of it")
}

func closedKey(closed []correlate.Rollup) Key { return keyOf(closed[0].Cells[0].Key) }

func TestARollupSharesNoMemoryWithTheStore(t *testing.T) {
	st := New(config())
	st.Add(traffic("a", "v1", midnight, 1))
	closed, _ := st.Close(midnight+300, nothingHeld)
	closed[0].Cells[0].Latency[0].Count = 99
	require.EqualValues(t, 1, st.Service(place("a")).Stream(closedKey(closed)).Coarse().Between(midnight, midnight+1)[0].Latency[0].Count)
}

// A cell of 1970 lies five million buckets before one of today.
func TestClosingTakesNoTimeForTimeInWhichNothingWas(t *testing.T) {
	st := New(config())
	st.Add(traffic("a", "v1", 300, 1))
	st.Add(traffic("a", "v1", midnight, 1))
	allocations := testing.AllocsPerRun(1, func() {
		st.closed = 0
		closed, _ := st.Close(midnight+300, nothingHeld)
		require.Len(t, closed, 2)
		require.EqualValues(t, 300, closed[0].Start)
	})
	require.Less(t, allocations, 100.0)
}

// A store that is restored from the rollups of another, under any budget, knows of the same places, has forgotten the same
// and lets in as many new services.
func TestAStoreThatIsRestoredHasForgottenTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := config()
		cfg.Budget = rapid.Int64Range(2_000, 40_000).Draw(t, "budget")
		whole, half := New(cfg), New(cfg)
		var fine []correlate.Measurement
		var last int64
		for end := int64(midnight + 300); end <= midnight+8*300; end += 300 {
			all := whole.Fold(drawMeasurements(t, end-300, end))
			addAll(whole, all)
			fine = append(fine, copies(all)...)
			last = end - 600
			closed, _ := whole.Close(last, func() Held { return Held{From: end - 1200} })
			whole.Expire(end-1200, midnight)
			for _, r := range closed {
				half.Restore(r)
			}
		}
		half.closed = last // the buckets at the end without anything in them were not written
		for _, m := range fine {
			half.Add(m)
		}
		half.Expire(last-600, midnight)
		require.Equal(t, whole.Memory().Full, half.Memory().Full)
		require.Equal(t, whole.Places(), half.Places())
		for _, p := range whole.Places() {
			require.Equal(t, whole.Service(p).Callees(last+900), half.Service(p).Callees(last+900))
			for _, k := range whole.Service(p).Keys() {
				require.Equal(t, everything(whole.Service(p).Stream(k).Coarse()), everything(half.Service(p).Stream(k).Coarse()), "%v %v", p, k)
			}
		}
	})
}

func TestWhatIsRestoredStaysWithinBoundsWhenTheBudgetIsLess(t *testing.T) {
	for name, c := range map[string]struct {
		budget int64
		fits   bool
	}{
		"no budget":          {0, true},
		"a budget it is in":  {1 << 26, true},
		"less than it takes": {1 << 20, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Budget = c.budget
			st := New(cfg)
			r := correlate.Rollup{Start: midnight}
			for i := range 55_000 {
				r.Cells = append(r.Cells, traffic(string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)), "", midnight, 1))
			}
			st.Restore(r)
			services := st.Memory().Services
			st.Restrain(midnight+300, nothingHeld)
			require.Equal(t, c.fits, st.Memory().Services == services)
			require.False(t, st.Memory().Full, "that new services are told apart is for the ledger to say")
		})
	}
}
