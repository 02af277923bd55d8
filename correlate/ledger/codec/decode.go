package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
)

// Decode reads what Encode wrote. Whatever the bytes are, it neither panics nor allocates more than a fixed multiple
// of their number; what isn't a blob is refused with an error that says where. It is safe for concurrent use.
func Decode(blob []byte) ([]correlate.Measurement, error) {
	payload, err := unpack(blob)
	if err != nil {
		return nil, err
	}
	r := &reader{data: payload}
	cells := r.measurements(r.texts())
	if r.err == nil && r.at != len(r.data) {
		r.fail("the end")
	}
	if r.err != nil {
		return nil, r.err
	}
	return cells, nil
}

func unpack(blob []byte) ([]byte, error) {
	if len(blob) == 0 {
		return nil, &DamagedError{Want: "a version byte"}
	}
	length, n := binary.Uvarint(blob[1:])
	if n <= 0 {
		return nil, &DamagedError{Want: "a length"}
	}
	body := blob[1+n:]
	switch blob[0] {
	case plain:
		if length != uint64(len(body)) {
			return nil, &DamagedError{Offset: len(body), Want: fmt.Sprintf("a payload of %d bytes", length)}
		}
		return body, nil
	case compressed:
		return decompress(body, length)
	}
	return nil, fmt.Errorf("measurements of the unknown form %d: written by a newer version, or damaged", blob[0])
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
		return nil, fmt.Errorf("damaged measurements: %w", err)
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

func (r *reader) measurements(texts []string) []correlate.Measurement {
	n := r.count(minMeasurement, "a count of measurements")
	if n == 0 {
		return nil
	}
	all := make([]correlate.Measurement, n)
	var start int64
	for i := range all {
		if r.err != nil {
			return nil
		}
		all[i].Key = r.key(texts)
		all[i].Cell = r.cell(start)
		start = all[i].Start
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

func (r *reader) cell(before int64) correlate.Cell {
	return correlate.Cell{
		Start:    before + r.varint("a start"),
		Requests: r.varint("requests"),
		Errors:   r.varint("errors"),
		Sum:      r.varint("a sum"),
		N:        r.varint("a number of samples"),
		Latency:  r.histogram(),
	}
}

func (r *reader) histogram() correlate.Histogram {
	n := r.count(minBin, "a count of bins")
	if n == 0 {
		return nil
	}
	bins := make(correlate.Histogram, n)
	var index int64
	for i := range bins {
		index += r.varint("the index of a bin")
		count := r.uvarint("the count of a bin")
		if index < math.MinInt16 || index > math.MaxInt16 || count > math.MaxUint32 {
			r.fail("an index of 16 and a count of 32 bits")
		}
		if r.err != nil {
			return nil
		}
		bins[i] = correlate.Bin{Index: int16(index), Count: uint32(count)}
	}
	return bins
}
