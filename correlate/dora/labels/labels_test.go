package labels_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora/labels"
)

func all(string, string) bool { return true }

func TestASetHasWhatItWasMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := rapid.MapOfN(rapid.StringMatching(`[a-z=,.]{0,3}`), rapid.StringMatching(`[a-z=,.]{1,3}`), 0, 5).Draw(t, "labels")
		s := labels.Of(is, all)
		got := map[string]string{}
		for name, value := range s.All {
			got[name] = value
			require.Equal(t, value, s.Value(name))
		}
		require.True(t, maps.Equal(is, got))
		require.Empty(t, s.Value("nobody"))
		require.Equal(t, s, labels.Of(maps.Clone(is), all))
	})
}

func TestWhatASetLeavesOut(t *testing.T) {
	is := map[string]string{"a": "1", "empty": "", "nul": "a\x00b", "unwanted": "x"}
	require.Equal(t, labels.Of(map[string]string{"a": "1"}, all), labels.Of(is, func(name, _ string) bool { return name != "unwanted" }))
	require.Empty(t, labels.Of(nil, all))
}

func TestWhichLabelsAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		then  func(*labels.Kept)
		whole map[string]bool
	}{
		"one that nobody used is known to be of nobody": {func(*labels.Kept) {}, map[string]bool{"region": true}},
		"one with few values": {func(k *labels.Kept) {
			for range 5000 {
				k.Keep("region", "eu")
			}
		}, map[string]bool{"region": true}},
		"one with a value for each change": {func(k *labels.Kept) {
			k.Keep("region", "eu")
			for i := range 5000 {
				k.Keep("build", fmt.Sprint(i))
			}
		}, map[string]bool{"region": true, "build": false}},
		"one with a long value": {func(k *labels.Kept) { k.Keep("why", strings.Repeat("a", 500)) }, map[string]bool{"why": false, "region": true}},
		"too many of them": {func(k *labels.Kept) {
			for i := range 500 {
				k.Keep(fmt.Sprint("n", i), "1")
			}
		}, map[string]bool{"n1": true, "n400": false, "region": false}},
		"none any more": {func(k *labels.Kept) {
			k.Keep("region", "eu")
			k.DropAll()
		}, map[string]bool{"region": false, "other": false}},
	} {
		t.Run(name, func(t *testing.T) {
			k := labels.NewKept()
			c.then(k)
			again := labels.NewKept()
			dropped, others := k.Dropped()
			for _, name := range dropped {
				again.Drop(name)
			}
			if others {
				again.Crowd()
			}
			for name, whole := range c.whole {
				require.Equal(t, whole, k.Whole(name), name)
				if !whole {
					require.False(t, k.Keep(name, "yet another"), name)
					require.False(t, again.Whole(name), "%s is dropped after a restart", name)
				}
			}
		})
	}
}
