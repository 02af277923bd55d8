package archive

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Decode reads what Encode wrote. Whatever the bytes are, it neither panics nor allocates more than a fixed multiple of
// their number; what isn't a chunk is refused with an error that says where. It is safe for concurrent use.
func Decode(blob []byte) (Chunk, error) {
	payload, err := unpack(blob)
	if err != nil {
		return Chunk{}, err
	}
	r := &reader{data: payload}
	c := r.chunk()
	if r.err == nil && r.at != len(r.data) {
		r.fail("the end")
	}
	if r.err != nil {
		return Chunk{}, r.err
	}
	return c, nil
}

func unpack(blob []byte) ([]byte, error) {
	const sum = 4
	if len(blob) < len(magic)+1+sum || string(blob[:len(magic)]) != magic {
		return nil, &DamagedError{Want: "the mark of a chunk"}
	}
	body, told := blob[:len(blob)-sum], binary.LittleEndian.Uint32(blob[len(blob)-sum:])
	if crc32.Checksum(body, table) != told {
		return nil, &DamagedError{Offset: len(body), Want: "the checksum of the chunk"}
	}
	form, body := body[len(magic)], body[len(magic)+1:]
	length, n := binary.Uvarint(body)
	if n <= 0 {
		return nil, &DamagedError{Want: "a length"}
	}
	switch body = body[n:]; form {
	case plain:
		if length != uint64(len(body)) {
			return nil, &DamagedError{Offset: len(body), Want: fmt.Sprintf("a payload of %d bytes", length)}
		}
		return body, nil
	case compressed:
		return decompress(body, length)
	}
	return nil, fmt.Errorf("a chunk of cells of the unknown form %d: written by a newer version", form)
}

func decompress(body []byte, length uint64) ([]byte, error) {
	if length > maxPayload || length > uint64(len(body))*maxRatio {
		return nil, &DamagedError{Want: fmt.Sprintf("at most %d bytes from %d", len(body)*maxRatio, len(body))}
	}
	unzip, err := decompressor()
	if err != nil {
		return nil, err
	}
	payload, err := unzip.DecodeAll(body, make([]byte, 0, length))
	if err != nil {
		return nil, fmt.Errorf("a damaged chunk of cells: %w", err)
	}
	if uint64(len(payload)) != length {
		return nil, &DamagedError{Offset: len(payload), Want: fmt.Sprintf("a payload of %d bytes", length)}
	}
	return payload, nil
}

// decompressor is shared: DecodeAll keeps no state between calls, and never grows the buffer it is given.
var decompressor = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(maxPayload), zstd.WithDecoderMaxWindow(1<<20))
})

// reader walks a payload. After the first error every call returns zero values.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) fail(want string) {
	if r.err == nil {
		r.err = &DamagedError{Offset: r.at, Want: want}
	}
}

func (r *reader) uvarint(want string) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.fail(want)
		return 0
	}
	r.at += n
	return v
}

func (r *reader) varint(want string) int64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Varint(r.data[r.at:])
	if n <= 0 {
		r.fail(want)
		return 0
	}
	r.at += n
	return v
}

func (r *reader) byte(want string) byte {
	if r.err != nil || r.at == len(r.data) {
		r.fail(want)
		return 0
	}
	b := r.data[r.at]
	r.at++
	return b
}

// count reads how many items follow, each of which takes at least size bytes.
func (r *reader) count(size int, want string) int {
	n := r.uvarint(want)
	if n > uint64((len(r.data)-r.at)/size) {
		r.fail(want + " that fits")
		return 0
	}
	return int(n)
}

func (r *reader) chunk() Chunk {
	c := Chunk{From: r.varint("a start"), To: r.varint("an end")}
	for range r.count(2, "a count of gaps") {
		c.Gaps = append(c.Gaps, window.Span{From: r.varint("the start of a gap"), To: r.varint("the end of a gap")})
	}
	texts := r.texts()
	n := r.count(minSeries, "a count of series")
	if n == 0 {
		return c
	}
	c.Series = make([]Series, n)
	for i := range c.Series {
		if r.err != nil {
			return Chunk{}
		}
		c.Series[i] = Series{Key: r.key(texts), Cells: r.cells()}
	}
	return c
}

func (r *reader) texts() []string {
	n := r.count(1, "a count of strings")
	all := make([]string, 0, n)
	for range n {
		length := r.count(1, "a length")
		if r.err != nil {
			return nil
		}
		all = append(all, string(r.data[r.at:r.at+length]))
		r.at += length
	}
	return all
}

func (r *reader) key(texts []string) correlate.Key {
	return correlate.Key{
		Service:     r.text(texts),
		Environment: r.text(texts),
		Version:     r.text(texts),
		Name:        r.text(texts),
		Peer:        r.text(texts),
		Kind:        correlate.SignalKind(r.byte("a kind")),
		Origin:      correlate.Origin(r.byte("an origin")),
	}
}

func (r *reader) text(texts []string) string {
	i := r.uvarint("the place of a string")
	if r.err != nil {
		return ""
	}
	if i >= uint64(len(texts)) {
		r.fail(fmt.Sprintf("a place below %d", len(texts)))
		return ""
	}
	return texts[i]
}

func (r *reader) cells() []correlate.Cell {
	n := r.count(minCell, "a count of cells")
	if n == 0 {
		return nil
	}
	cells := make([]correlate.Cell, n)
	for of, column := range columns {
		var before int64
		for i := range cells {
			is := before + r.varint("a number of a cell")
			*column(&cells[i]) = is
			if of == 0 {
				before = is
			}
		}
	}
	r.histograms(cells)
	return cells
}

// histograms reads those of some cells into one array.
func (r *reader) histograms(cells []correlate.Cell) {
	bins := r.bins(cells)
	var first int64
	at := 0
	for i := range cells {
		index := first
		for n := range cells[i].Latency {
			index += r.varint("the index of a bin")
			if index < math.MinInt16 || index > math.MaxInt16 {
				r.fail("an index of 16 bits")
			}
			if r.err != nil {
				return
			}
			if bins[at].Index = int16(index); n == 0 {
				first = index
			}
			at++
		}
	}
	for i := range bins {
		count := r.uvarint("the count of a bin")
		if count > math.MaxUint32 {
			r.fail("a count of 32 bits")
		}
		bins[i].Count = uint32(count)
	}
}

// bins makes room for the bins of some cells: an index and a count of each follow. Cells without any have no histogram.
func (r *reader) bins(cells []correlate.Cell) []correlate.Bin {
	counts, total := make([]int, len(cells)), 0
	for i := range counts {
		counts[i] = r.count(minBin, "a count of bins")
		if total += counts[i]; total > (len(r.data)-r.at)/minBin {
			r.fail("fewer bins")
		}
		if r.err != nil {
			return nil
		}
	}
	bins, at := make([]correlate.Bin, total), 0
	for i, n := range counts {
		if n > 0 {
			cells[i].Latency = bins[at : at+n : at+n]
			at += n
		}
	}
	return bins
}
