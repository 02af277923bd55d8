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
//	bins     those that the cell before has, too: the counts as varint differences; any others: uvarint count, index of the
//	         first as a varint difference from that of the cell before, its count as a uvarint, then each as a byte of the
//	         distance to the index before (3 bits, 0 where it follows as a uvarint), and the count (5 bits, of which the first
//	         says that what is beyond the others follows as a uvarint)
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
	maskSameBins
)

// countBits are those of the count in the byte of a bin, above which is how far it is from the one before.
const (
	countBits   = 4
	countMore   = 1 << countBits
	betweenBits = countBits + 1
	mostBetween = 1<<(8-betweenBits) - 1
)

// before is what a cell is written as a difference from.
type before struct {
	start, step int64
	index       int16
	bins        correlate.Histogram
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
	step, mask := c.Start-b.start, b.maskOf(c)
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
	switch {
	case mask&maskSameBins != 0:
		for i := range c.Latency {
			out = binary.AppendVarint(out, int64(c.Latency[i].Count)-int64(b.bins[i].Count))
		}
	case mask&maskBins != 0:
		out = b.appendBins(out, c.Latency)
	}
	b.bins = c.Latency
	return out
}

func (b *before) maskOf(c *correlate.Cell) (mask byte) {
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
	switch {
	case len(c.Latency) == 0:
	case slices.EqualFunc(c.Latency, b.bins, func(x, y correlate.Bin) bool { return x.Index == y.Index }):
		mask |= maskSameBins
	default:
		mask |= maskBins
	}
	return mask
}

func (b *before) appendBins(out []byte, h correlate.Histogram) []byte {
	out = binary.AppendUvarint(out, uint64(len(h)))
	out = binary.AppendVarint(out, int64(h[0].Index)-int64(b.index))
	out = binary.AppendUvarint(out, uint64(h[0].Count))
	b.index = h[0].Index
	for i := 1; i < len(h); i++ {
		between, count := uint64(int64(h[i].Index)-int64(h[i-1].Index)), uint64(h[i].Count)
		short := count % countMore
		if count >= countMore {
			short |= countMore
		}
		if between <= mostBetween {
			short |= between << betweenBits
		}
		out = append(out, byte(short))
		if between > mostBetween {
			out = binary.AppendUvarint(out, between)
		}
		if count >= countMore {
			out = binary.AppendUvarint(out, count>>countBits)
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
	n := 0
	switch {
	case mask&maskSameBins != 0:
		n = len(b.bins)
		for i, was := range b.bins {
			room[i] = correlate.Bin{Index: was.Index, Count: uint32(int64(was.Count) + d.varint())}
		}
	case mask&maskBins != 0:
		n = int(d.uvarint())
		d.bins(b, room[:n])
	default:
		b.bins = nil
		return room
	}
	c.Latency = room[:n:n]
	b.bins = c.Latency
	return room[n:]
}

func (d *decoder) bins(b *before, bins []correlate.Bin) {
	b.index += int16(d.varint())
	index := b.index
	bins[0] = correlate.Bin{Index: index, Count: uint32(d.uvarint())}
	for i := 1; i < len(bins); i++ {
		short := uint64(d.data[d.at])
		d.at++
		between, count := short>>betweenBits, short%countMore
		if between == 0 {
			between = d.uvarint()
		}
		if short&countMore != 0 {
			count += d.uvarint() << countBits
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
