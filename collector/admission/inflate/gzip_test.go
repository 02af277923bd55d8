package inflate_test

import (
	"bytes"
	"compress/flate"
	stdlib "compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/admission/inflate"
)

// contents are what bodies hold, and what is hard.
func contents() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	skewed := make([]byte, 200_000) // long codes, of bytes and of distances
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for i := range skewed {
		skewed[i] = byte(random.ExpFloat64() * random.ExpFloat64() * 9)
	}
	runs := []byte{}
	for n := range 600 {
		runs = append(runs, bytes.Repeat(noise[n:n+1+n%12], 1+n%70)...)
	}
	var spans strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&spans, "\x12\x10%x\x1a\x08%xhttp.route/api/v1/orders/{id}/part-%dhttp.request.methodGET", random.Uint64(), random.Uint32(), i%8)
	}
	return map[string][]byte{
		"one byte": {7}, "a short text": []byte("hello, hello, hello"), "noise": noise, "long codes": skewed, "runs of all distances": runs,
		"spans": []byte(spans.String()), "one byte often": make([]byte, 300_000), "half noise": append(noise[:50_000:50_000], skewed...),
	}
}

type encoder struct {
	name  string
	level int
	make  func(io.Writer, int) (io.WriteCloser, error)
}

func encoders() (all []encoder) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		all = append(all, encoder{"compress", level, func(w io.Writer, level int) (io.WriteCloser, error) { return stdlib.NewWriterLevel(w, level) }},
			encoder{"klauspost", level, func(w io.Writer, level int) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, level) }})
	}
	return append(all, encoder{"stateless", gzip.StatelessCompression, func(w io.Writer, level int) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, level) }})
}

func (e *encoder) encode(t testing.TB, content []byte) []byte {
	t.Helper()
	var wire bytes.Buffer
	w, err := e.make(&wire, e.level)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return wire.Bytes()
}

// content is what Gzip makes of a body.
func content(wire []byte) ([]byte, bool) {
	n, ok := inflate.Length(wire)
	if !ok || n > 1<<20 {
		return nil, false
	}
	into := make([]byte, n)
	return into, inflate.Gzip(into, wire)
}

func TestWhatEncodersWriteIsRead(t *testing.T) {
	for name, want := range contents() {
		t.Run(name, func(t *testing.T) {
			for _, e := range encoders() {
				got, ok := content(e.encode(t, want))
				require.True(t, ok, "%s at level %d", e.name, e.level)
				require.True(t, bytes.Equal(want, got), "%s at level %d", e.name, e.level)
			}
		})
	}
}

// member is a body around what a compressor would write.
func member(deflated string, content []byte) []byte {
	wire := append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, deflated...)
	wire = binary.LittleEndian.AppendUint32(wire, crc32.ChecksumIEEE(content))
	return binary.LittleEndian.AppendUint32(wire, uint32(len(content)))
}

func TestWhatIsOddIsLeftToADecompressor(t *testing.T) {
	e := encoders()[0]
	plain := e.encode(t, []byte("hello"))
	changed := func(at int, to byte) []byte {
		wire := bytes.Clone(plain)
		wire[at] = to
		return wire
	}
	for name, wire := range map[string][]byte{
		"nothing":                        nil,
		"a header alone":                 plain[:10],
		"cut short":                      append(plain[:len(plain)-9:len(plain)-9], plain[len(plain)-8:]...),
		"a name in the header":           changed(3, 8),
		"another method":                 changed(2, 7),
		"another format":                 changed(0, 0),
		"a wrong checksum":               changed(len(plain)-8, plain[len(plain)-8]+1),
		"a wrong length":                 changed(len(plain)-4, 4),
		"a length beyond what can be":    changed(len(plain)-1, 1),
		"two members":                    append(bytes.Clone(plain), plain...),
		"something behind the end":       append(append(bytes.Clone(plain[:len(plain)-8]), 0), plain[len(plain)-8:]...),
		"an unknown kind of block":       member("\x07", nil),
		"a stored block that lies":       member("\x01\x01\x00\x00\x00x", []byte("x")),
		"a distance to before the begin": member("\x4b\x04\x22\x00", []byte("aaaaaa")),
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := content(wire)
			require.False(t, ok)
		})
	}
}

func TestARoomOfAnotherLengthIsNotFilled(t *testing.T) {
	e := encoders()[0]
	require.False(t, inflate.Gzip(make([]byte, 6), e.encode(t, []byte("hello"))))
}

// same holds what is read of a body against what a decompressor reads of it.
func same(t testing.TB, wire []byte) (taken bool) {
	t.Helper()
	got, ok := content(wire)
	if !ok {
		return false
	}
	r, err := gzip.NewReader(bytes.NewReader(wire))
	require.NoError(t, err)
	want, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, want, got)
	return true
}

// resealed is a member whose content may be changed: with the checksum and the length that a decompressor finds.
func resealed(wire []byte) []byte {
	r := flate.NewReader(bytes.NewReader(wire[10 : len(wire)-8]))
	found, _ := io.ReadAll(io.LimitReader(r, 1<<20)) // of what is broken, as much as there is
	return member(string(wire[10:len(wire)-8]), found)
}

func TestMutantsAreReadAsADecompressorReadsThem(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	taken := 0
	for _, of := range contents() {
		of = of[:min(len(of), 3000)]
		for _, e := range encoders() {
			wire := e.encode(t, of)
			for range 20 {
				mutant := bytes.Clone(wire)
				mutant[10+random.IntN(len(wire)-18)] ^= 1 << random.IntN(8)
				if same(t, resealed(mutant)) {
					taken++
				}
			}
		}
	}
	require.Greater(t, taken, 100, "some must be read, or nothing is compared")
}

func FuzzGzip(f *testing.F) {
	for _, of := range contents() {
		for _, e := range encoders() {
			f.Add(e.encode(f, of[:min(len(of), 500)]))
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		same(t, wire)
		if len(wire) > 18 {
			same(t, resealed(append([]byte{0x1f, 0x8b, 8, 0}, wire[4:]...)))
		}
	})
}

func BenchmarkGzip(b *testing.B) {
	want := contents()["spans"][:90_000]
	e := encoder{"", gzip.BestSpeed, func(w io.Writer, level int) (io.WriteCloser, error) { return stdlib.NewWriterLevel(w, level) }}
	wire := e.encode(b, want)
	into := make([]byte, len(want))
	b.Run("whole", func(b *testing.B) {
		b.SetBytes(int64(len(want)))
		b.ReportAllocs()
		for b.Loop() {
			require.True(b, inflate.Gzip(into, wire))
		}
	})
	b.Run("stream", func(b *testing.B) {
		b.SetBytes(int64(len(want)))
		b.ReportAllocs()
		r := &gzip.Reader{}
		for b.Loop() {
			require.NoError(b, r.Reset(bytes.NewReader(wire)))
			_, err := io.ReadFull(r, into)
			require.NoError(b, err)
		}
	})
}
