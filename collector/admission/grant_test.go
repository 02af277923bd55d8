package admission

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestABodyIsReadWholeHoweverItArrives(t *testing.T) {
	readers := []func(io.Reader) io.Reader{
		func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader,
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 20_000).Draw(t, "limit")
		size := rapid.IntRange(0, 25_000).Draw(t, "size")
		want := bytes.Repeat([]byte("x"), size)
		b := NewBudget(1 << 20)
		room := b.Grant()
		got, err := room.ReadAll(rapid.SampledFrom(readers).Draw(t, "reader")(bytes.NewReader(want)), limit)
		if int64(size) > limit {
			require.ErrorContains(t, err, "is larger than")
		} else {
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
		require.LessOrEqual(t, room.taken, limit+1, "never more than the limit and the byte that proves too much")
		room.Release()
		require.Zero(t, b.Used())
	})
}

func TestABodyThatBreaksOffIsNeverTakenForWhole(t *testing.T) {
	for name, broken := range map[string]error{"by the network": errors.New("reset"), "before its announced end": io.ErrUnexpectedEOF} {
		t.Run(name, func(t *testing.T) {
			r := io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(broken))
			_, err := NewBudget(1<<20).Grant().ReadAll(r, 100)
			require.ErrorIs(t, err, broken)
		})
	}
}
