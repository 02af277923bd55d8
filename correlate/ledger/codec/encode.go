package codec

import (
	"encoding/binary"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
)

// Encode writes measurements as one blob. It is safe for concurrent use.
func Encode(cells []correlate.Measurement) ([]byte, error) {
	payload := appendPayload(cells)
	if len(payload) > format.MaxPayload {
		return nil, ErrTooLarge
	}
	return format.Pack(nil, payload), nil
}

func appendPayload(cells []correlate.Measurement) []byte {
	names := packed.NewNames()
	for i := range cells {
		names.Add(&cells[i].Key)
	}
	out := names.Append(make([]byte, 0, 32*len(cells)+names.Bytes()))
	out = binary.AppendUvarint(out, uint64(len(cells)))
	var start int64
	for i := range cells {
		out = names.AppendKey(out, &cells[i].Key)
		out = appendCell(out, cells[i].Cell, start)
		start = cells[i].Start
	}
	return out
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
