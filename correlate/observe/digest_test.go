package observe

import (
	"math/bits"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func drawWord(t *rapid.T) int64 {
	return rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).Draw(t, "word")
}

func digestOf(words []int64) string {
	d := NewDigest()
	d.Ints(words...)
	return d.String()
}

func TestListsThatDifferInAWordNeverLookAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.Custom(drawWord), 1, 20).Draw(t, "words")
		others := append([]int64(nil), words...)
		at := rapid.IntRange(0, len(words)-1).Draw(t, "at")
		others[at] = drawWord(t)
		require.Equal(t, words[at] == others[at], digestOf(words) == digestOf(others))
		require.NotEqual(t, digestOf(words), digestOf(append(words, 0)))
		require.Len(t, digestOf(words), 16)
	})
}

// A digest of a list is another than that of the list in another order, or cut in other places.
func TestOrderAndCutsShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 20, -1), 1, 4).Draw(t, "texts")
		others := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00")), 0, 20, -1), len(texts), len(texts)).Draw(t, "others")
		one, other, same := NewDigest(), NewDigest(), true
		one.Words(texts...)
		other.Words(others...)
		for i := range texts {
			same = same && texts[i] == others[i]
		}
		require.Equal(t, same, one == other, "%q %q", texts, others)
	})
	one, other := NewDigest(), NewDigest()
	one.Words("checkout", "production")
	other.Words(strings.Split("check outproduction", " ")...)
	require.NotEqual(t, one, other)
}

// What is shown of a digest changes in about half of its bits when a bit of any word does.
func TestEachBitMovesHalfOfTheDigest(t *testing.T) {
	var words [3]int64
	moved := 0
	for bit := range 64 * len(words) {
		others := words
		others[bit/64] ^= 1 << (bit % 64)
		one, other := NewDigest(), NewDigest()
		one.Ints(words[:]...)
		other.Ints(others[:]...)
		n := bits.OnesCount64(one.avalanche() ^ other.avalanche())
		require.Greater(t, n, 8, "bit %d", bit)
		moved += n
	}
	require.InDelta(t, 32, float64(moved)/float64(64*len(words)), 1)
}

func TestEveryFieldOfACellShows(t *testing.T) {
	cell := correlate.Cell{Start: 1, Requests: 2, Errors: 3, Sum: 4, N: 5, Latency: correlate.Histogram{{Index: 6, Count: 7}}}
	of := func(change func(c *correlate.Cell)) Digest {
		c := cell
		c.Latency = append(correlate.Histogram(nil), cell.Latency...)
		change(&c)
		d := NewDigest()
		d.Cells([]correlate.Cell{c, cell})
		return d
	}
	known := map[Digest]string{of(func(*correlate.Cell) {}): "nothing"}
	for name, change := range map[string]func(c *correlate.Cell){
		"start":    func(c *correlate.Cell) { c.Start++ },
		"requests": func(c *correlate.Cell) { c.Requests++ },
		"errors":   func(c *correlate.Cell) { c.Errors++ },
		"sum":      func(c *correlate.Cell) { c.Sum++ },
		"number":   func(c *correlate.Cell) { c.N++ },
		"bin":      func(c *correlate.Cell) { c.Latency[0].Index++ },
		"count":    func(c *correlate.Cell) { c.Latency[0].Count++ },
		"more":     func(c *correlate.Cell) { c.Latency = append(c.Latency, correlate.Bin{Index: 9, Count: 1}) },
		"none":     func(c *correlate.Cell) { c.Latency = nil },
	} {
		d := of(change)
		require.Empty(t, known[d], name)
		known[d] = name
	}
}
