package admission

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// TestFramesOfZstd: a frame that tells its length is decompressed in one piece, and whatever isn't one, or lies, as a stream.
func TestFramesOfZstd(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	content := bytes.Repeat([]byte("checkout "), 10_000)
	frame := encoder.EncodeAll(content, nil)
	var stream bytes.Buffer
	w, err := zstd.NewWriter(&stream)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, test := range map[string]struct {
		wire  []byte
		limit int64
		want  []byte // nil when it is refused
		why   Reason
	}{
		"a frame":                             {wire: frame, limit: 1 << 20, want: content},
		"a frame as large as the limit":       {wire: frame, limit: int64(len(content)), want: content},
		"a frame beyond the limit":            {wire: frame, limit: int64(len(content)) - 1, why: TooLarge},
		"two frames":                          {wire: append(bytes.Clone(frame), frame...), limit: 1 << 20, want: append(bytes.Clone(content), content...)},
		"two frames beyond the limit":         {wire: append(bytes.Clone(frame), frame...), limit: int64(len(content)) + 1, why: TooLarge},
		"a stream that doesn't tell its size": {wire: stream.Bytes(), limit: 1 << 20, want: content},
		"a frame that is cut short":           {wire: frame[:len(frame)-3], limit: 1 << 20, why: Malformed},
		"an empty frame":                      {wire: encoder.EncodeAll([]byte{}, nil), limit: 1 << 20, want: []byte{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBudget(64 << 20)
			for _, room := range []*Grant{b.Grant(), b.Pooled()} {
				body, err := room.Decompress("zstd", test.wire, test.limit)
				if test.want == nil {
					require.Equal(t, test.why, reason(t, err))
				} else {
					require.NoError(t, err)
					require.True(t, bytes.Equal(test.want, body))
				}
				room.Release()
				require.Zero(t, b.Used())
			}
		})
	}
}
