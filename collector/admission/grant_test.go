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

func TestBuffersAreUsedAgainOnlyWhenTheyAreFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBudget(64 << 20)
		held := map[*Grant][]byte{}
		whose := map[*Grant]byte{}
		for i := range rapid.IntRange(1, 20).Draw(t, "requests") {
			for room, body := range held {
				require.Equal(t, bytes.Repeat([]byte{whose[room]}, len(body)), body, "somebody else wrote in it")
				if rapid.Bool().Draw(t, "release") {
					room.Release()
					delete(held, room)
				}
			}
			room := b.Pooled()
			size := rapid.IntRange(0, 30_000).Draw(t, "size")
			room.Expect(int64(rapid.SampledFrom([]int{0, size, size / 2, 1 << 40, -1}).Draw(t, "announced")))
			body, err := room.ReadAll(bytes.NewReader(bytes.Repeat([]byte{byte(i)}, size)), 1<<20)
			require.NoError(t, err)
			require.Len(t, body, size)
			require.GreaterOrEqual(t, room.taken, int64(cap(body)))
			require.LessOrEqual(t, room.taken, int64(2*believed))
			held[room], whose[room] = body, byte(i)
		}
		for room := range held {
			room.Release()
		}
		require.Zero(t, b.Used())
	})
}
