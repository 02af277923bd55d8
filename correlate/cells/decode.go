package cells

import "github.com/shipwake/shipwake/correlate"

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

// skip passes over some cells, in room for twice the bins of each.
func (d *decoder) skip(b *before, cells int, room []correlate.Bin) {
	this, other := room[:len(room)/2], room[len(room)/2:]
	for range cells {
		var c correlate.Cell
		d.cell(b, &c, this)
		this, other = other, this
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
		b.requests += d.varint()
	}
	if mask&maskErrors != 0 {
		c.Errors = int64(d.uvarint())
	}
	if mask&maskSum != 0 {
		b.sum += d.varint()
	}
	c.Requests, c.Sum = b.requests, b.sum
	switch {
	case mask&maskN != 0:
		c.N = int64(d.uvarint())
	case mask&maskSameN != 0:
		c.N = c.Requests
	}
	n := 0
	switch mask & maskForm {
	case maskSameBins:
		n = len(b.bins)
		for i, was := range b.bins {
			room[i] = correlate.Bin{Index: was.Index, Count: uint32(int64(was.Count) + d.varint())}
		}
	case maskBins:
		n = int(d.uvarint())
		d.apart(b, room[:n])
	case maskForm:
		n = d.near(b, room)
	default:
		b.bins = nil
		return room
	}
	c.Latency = room[:n:n]
	b.bins = c.Latency
	return room[n:]
}

// near reads bins into room, and returns how many they are.
func (d *decoder) near(b *before, room []correlate.Bin) (n int) {
	b.index += int16(d.varint())
	was := cursor{bins: b.bins}
	for i := range int64(d.uvarint()) {
		index := int64(b.index) + i
		if count := was.count(index) + d.varint(); count != 0 {
			room[n] = correlate.Bin{Index: int16(index), Count: uint32(count)}
			n++
		}
	}
	return n
}

func (d *decoder) apart(b *before, bins []correlate.Bin) {
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
