package webhook

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
		b := newBudget(limit)
		room := &grant{budget: b}
		got, err := room.readAll(rapid.SampledFrom(readers).Draw(t, "reader")(bytes.NewReader(want)), limit)
		if int64(size) > limit {
			require.ErrorIs(t, err, errTooLarge)
		} else {
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
		require.LessOrEqual(t, room.taken, limit+1, "never more than the limit and the byte that proves too much")
		room.release()
		require.Equal(t, int64(minBudget), b.left.Load())
	})
}

func TestABodyThatBreaksOffIsNeverTakenForWhole(t *testing.T) {
	for name, broken := range map[string]error{"by the network": errors.New("reset"), "before its announced end": io.ErrUnexpectedEOF} {
		t.Run(name, func(t *testing.T) {
			r := io.MultiReader(bytes.NewReader([]byte("half")), iotest.ErrReader(broken))
			_, err := (&grant{budget: newBudget(100)}).readAll(r, 100)
			require.ErrorIs(t, err, broken)
		})
	}
}

func TestABudgetThatIsTakenIsNotTakenTwice(t *testing.T) {
	b := newBudget(1)
	b.left.Store(5000)
	first, second := &grant{budget: b}, &grant{budget: b}
	require.True(t, first.take(4096))
	require.False(t, second.take(4096))
	first.release()
	require.True(t, second.take(4096))
}
