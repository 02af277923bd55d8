package codec

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
)

// Encode writes measurements as one blob. It is safe for concurrent use.
func Encode(cells []correlate.Measurement) ([]byte, error) {
	payload := appendPayload(cells)
	if len(payload) > maxPayload {
		return nil, ErrTooLarge
	}
	if packed := compress(payload); packed != nil {
		return packed, nil
	}
	return append(header(plain, len(payload)), payload...), nil
}

func header(version byte, length int) []byte {
	return binary.AppendUvarint([]byte{version}, uint64(length))
}

// compress returns nil when compression doesn't pay, or pays so well that Decode would take it for damage.
func compress(payload []byte) []byte {
	zip := compressor()
	if zip == nil || len(payload) < minCompress {
		return nil
	}
	head := header(compressed, len(payload))
	packed := zip.EncodeAll(payload, head)
	body := len(packed) - len(head)
	if body >= len(payload) || len(payload) > body*maxRatio {
		return nil
	}
	return packed
}

// compressor is shared: EncodeAll keeps no state between calls. It is nil if the options were ever refused, and blobs
// are then written plain.
var compressor = sync.OnceValue(func() *zstd.Encoder {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil
	}
	return zip
})

func appendPayload(cells []correlate.Measurement) []byte {
	table := newTable(cells)
	out := make([]byte, 0, 32*len(cells)+table.bytes+8)
	out = binary.AppendUvarint(out, uint64(len(table.texts)))
	for _, s := range table.texts {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	out = binary.AppendUvarint(out, uint64(len(cells)))
	var start int64
	for i := range cells {
		out = table.appendKey(out, cells[i].Key)
		out = appendCell(out, cells[i].Cell, start)
		start = cells[i].Start
	}
	return out
}

// table numbers texts by first use.
type table struct {
	place map[string]uint64
	texts []string
	bytes int
}

func newTable(cells []correlate.Measurement) *table {
	t := &table{place: make(map[string]uint64)}
	for i := range cells {
		for _, s := range texts(&cells[i].Key) {
			t.add(s)
		}
	}
	return t
}

func (t *table) add(s string) {
	if _, ok := t.place[s]; ok {
		return
	}
	t.place[s] = uint64(len(t.texts))
	t.texts = append(t.texts, s)
	t.bytes += len(s) + binary.MaxVarintLen32
}

func (t *table) appendKey(out []byte, k correlate.Key) []byte {
	for _, s := range texts(&k) {
		out = binary.AppendUvarint(out, t.place[s])
	}
	return append(out, byte(k.Kind), byte(k.Origin))
}

func texts(k *correlate.Key) [5]string {
	return [5]string{k.Service, k.Environment, k.Version, k.Name, k.Peer}
}

func appendCell(out []byte, c correlate.Cell, before int64) []byte {
	for _, n := range [5]int64{c.Start - before, c.Requests, c.Errors, c.Sum, c.N} {
		out = binary.AppendVarint(out, n)
	}
	out = binary.AppendUvarint(out, uint64(len(c.Latency)))
	var index int64
	for _, b := range c.Latency {
		out = binary.AppendVarint(out, int64(b.Index)-index)
		out = binary.AppendUvarint(out, uint64(b.Count))
		index = int64(b.Index)
	}
	return out
}
