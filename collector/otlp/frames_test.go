package otlp

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFramesLieInBuffersOfTheirOwn(t *testing.T) {
	var pool frames
	rapid.Check(t, func(t *rapid.T) {
		held := map[byte]*[]byte{}
		for i := range byte(rapid.IntRange(1, 20).Draw(t, "frames")) {
			n := rapid.IntRange(0, 20_000).Draw(t, "length")
			b := pool.Get(n)
			require.Len(t, *b, n)
			require.LessOrEqual(t, cap(*b), max(1, 2*n-1), "a small frame takes little")
			copy(*b, bytes.Repeat([]byte{i}, n))
			held[i] = b
			for whose, b := range held {
				require.Equal(t, bytes.Repeat([]byte{whose}, len(*b)), *b, "somebody else wrote in it")
				if rapid.Bool().Draw(t, "read") {
					pool.Put(b)
					delete(held, whose)
				}
			}
		}
	})
	pool.Put(new([]byte)) // of nobody
}
