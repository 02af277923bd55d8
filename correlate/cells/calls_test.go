package cells

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func adjacent(s *Service, by int64) []string { return slices.Sorted(s.Adjacent(by)) }

func TestWhoCallsWhomIsKnownSinceTheFirstCall(t *testing.T) {
	st := New(config())
	st.Add(call("web", "shop", midnight+20))
	st.Add(call("app", "shop", midnight+10))
	st.Add(call("shop", "db", midnight+30))
	shop := st.Service(place("shop"))
	require.Equal(t, []string{"app", "web"}, shop.Callers())
	require.Empty(t, adjacent(shop, midnight+10))
	require.Equal(t, []string{"app"}, adjacent(shop, midnight+11))
	require.Equal(t, []string{"app", "db", "web"}, adjacent(shop, midnight+31))
	require.Empty(t, shop.Callees(midnight+30))
	require.Equal(t, []string{"db"}, shop.Callees(midnight+31))

	known := st.CallsKnown()
	st.Add(call("web", "shop", midnight+40))
	require.Equal(t, known, st.CallsKnown(), "nothing is known otherwise")
	st.Add(call("web", "shop", midnight))
	require.NotEqual(t, known, st.CallsKnown(), "an earlier call came late")
	require.Equal(t, []string{"web"}, adjacent(shop, midnight+1))
}

func TestACallIsForgottenWithItsLastMeasurement(t *testing.T) {
	st := New(config())
	st.Add(call("web", "shop", midnight))
	other := call("web", "shop", midnight+600)
	other.Origin = correlate.OriginClient
	st.Add(other)
	known := st.CallsKnown()
	st.Expire(midnight+300, midnight+300)
	require.Equal(t, known, st.CallsKnown(), "another instrumentation still tells of it")
	st.Expire(midnight+900, midnight+900)
	require.NotEqual(t, known, st.CallsKnown())
	require.Zero(t, st.Memory())
	require.Empty(t, st.Places(), "the callee was known by its callers alone")
}

func TestACallerThatComesForOneThatGoesIsKnown(t *testing.T) {
	st := New(config())
	st.Add(call("web", "shop", midnight))
	require.Equal(t, []string{"web"}, st.Service(place("shop")).Callers())
	st.Expire(midnight+300, midnight+300)
	st.Add(call("app", "shop", midnight+600))
	require.Equal(t, []string{"app"}, st.Service(place("shop")).Callers())
}

// What is known of calls is the same within the stretch that SameCalls tells, and another right outside.
func TestSameCallsIsTheStretchWithTheSameGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := New(config())
		name := rapid.SampledFrom([]string{"a", "b", "c"})
		for range rapid.IntRange(0, 6).Draw(t, "calls") {
			st.Add(call(name.Draw(t, "from"), name.Draw(t, "to"), 10*rapid.Int64Range(1, 10).Draw(t, "start")))
		}
		graph := func(by int64) (edges []string) {
			for _, p := range st.Places() {
				for _, callee := range st.Service(p).Callees(by) {
					edges = append(edges, p.Service+">"+callee)
				}
			}
			return edges
		}
		by := rapid.Int64Range(1, 120).Draw(t, "by")
		from, to := st.SameCalls(by)
		require.True(t, from < by && by <= to)
		if from != math.MinInt64 {
			require.Equal(t, graph(by), graph(from+1))
			require.NotEqual(t, graph(by), graph(from))
		}
		if to != math.MaxInt64 {
			require.Equal(t, graph(by), graph(to))
			require.NotEqual(t, graph(by), graph(to+1))
		}
	})
}

// A call that nobody made for hours is told by rollups alone.
func TestCallsComeBackWithTheRollups(t *testing.T) {
	st := New(config())
	r := correlate.Rollup{Start: midnight, Cells: []correlate.Measurement{call("web", "shop", midnight)}}
	st.Restore(r)
	require.Equal(t, []string{"shop"}, st.Service(place("web")).Callees(midnight+301))
	require.Empty(t, st.Service(place("web")).Callees(midnight+300), "when in its bucket it began isn't known")
	r.Start, r.Cells[0].Start = midnight+300, midnight+300
	st.Restore(r)
	require.Equal(t, []string{"shop"}, st.Service(place("web")).Callees(midnight+301))
	st.Add(call("web", "shop", midnight+40))
	require.Equal(t, []string{"shop"}, st.Service(place("web")).Callees(midnight+41), "a fine cell tells it")
	require.Equal(t, held(st), st.Memory().Bytes)
}
