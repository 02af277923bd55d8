package observe

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A digest is FNV-1a of the values in little-endian order, each text after its length.
func TestADigestIsFNV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, h := NewDigest(), fnv.New64a()
		for range rapid.IntRange(0, 5).Draw(t, "values") {
			n, text := rapid.Int64().Draw(t, "number"), rapid.String().Draw(t, "text")
			d.Ints(n)
			d.Words(text)
			for _, value := range []int64{n, int64(len(text))} {
				_, _ = h.Write(binary.LittleEndian.AppendUint64(nil, uint64(value)))
			}
			_, _ = h.Write([]byte(text))
		}
		require.Equal(t, h.Sum64(), uint64(d))
		require.Equal(t, hex.EncodeToString(h.Sum(nil)), d.String())
	})
	require.Equal(t, "0000000000000001", Digest(1).String())
}
