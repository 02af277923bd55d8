package observe

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func called(places map[correlate.Place]bool) (all []string) {
	for p := range places {
		all = append(all, p.Service)
	}
	slices.Sort(all)
	return all
}

func TestNearIsAFewHopsAwayInBothDirections(t *testing.T) {
	w := newWorld(t)
	chain := []string{"a", "b", "c", "d", "e", "f"}
	for i := range chain[1:] {
		w.call(chain[i], chain[i+1], 0)
	}
	require.Equal(t, []string{"a", "b", "c", "d"}, called(w.Near(place("a"), now(10))))
	require.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, called(w.Near(place("c"), now(10))))
	require.Equal(t, []string{"c"}, called(w.Near(place("c"), now(0))), "a call isn't known before its first bucket is over")
	require.Equal(t, []string{"unknown"}, called(w.Near(place("unknown"), now(10))))
	require.True(t, w.Graph(correlate.DefaultEnvironment, now(10)).DependsOn("a", "c"))
	require.False(t, w.Graph(correlate.DefaultEnvironment, now(0)).DependsOn("a", "c"))
	require.False(t, w.Graph("staging", now(10)).DependsOn("a", "c"))
}

// The graph that is remembered is the graph at the instant that is asked for, in whatever order instants are asked for and
// calls become known.
func TestTheGraphIsThatOfTheInstant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.Bool().Draw(rt, "call?") {
				w.call(name.Draw(rt, "from"), name.Draw(rt, "to"), 10*rapid.Int64Range(0, 20).Draw(rt, "start"))
				continue
			}
			p, at := place(name.Draw(rt, "of")), now(rapid.Int64Range(0, 220).Draw(rt, "at"))
			require.True(rt, maps.Equal(near(w.store, p, at), w.Near(p, at)))
			fresh := New(testConfig(), w.store).Graph(correlate.DefaultEnvironment, at)
			for _, a := range []string{"a", "b", "c"} {
				for _, b := range []string{"c", "d", "e"} {
					known := w.Graph(correlate.DefaultEnvironment, at)
					require.Equal(rt, fresh.DependsOn(a, b), known.DependsOn(a, b))
					require.Equal(rt, fresh.Connected(a, b), known.Connected(a, b))
				}
			}
		}
	})
}
