package prometheus

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"hash/maphash"
	"io"

	"github.com/klauspost/compress/flate"
)

// segment is a piece of an exposition, compressed by itself: a run of DEFLATE blocks (RFC 1951) that ends on a byte and
// refers to nothing before it. Segments in any order, with a header, an end and a checksum around them, are one gzip stream
// of one member, which every client reads.
type segment struct {
	fingerprint
	deflated []byte
	shift    uint32 // for the checksum of what it is appended to
}

// fingerprint tells texts apart.
type fingerprint struct {
	hash uint64
	sum  uint32 // CRC-32
	size int
}

// compressor makes segments.
type compressor struct {
	seed maphash.Seed
	out  bytes.Buffer
	w    *flate.Writer
}

func newCompressor() (*compressor, error) {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	return &compressor{seed: maphash.MakeSeed(), w: w}, err
}

func (c *compressor) fingerprint(text []byte) fingerprint {
	return fingerprint{hash: maphash.Bytes(c.seed, text), sum: crc32.ChecksumIEEE(text), size: len(text)}
}

// compress makes a segment of a text. Nothing fails in memory.
func (c *compressor) compress(text []byte, f fingerprint) *segment {
	c.out.Reset()
	c.w.Reset(&c.out)
	_, _ = c.w.Write(text)
	_ = c.w.Flush()
	return &segment{fingerprint: f, deflated: bytes.Clone(c.out.Bytes()), shift: shiftOf(len(text))}
}

var (
	gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff} // RFC 1952: no name, no time, unknown system
	lastBlock  = []byte{3, 0}                                  // the last block of DEFLATE, with nothing in it
)

const gzipTrailer = 8 // bytes: the checksum, and the size of the text

// gzipSize is how many bytes writeGzip writes.
func gzipSize(segments []*segment) int {
	size := len(gzipHeader) + len(lastBlock) + gzipTrailer
	for _, s := range segments {
		size += len(s.deflated)
	}
	return size
}

// writeGzip writes segments as a gzip stream.
func writeGzip(w io.Writer, segments []*segment) error {
	if _, err := w.Write(gzipHeader); err != nil {
		return err
	}
	var sum, size uint32
	for _, s := range segments {
		if _, err := w.Write(s.deflated); err != nil {
			return err
		}
		sum, size = appended(sum, s.sum, s.shift), size+uint32(s.size)
	}
	end := binary.LittleEndian.AppendUint32(bytes.Clone(lastBlock), sum)
	_, err := w.Write(binary.LittleEndian.AppendUint32(end, size))
	return err
}

// writePlain writes the text of segments.
func writePlain(w io.Writer, segments []*segment) error {
	deflated := make([]io.Reader, 0, len(segments)+1)
	for _, s := range segments {
		deflated = append(deflated, bytes.NewReader(s.deflated))
	}
	deflated = append(deflated, bytes.NewReader(lastBlock))
	r := flate.NewReader(io.MultiReader(deflated...))
	_, err := io.Copy(w, r)
	return err
}
