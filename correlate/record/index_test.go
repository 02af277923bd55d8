package record

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestAnIndexIsASortedList holds it against a slice that is sorted anew each time.
func TestAnIndexIsASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x index[int]
		var all []item[int]
		anyKey := func() key {
			return key{after(rapid.Int64Range(0, 200).Draw(t, "at")), rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "id")}
		}
		for n := range rapid.IntRange(1, 700).Draw(t, "steps") {
			k := anyKey()
			at, found := slices.BinarySearchFunc(all, k, func(i item[int], k key) int { return i.compare(k) })
			switch {
			case !found:
				x.insert(k, n)
				all = slices.Insert(all, at, item[int]{k, n})
			case rapid.IntRange(0, 3).Draw(t, "remove?") == 0:
				x.remove(k)
				all = slices.Delete(all, at, at+1)
			}
		}
		from := anyKey()
		at, _ := slices.BinarySearchFunc(all, from, func(i item[int], k key) int { return i.compare(k) })
		before := slices.Clone(all[:at])
		slices.Reverse(before)
		require.Equal(t, len(all), x.len())
		require.Equal(t, len(all) == 0, x.empty())
		require.Equal(t, all, slices.AppendSeq([]item[int]{}, x.all()))
		require.ElementsMatch(t, all[at:], slices.Collect(x.from(from)))
		require.ElementsMatch(t, before, slices.Collect(x.before(from)))
		for _, b := range x.blocks {
			require.NotEmpty(t, b)
			require.LessOrEqual(t, len(b), blockMost)
		}
		x.remove(key{after(1000), "not there"})
		require.Equal(t, len(all), x.len())
	})
}
