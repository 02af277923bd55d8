package packed

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func drawKey(t *rapid.T) correlate.Key {
	text := rapid.SampledFrom([]string{"", "cart", "production", "1.4.2", "Ωmega", "a\x00b"})
	return correlate.Key{
		Service: text.Draw(t, "service"), Environment: text.Draw(t, "environment"), Version: text.Draw(t, "version"),
		Name: text.Draw(t, "name"), Peer: rapid.String().Draw(t, "peer"),
		Kind: correlate.SignalKind(rapid.Byte().Draw(t, "kind")), Origin: correlate.Origin(rapid.Byte().Draw(t, "origin")),
	}
}

func TestKeysComeBackAsTheyWere(t *testing.T) {
	f := formats()["always, unchecked"]
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.Custom(drawKey), 0, 20).Draw(t, "keys")
		names := NewNames()
		for i := range keys {
			names.Add(&keys[i])
		}
		out := names.Append(nil)
		require.LessOrEqual(t, len(out), names.Bytes())
		for i := range keys {
			out = names.AppendKey(out, &keys[i])
		}
		r := f.Reader(out)
		texts := r.Texts()
		for _, k := range keys {
			require.Equal(t, k, r.Key(texts))
		}
		require.NoError(t, r.End())
	})
}

func TestATextIsWrittenOnce(t *testing.T) {
	names := NewNames()
	for range 3 {
		names.Add(&correlate.Key{Service: "cart", Environment: "production", Version: "cart"})
	}
	require.Equal(t, "\x03\x04cart\x0aproduction\x00", string(names.Append(nil)))
}

func TestNumbersComeBackAsTheyWere(t *testing.T) {
	f := formats()["always, unchecked"]
	rapid.Check(t, func(t *rapid.T) {
		u, i, b := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "i"), rapid.Byte().Draw(t, "b")
		r := f.Reader(append(binary.AppendVarint(binary.AppendUvarint(nil, u), i), b))
		require.Equal(t, u, r.Uvarint("u"))
		require.Equal(t, i, r.Varint("i"))
		require.Equal(t, 1, r.Left())
		require.Equal(t, b, r.Byte("b"))
		require.NoError(t, r.End())
	})
}

func TestAReaderSaysWhereItStopped(t *testing.T) {
	f := formats()["always, unchecked"]
	for name, c := range map[string]struct {
		payload []byte
		read    func(r *Reader)
		want    string
	}{
		"no number":                {nil, func(r *Reader) { r.Uvarint("a number") }, "damaged letters: a number expected at byte 0"},
		"no number with a sign":    {[]byte{0xff}, func(r *Reader) { r.Varint("a number") }, "damaged letters: a number expected at byte 0"},
		"no byte":                  {[]byte{1}, func(r *Reader) { r.Byte("one"); r.Byte("another") }, "damaged letters: another expected at byte 1"},
		"more items than there is": {[]byte{3, 0, 0, 0, 0}, func(r *Reader) { r.Count(2, "a count") }, "damaged letters: a count that fits expected at byte 1"},
		"a text cut short":         {[]byte{1, 5, 'a'}, func(r *Reader) { r.Texts() }, "damaged letters: a length that fits expected at byte 2"},
		"a text that isn't there":  {[]byte{1}, func(r *Reader) { r.Key([]string{"a"}) }, "damaged letters: a place below 1 expected at byte 1"},
		"something is left":        {[]byte{1, 2}, func(r *Reader) { r.Byte("one") }, "damaged letters: the end expected at byte 1"},
		"the first error stays": {nil, func(r *Reader) { r.Byte("one"); r.Uvarint("two"); r.Varint("three"); r.Fail("four") },
			"damaged letters: one expected at byte 0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := f.Reader(c.payload)
			c.read(&r)
			require.EqualError(t, r.End(), c.want)
			require.EqualError(t, r.Err(), c.want)
		})
	}
}

func TestAfterAnErrorEverythingIsZero(t *testing.T) {
	f := formats()["always, unchecked"]
	r := f.Reader([]byte{1, 1, 1, 1, 1, 1, 1, 1})
	r.Fail("something else")
	require.Zero(t, r.Uvarint(""))
	require.Zero(t, r.Varint(""))
	require.Zero(t, r.Byte(""))
	require.Zero(t, r.Count(1, ""))
	require.Empty(t, r.Texts())
	require.Zero(t, r.Key([]string{"a", "b"}))
}
