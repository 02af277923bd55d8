package prometheus

import (
	"bytes"
	"compress/gzip"
	"hash/crc32"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheChecksumOfTwoTextsFollowsFromTheirs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(rapid.Byte()).Draw(t, "a"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		b = bytes.Repeat(b, rapid.IntRange(0, 5000).Draw(t, "times"))
		want := crc32.ChecksumIEEE(append(bytes.Clone(a), b...))
		require.Equal(t, want, appended(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), shiftOf(len(b))))
	})
}

func TestSegmentsInAnyOrderAreOneGzipMember(t *testing.T) {
	c, err := newCompressor()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringN(1, 200, -1), 1, 5).Draw(t, "texts")
		var made []*segment
		for _, text := range texts {
			made = append(made, c.compress([]byte(text), c.fingerprint([]byte(text))))
		}
		var want string
		var segments []*segment
		for _, i := range rapid.SliceOf(rapid.IntRange(0, len(texts)-1)).Draw(t, "order") {
			want, segments = want+texts[i], append(segments, made[i])
		}
		var zipped, plain bytes.Buffer
		require.NoError(t, writeGzip(&zipped, segments))
		require.NoError(t, writePlain(&plain, segments))
		require.Equal(t, want, plain.String())
		require.Equal(t, zipped.Len(), gzipSize(segments))
		r, err := gzip.NewReader(&zipped)
		require.NoError(t, err)
		r.Multistream(false)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		require.Zero(t, zipped.Len(), "nothing follows the member")
	})
}
