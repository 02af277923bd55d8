package archive

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
)

const magic = "SWCA"

// minSeries, minCell and minBin are the fewest bytes that each can take.
const minSeries, minCell, minBin = 8, 6, 2

var format = &packed.Format{What: "chunk of cells", MaxPayload: 64 << 20, MaxRatio: 64, Level: zstd.SpeedDefault}

// table is the polynomial of the checksum.
var table = crc32.MakeTable(crc32.Castagnoli)

// Encode writes a chunk. It is safe for concurrent use.
func Encode(c Chunk) ([]byte, error) { return encode(c, format.MaxPayload) }

func encode(c Chunk, most int) ([]byte, error) {
	payload := appendPayload(c)
	if len(payload) > most {
		return nil, ErrTooLarge
	}
	out := format.Pack([]byte(magic), payload)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, table)), nil
}

func appendPayload(c Chunk) []byte {
	names := packed.NewNames()
	for i := range c.Series {
		names.Add(&c.Series[i].Key)
	}
	out := binary.AppendVarint(nil, c.From)
	out = binary.AppendVarint(out, c.To)
	out = binary.AppendUvarint(out, uint64(len(c.Gaps)))
	for _, g := range c.Gaps {
		out = binary.AppendVarint(out, g.From)
		out = binary.AppendVarint(out, g.To)
	}
	out = names.Append(out)
	out = binary.AppendUvarint(out, uint64(len(c.Series)))
	for i := range c.Series {
		out = names.AppendKey(out, &c.Series[i].Key)
		out = appendCells(out, c.Series[i].Cells)
	}
	return out
}

// columns are the whole numbers of a cell, a column each; the start is a difference.
var columns = [...]func(*correlate.Cell) *int64{
	func(c *correlate.Cell) *int64 { return &c.Start },
	func(c *correlate.Cell) *int64 { return &c.Requests },
	func(c *correlate.Cell) *int64 { return &c.Errors },
	func(c *correlate.Cell) *int64 { return &c.Sum },
	func(c *correlate.Cell) *int64 { return &c.N },
}

func appendCells(out []byte, cells []correlate.Cell) []byte {
	out = binary.AppendUvarint(out, uint64(len(cells)))
	for n, column := range columns {
		var before int64
		for i := range cells {
			is := *column(&cells[i])
			out = binary.AppendVarint(out, is-before)
			if n == 0 {
				before = is
			}
		}
	}
	for i := range cells {
		out = binary.AppendUvarint(out, uint64(len(cells[i].Latency)))
	}
	var first int64
	for i := range cells {
		index := first
		for n, b := range cells[i].Latency {
			out = binary.AppendVarint(out, int64(b.Index)-index)
			if index = int64(b.Index); n == 0 {
				first = index
			}
		}
	}
	for i := range cells {
		for _, b := range cells[i].Latency {
			out = binary.AppendUvarint(out, uint64(b.Count))
		}
	}
	return out
}
