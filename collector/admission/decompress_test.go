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
	decompressed(t, "zstd", map[string]compressedBody{
		"a frame":                             {wire: frame, limit: 1 << 20, want: content},
		"a frame as large as the limit":       {wire: frame, limit: int64(len(content)), want: content},
		"a frame beyond the limit":            {wire: frame, limit: int64(len(content)) - 1, why: TooLarge},
		"two frames":                          {wire: append(bytes.Clone(frame), frame...), limit: 1 << 20, want: append(bytes.Clone(content), content...)},
		"two frames beyond the limit":         {wire: append(bytes.Clone(frame), frame...), limit: int64(len(content)) + 1, why: TooLarge},
		"a stream that doesn't tell its size": {wire: stream.Bytes(), limit: 1 << 20, want: content},
		"a frame that is cut short":           {wire: frame[:len(frame)-3], limit: 1 << 20, why: Malformed},
		"an empty frame":                      {wire: encoder.EncodeAll([]byte{}, nil), limit: 1 << 20, want: []byte{}},
	})
}

// TestMembersOfGzip is the same for gzip.
func TestMembersOfGzip(t *testing.T) {
	content := bytes.Repeat([]byte("checkout "), 10_000)
	member := compressed(t, "gzip", content)
	lying := bytes.Clone(member)
	lying[len(lying)-4]++
	long := make([]byte, longestWhole+1)
	decompressed(t, "gzip", map[string]compressedBody{
		"a member":                       {wire: member, limit: 1 << 20, want: content},
		"a member as large as the limit": {wire: member, limit: int64(len(content)), want: content},
		"a member beyond the limit":      {wire: member, limit: int64(len(content)) - 1, why: TooLarge},
		"two members":                    {wire: append(bytes.Clone(member), member...), limit: 1 << 20, want: append(bytes.Clone(content), content...)},
		"two members beyond the limit":   {wire: append(bytes.Clone(member), member...), limit: int64(len(content)) + 1, why: TooLarge},
		"a member that lies":             {wire: lying, limit: 1 << 20, why: Malformed},
		"a member that is cut short":     {wire: member[:len(member)-3], limit: 1 << 20, why: Malformed},
		"a long member":                  {wire: compressed(t, "gzip", long), limit: 2 << 20, want: long},
		"an empty member":                {wire: compressed(t, "gzip", nil), limit: 1 << 20, want: []byte{}},
	})
}

type compressedBody struct {
	wire  []byte
	limit int64
	want  []byte // nil when it is refused
	why   Reason
}

// decompressed holds what bodies are decompressed to against what they should be, and that nothing stays taken.
func decompressed(t *testing.T, encoding string, bodies map[string]compressedBody) {
	t.Helper()
	for name, test := range bodies {
		t.Run(name, func(t *testing.T) {
			b := NewBudget(64 << 20)
			for _, room := range []*Grant{b.Grant(), b.Pooled()} {
				body, err := room.Decompress(encoding, test.wire, test.limit)
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
