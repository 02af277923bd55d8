package archive

import (
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
)

const magic = "SWCA"

// The forms of a chunk.
const (
	plain      = 1
	compressed = 2
)

const (
	// maxPayload is the most that a chunk may unpack to, in bytes.
	maxPayload = 64 << 20
	// maxRatio bounds what a compressed chunk may unpack to by its own size, so that a damaged one can't ask for more.
	maxRatio = 64
	// minSeries, minCell and minBin are the fewest bytes that each can take.
	minSeries, minCell, minBin = 8, 6, 2
)

// table is the polynomial of the checksum.
var table = crc32.MakeTable(crc32.Castagnoli)

// Encode writes a chunk. It is safe for concurrent use.
func Encode(c Chunk) ([]byte, error) { return encode(c, maxPayload) }

func encode(c Chunk, most int) ([]byte, error) {
	payload := appendPayload(c)
	if len(payload) > most {
		return nil, ErrTooLarge
	}
	out := pack(payload)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, table)), nil
}

// pack compresses, unless that doesn't pay or pays so well that Decode would take it for damage.
func pack(payload []byte) []byte {
	if zip := compressor(); zip != nil {
		head := header(compressed, len(payload))
		packed := zip.EncodeAll(payload, head)
		if body := len(packed) - len(head); body < len(payload) && len(payload) <= body*maxRatio {
			return packed
		}
	}
	return append(header(plain, len(payload)), payload...)
}

func header(form byte, length int) []byte {
	return binary.AppendUvarint(append([]byte(magic), form), uint64(length))
}

// compressor is shared: EncodeAll keeps no state between calls. It is nil if the options were ever refused, and chunks
// are then written plain.
var compressor = sync.OnceValue(func() *zstd.Encoder {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil
	}
	return zip
})

func appendPayload(c Chunk) []byte {
	names := newNames(c.Series)
	out := binary.AppendVarint(nil, c.From)
	out = binary.AppendVarint(out, c.To)
	out = binary.AppendUvarint(out, uint64(len(c.Gaps)))
	for _, g := range c.Gaps {
		out = binary.AppendVarint(out, g.From)
		out = binary.AppendVarint(out, g.To)
	}
	out = binary.AppendUvarint(out, uint64(len(names.texts)))
	for _, s := range names.texts {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	out = binary.AppendUvarint(out, uint64(len(c.Series)))
	for i := range c.Series {
		out = names.appendKey(out, &c.Series[i].Key)
		out = appendCells(out, c.Series[i].Cells)
	}
	return out
}

// names numbers texts by first use.
type names struct {
	place map[string]uint64
	texts []string
}

func newNames(all []Series) *names {
	n := &names{place: map[string]uint64{}}
	for i := range all {
		for _, s := range texts(&all[i].Key) {
			if _, known := n.place[s]; !known {
				n.place[s] = uint64(len(n.texts))
				n.texts = append(n.texts, s)
			}
		}
	}
	return n
}

func (n *names) appendKey(out []byte, k *correlate.Key) []byte {
	for _, s := range texts(k) {
		out = binary.AppendUvarint(out, n.place[s])
	}
	return append(out, byte(k.Kind), byte(k.Origin))
}

func texts(k *correlate.Key) [5]string {
	return [5]string{k.Service, k.Environment, k.Version, k.Name, k.Peer}
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
