package packed

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// formats are those that differ in what matters to Pack and Unpack.
func formats() map[string]*Format {
	return map[string]*Format{
		"checked, from 64 bytes on": {What: "letters", MaxPayload: 1 << 16, MaxRatio: 8, MinCompress: 64, Level: zstd.SpeedFastest, Checked: true},
		"always, unchecked":         {What: "letters", MaxPayload: 1 << 16, MaxRatio: 64, Level: zstd.SpeedDefault},
	}
}

func TestEveryPayloadComesBackAsItWas(t *testing.T) {
	for name, f := range formats() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				payload := rapid.SliceOfN(rapid.ByteRange('a', 'd'), 0, 2000).Draw(t, "payload")
				if rapid.Bool().Draw(t, "repeats") {
					payload = bytes.Repeat(payload, 20)
				}
				head := []byte("head")
				blob := f.Pack(head, payload)
				require.Equal(t, blob, f.Pack([]byte("head"), payload), "the same payload is the same bytes")
				rest, ok := bytes.CutPrefix(blob, head)
				require.True(t, ok)
				require.LessOrEqual(t, len(rest), len(payload)+4, "packing never makes it longer, but for the header")
				back, err := f.Unpack(rest)
				require.NoError(t, err)
				require.True(t, bytes.Equal(payload, back))
			})
		})
	}
}

func TestPackingIsGivenUpWhereItDoesNotPay(t *testing.T) {
	f := formats()["checked, from 64 bytes on"]
	for name, c := range map[string]struct {
		payload []byte
		form    byte
	}{
		"shorter than a header is worth": {bytes.Repeat([]byte("a"), 63), Plain},
		"it pays":                        {bytes.Repeat([]byte("abcdefgh"), 12), Compressed},
		"it pays more than may be read":  {bytes.Repeat([]byte("a"), 5000), Compressed},
		"nothing at all":                 {nil, Plain},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.form, f.Pack(nil, c.payload)[0]) })
	}
}

func TestAPayloadThatRepeatsTakesNoMoreThanItsRatioAsksFor(t *testing.T) {
	for name, f := range formats() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				payload := bytes.Repeat([]byte("a"), rapid.IntRange(1000, 60_000).Draw(t, "size"))
				blob := f.Pack(nil, payload)
				require.LessOrEqual(t, len(blob), len(payload)/f.MaxRatio+40)
				back, err := f.Unpack(blob)
				require.NoError(t, err)
				require.True(t, bytes.Equal(payload, back))
			})
		})
	}
}

func TestWhatPrecedesAPayloadIsNotWrittenOver(t *testing.T) {
	f := formats()["always, unchecked"]
	head := append(make([]byte, 0, 100), "mark"...)
	first, second := f.Pack(head, []byte("first")), f.Pack(head, []byte("other"))
	require.Contains(t, string(first), "first")
	require.Contains(t, string(second), "other")
}

func TestADamagedPayloadIsRefused(t *testing.T) {
	f := formats()["checked, from 64 bytes on"]
	blob := f.Pack(nil, bytes.Repeat([]byte("abcdefgh"), 12))
	for name, c := range map[string]struct {
		blob []byte
		want string
	}{
		"nothing at all":     {nil, "damaged letters: a form byte expected at byte 0"},
		"no length":          {[]byte{Plain}, "damaged letters: a length expected at byte 0"},
		"a form of tomorrow": {[]byte{9, 0}, "letters of the unknown form 9: written by a newer version, or damaged"},
		"cut short":          {[]byte{Plain, 3, 'a'}, "damaged letters: a payload of 3 bytes expected at byte 1"},
		"with more behind":   {[]byte{Plain, 1, 'a', 'b'}, "damaged letters: a payload of 1 bytes expected at byte 2"},
		"a frame cut short":  {blob[:len(blob)-3], "damaged letters: "},
		"a frame of another length": {
			append([]byte{Compressed, blob[1] - 1}, blob[2:]...), "damaged letters: ",
		},
		"a bomb by its ratio":        {[]byte{Compressed, 0xff, 0x7f, 1}, "damaged letters: at most 8 bytes from 1 expected at byte 0"},
		"a bomb by its size":         {append([]byte{Compressed, 0x81, 0x80, 0x04}, make([]byte, 1<<14)...), "damaged letters: at most"},
		"a length that never ends":   {append([]byte{Plain}, bytes.Repeat([]byte{0xff}, 11)...), "damaged letters: a length"},
		"what was never compressed":  {[]byte{Compressed, 4, 1, 2, 3, 4}, "damaged letters: "},
		"a length and nothing after": {[]byte{Compressed, 1}, "damaged letters: at most 0 bytes from 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := f.Unpack(c.blob)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAPayloadLikeOthersTakesLess(t *testing.T) {
	note := func(of string) []byte {
		return fmt.Appendf(nil, `{"service":%q,"environment":"production","version":"v1","started_at":"2026-03-01T12:00:00Z",`+
			`"finished_at":"2026-03-01T12:00:01Z","window_start":"2026-03-01T12:00:00Z","window_end":"2026-03-01T13:00:00Z","phase":"closed"}`, of)
	}
	payload := note("checkout")
	alone := &Format{What: "notes", MaxPayload: 1 << 20, MaxRatio: 64, Level: zstd.SpeedFastest}
	like := &Format{What: "notes", MaxPayload: 1 << 20, MaxRatio: 64, Level: zstd.SpeedFastest, Like: note("cart")}
	packed := like.Pack(nil, payload)
	require.Less(t, len(packed), len(alone.Pack(nil, payload))/2)
	back, err := like.Unpack(packed)
	require.NoError(t, err)
	require.Equal(t, payload, back)
	_, err = alone.Unpack(packed)
	require.Error(t, err, "what it is like is part of the format")
}
