package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestAViewHoldsWhatHadBegun(t *testing.T) {
	w := newWorld(t)
	w.change("c1", "shop", "v2", 0)
	w.change("c2", "shop", "v3", 300)
	w.change("c3", "web", "v1", 0)
	for at, want := range map[int64][]string{0: nil, 1: {"c1"}, 300: {"c1"}, 301: {"c1", "c2"}} {
		var ids []string
		for _, s := range w.view(at).Of(place("shop")) {
			ids = append(ids, s.ID)
		}
		require.Equal(t, want, ids, "%d seconds after", at)
	}
	require.Empty(t, w.view(900).Of(place("nobody")))
}

func TestAViewAsksForAPlaceOnce(t *testing.T) {
	asked := 0
	v := NewView(100, func(correlate.Place) *Lineup {
		asked++
		return Line([]*Known{Whole(Subject{ID: "c1", Start: 10})})
	})
	require.Empty(t, v.places)
	require.Len(t, v.Of(place("shop")), 1)
	require.Len(t, v.Of(place("shop")), 1)
	require.Equal(t, 1, asked)
}

func TestANeighbourWarmsUpWhenWhatChangedNearItDoes(t *testing.T) {
	flag := func(s Subject) Subject { s.Kind = correlate.KindFeatureFlag; return s }
	rollout := Subject{ID: "c1", Kind: correlate.KindDeployment, Start: 100, Live: true}
	for name, c := range map[string]struct {
		changes []Subject
		want    bool
	}{
		"nothing":             {nil, false},
		"a flag":              {[]Subject{flag(rollout)}, true},
		"a rollout":           {[]Subject{rollout}, false},
		"both":                {[]Subject{flag(rollout), rollout}, false},
		"a flag at some time": {[]Subject{{ID: "c0", Kind: correlate.KindFeatureFlag, Start: 90, Live: true}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := View{Watched: pointers(c.changes)}
			require.Equal(t, c.want, v.atOnce(100))
		})
	}
}
