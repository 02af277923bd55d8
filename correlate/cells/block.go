package cells

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// block is the packed cells of a stretch of time, at least one. What they are packed into is never changed, so that blocks
// share it.
type block struct {
	first  int64  // start of the first cell
	length uint32 // from there to the start of the last one
	shared bool   // the cells are those of all versions together, which keep them
	data   string
}

// pack packs cells, of which there is at least one.
func (m *manner) pack(cells run) block { return m.extend(block{first: cells[0].Start}, cells) }

// extend packs cells, of which there is at least one, that come after those of a block.
func (m *manner) extend(b block, cells run) block {
	return block{
		first: b.first, length: uint32(cells[len(cells)-1].Start - b.first), data: m.encoder.encode(b.data, b.first, cells),
	}
}

func (b *block) last() int64 { return b.first + int64(b.length) }

// weigh is what the block takes.
func (b *block) weigh() taken {
	n, _ := (&decoder{data: b.data}).counts()
	return taken{cells: int64(n), bytes: b.bytes()}
}

func (b *block) bytes() int64 {
	if b.shared {
		return blockBytes
	}
	return blockBytes + int64(len(b.data))
}

// unpack is the cells of some blocks, with room for more.
func unpack(blocks []block, more int) run {
	cells, bins := 0, 0
	for i := range blocks {
		n, of := (&decoder{data: blocks[i].data}).counts()
		cells, bins = cells+n, bins+of
	}
	out, room := make(run, 0, cells+more), make([]correlate.Bin, bins)
	for i := range blocks {
		d := decoder{data: blocks[i].data}
		out, room = d.cells(out, room, blocks[i].first)
	}
	return out
}

// search is the place of the first of some blocks that ends at or after an instant.
func search(blocks []block, start int64) int {
	at, _ := slices.BinarySearchFunc(blocks, start, func(b block, start int64) int {
		if b.last() < start {
			return -1
		}
		return 1
	})
	return at
}
