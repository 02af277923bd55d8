package cells

import (
	"encoding/binary"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Packed cells are a uvarint count of cells, a uvarint count of bins, and then each cell as
//
//	mask     a byte that says which of these follow
//	start    varint difference from the one before, unless that is as long as the difference before it
//	numbers  requests and errors as uvarints, the sum as a varint, n as a uvarint, those that aren't 0; not an n that is as
//	         large as requests
//	bins     uvarint count, index of the first as a varint difference from that of the cell before, its count as a uvarint,
//	         then each as a byte of the distance to the index before (3 bits) and the count (5 bits), either 0 where it
//	         follows as a uvarint
//
// Equal cells are equal bytes. A cell of some hundred requests takes about 20 of them.
const (
	maskStep = 1 << iota
	maskRequests
	maskErrors
	maskSum
	maskN
	maskSameN
	maskBins
)

// distanceBits and countBits share the byte of a bin.
const (
	countBits   = 5
	mostCount   = 1<<countBits - 1
	mostBetween = 1<<(8-countBits) - 1
)

// before is what a cell is written as a difference from.
type before struct {
	start, step int64
	index       int16
}

// encoder writes one block after the other.
type encoder struct {
	out  []byte
	room []correlate.Bin
}

// encode packs cells, of which there is at least one, after others that are packed already, of which there may be none. Those
// start at first.
func (e *encoder) encode(packed string, first int64, cells []correlate.Cell) string {
	n, bins := len(cells), 0
	for i := range cells {
		bins += len(cells[i].Latency)
	}
	b := before{start: first}
	if packed != "" {
		d := decoder{data: packed}
		is, of := d.counts()
		n, bins, packed = n+is, bins+of, packed[d.at:]
		e.room = slices.Grow(e.room[:0], of)[:of]
		d.skip(&b, is, e.room)
	}
	out := binary.AppendUvarint(e.out[:0], uint64(n))
	out = binary.AppendUvarint(out, uint64(bins))
	out = append(out, packed...)
	for i := range cells {
		out = b.append(out, &cells[i])
	}
	e.out = out
	return string(out)
}

func (b *before) append(out []byte, c *correlate.Cell) []byte {
	step, mask := c.Start-b.start, maskOf(c)
	if step == b.step {
		mask |= maskStep
	}
	out = append(out, mask)
	if step != b.step {
		out = binary.AppendVarint(out, step)
	}
	b.start, b.step = c.Start, step
	if mask&maskRequests != 0 {
		out = binary.AppendUvarint(out, uint64(c.Requests))
	}
	if mask&maskErrors != 0 {
		out = binary.AppendUvarint(out, uint64(c.Errors))
	}
	if mask&maskSum != 0 {
		out = binary.AppendVarint(out, c.Sum)
	}
	if mask&maskN != 0 {
		out = binary.AppendUvarint(out, uint64(c.N))
	}
	if mask&maskBins != 0 {
		out = b.bins(out, c.Latency)
	}
	return out
}

func maskOf(c *correlate.Cell) (mask byte) {
	if c.Requests != 0 {
		mask |= maskRequests
	}
	if c.Errors != 0 {
		mask |= maskErrors
	}
	if c.Sum != 0 {
		mask |= maskSum
	}
	switch {
	case c.N == 0:
	case c.N == c.Requests:
		mask |= maskSameN
	default:
		mask |= maskN
	}
	if len(c.Latency) > 0 {
		mask |= maskBins
	}
	return mask
}

func (b *before) bins(out []byte, h correlate.Histogram) []byte {
	out = binary.AppendUvarint(out, uint64(len(h)))
	out = binary.AppendVarint(out, int64(h[0].Index)-int64(b.index))
	out = binary.AppendUvarint(out, uint64(h[0].Count))
	b.index = h[0].Index
	for i := 1; i < len(h); i++ {
		between, count := uint64(int64(h[i].Index)-int64(h[i-1].Index)), uint64(h[i].Count)
		short := [2]uint64{between, count}
		if between > mostBetween {
			short[0] = 0
		}
		if count > mostCount {
			short[1] = 0
		}
		out = append(out, byte(short[0]<<countBits|short[1]))
		if short[0] == 0 {
			out = binary.AppendUvarint(out, between)
		}
		if short[1] == 0 {
			out = binary.AppendUvarint(out, count)
		}
	}
	return out
}

// decoder reads what encode wrote.
type decoder struct {
	data string
	at   int
}

// counts are how many cells and bins follow.
func (d *decoder) counts() (cells, bins int) { return int(d.uvarint()), int(d.uvarint()) }

// cells appends those that were packed, from a start on, with their histograms in room for their bins, which is returned
// without what they took.
func (d *decoder) cells(out []correlate.Cell, room []correlate.Bin, first int64) ([]correlate.Cell, []correlate.Bin) {
	n, _ := d.counts()
	b := before{start: first}
	for range n {
		var c correlate.Cell
		room = d.cell(&b, &c, room)
		out = append(out, c)
	}
	return out, room
}

// skip passes over some cells, in room for the bins of each.
func (d *decoder) skip(b *before, cells int, room []correlate.Bin) {
	for range cells {
		var c correlate.Cell
		d.cell(b, &c, room)
	}
}

func (d *decoder) cell(b *before, c *correlate.Cell, room []correlate.Bin) []correlate.Bin {
	mask := d.data[d.at]
	d.at++
	if mask&maskStep == 0 {
		b.step = d.varint()
	}
	b.start += b.step
	c.Start = b.start
	if mask&maskRequests != 0 {
		c.Requests = int64(d.uvarint())
	}
	if mask&maskErrors != 0 {
		c.Errors = int64(d.uvarint())
	}
	if mask&maskSum != 0 {
		c.Sum = d.varint()
	}
	switch {
	case mask&maskN != 0:
		c.N = int64(d.uvarint())
	case mask&maskSameN != 0:
		c.N = c.Requests
	}
	if mask&maskBins != 0 {
		n := int(d.uvarint())
		d.bins(b, room[:n])
		c.Latency, room = room[:n:n], room[n:]
	}
	return room
}

func (d *decoder) bins(b *before, bins []correlate.Bin) {
	b.index += int16(d.varint())
	index := b.index
	bins[0] = correlate.Bin{Index: index, Count: uint32(d.uvarint())}
	for i := 1; i < len(bins); i++ {
		short := uint64(d.data[d.at])
		d.at++
		between, count := short>>countBits, short&mostCount
		if between == 0 {
			between = d.uvarint()
		}
		if count == 0 {
			count = d.uvarint()
		}
		index += int16(between)
		bins[i] = correlate.Bin{Index: index, Count: uint32(count)}
	}
}

func (d *decoder) uvarint() (n uint64) {
	for shift := 0; ; shift += 7 {
		b := d.data[d.at]
		d.at++
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			return n
		}
	}
}

func (d *decoder) varint() int64 {
	n := d.uvarint()
	return int64(n>>1) ^ -int64(n&1)
}
