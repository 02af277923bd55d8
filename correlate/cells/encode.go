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
//	numbers  requests as a varint difference from those of the cell before, errors as a uvarint, the sum as a varint difference,
//	         n as a uvarint: those that aren't 0, and not an n that is as large as requests
//	bins     in one of three forms; the index of the first, where it is told, as a varint difference from that of the cell before
//	  same   those that the cell before has, too: the counts as varint differences
//	  near   index of the first, uvarint count of indexes up to the last, then the counts of all these as varint differences
//	         from those of the cell before, 0 where either has none
//	  apart  uvarint count, index of the first, its count as a uvarint, then each as a byte of the distance to the index before
//	         (3 bits, 0 where it follows as a uvarint), and the count (5 bits, of which the first says that what is beyond the
//	         others follows as a uvarint)
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
	maskForm = maskBins | maskSameBins // of bins: same, apart or, where both are set, near
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
	start, step   int64
	requests, sum int64
	index         int16
	bins          correlate.Histogram
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
		e.room = slices.Grow(e.room[:0], 2*of)[:2*of]
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
	at := len(out)
	out = append(out, mask)
	if step != b.step {
		out = binary.AppendVarint(out, step)
	}
	b.start, b.step = c.Start, step
	if mask&maskRequests != 0 {
		out = binary.AppendVarint(out, c.Requests-b.requests)
	}
	if mask&maskErrors != 0 {
		out = binary.AppendUvarint(out, uint64(c.Errors))
	}
	if mask&maskSum != 0 {
		out = binary.AppendVarint(out, c.Sum-b.sum)
	}
	if mask&maskN != 0 {
		out = binary.AppendUvarint(out, uint64(c.N))
	}
	switch {
	case mask&maskForm == maskSameBins:
		for i := range c.Latency {
			out = binary.AppendVarint(out, int64(c.Latency[i].Count)-int64(b.bins[i].Count))
		}
	case mask&maskBins != 0:
		out = b.appendBins(out, at, c.Latency)
	}
	b.requests, b.sum, b.bins = c.Requests, c.Sum, c.Latency
	return out
}

func (b *before) maskOf(c *correlate.Cell) (mask byte) {
	if c.Requests != b.requests {
		mask |= maskRequests
	}
	if c.Errors != 0 {
		mask |= maskErrors
	}
	if c.Sum != b.sum {
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

// appendBins writes bins near those of the cell before, or apart, whichever is shorter. The mask is at a place.
func (b *before) appendBins(out []byte, mask int, h correlate.Histogram) []byte {
	start := len(out)
	apart := b.appendApart(out, h)
	if int(h[len(h)-1].Index)-int(h[0].Index) >= len(apart)-start {
		b.index = h[0].Index
		return apart
	}
	near := b.appendNear(apart, h)
	b.index = h[0].Index
	if len(near)-len(apart) >= len(apart)-start {
		return apart
	}
	near[mask] |= maskSameBins
	return append(near[:start], near[len(apart):]...)
}

func (b *before) appendNear(out []byte, h correlate.Histogram) []byte {
	first := h[0].Index
	out = binary.AppendVarint(out, int64(first)-int64(b.index))
	out = binary.AppendUvarint(out, uint64(int64(h[len(h)-1].Index)-int64(first)+1))
	was, is := cursor{bins: b.bins}, cursor{bins: h}
	for index := int64(first); index <= int64(h[len(h)-1].Index); index++ {
		out = binary.AppendVarint(out, is.count(index)-was.count(index))
	}
	return out
}

// cursor walks the bins of a histogram.
type cursor struct {
	bins correlate.Histogram
	at   int
}

// count is that of an index, which grows from call to call.
func (c *cursor) count(index int64) int64 {
	for c.at < len(c.bins) && int64(c.bins[c.at].Index) < index {
		c.at++
	}
	if c.at == len(c.bins) || int64(c.bins[c.at].Index) != index {
		return 0
	}
	return int64(c.bins[c.at].Count)
}

func (b *before) appendApart(out []byte, h correlate.Histogram) []byte {
	out = binary.AppendUvarint(out, uint64(len(h)))
	out = binary.AppendVarint(out, int64(h[0].Index)-int64(b.index))
	out = binary.AppendUvarint(out, uint64(h[0].Count))
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
