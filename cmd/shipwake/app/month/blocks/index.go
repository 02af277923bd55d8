package blocks

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"slices"
)

// index is the index of a block, format version 2 (tsdb/docs/format/index.md), as far as it is written.
type index struct {
	buf      []byte
	symbols  map[string]uint64
	series   []uint32 // where each is, in units of 16 bytes
	postings []posting
	toc      struct{ symbols, series, postings, table uint64 }
}

// posting is a list of series that have a label.
type posting struct {
	Label
	at uint64
}

func (b *block) writeIndex(w io.Writer) error {
	x := &index{symbols: map[string]uint64{}}
	x.buf = append(x.buf, 0xBA, 0xAA, 0xD7, 0x00, 2)
	x.writeSymbols(b.series)
	x.writeSeries(b)
	x.writePostings(b.series)
	x.writeTable()
	x.writeTOC()
	_, err := w.Write(x.buf)
	return err
}

// section writes a section with its length in front and its checksum behind.
func (x *index) section(content []byte) {
	x.buf = binary.BigEndian.AppendUint32(x.buf, uint32(len(content)))
	x.summed(content)
}

func (x *index) summed(content []byte) {
	x.buf = append(x.buf, content...)
	x.buf = binary.BigEndian.AppendUint32(x.buf, crc32.Checksum(content, castagnoli))
}

func (x *index) align(to int) {
	for len(x.buf)%to != 0 {
		x.buf = append(x.buf, 0)
	}
}

func (x *index) writeSymbols(series []*Series) {
	for _, s := range series {
		for _, l := range s.labels {
			x.symbols[l.Name], x.symbols[l.Value] = 0, 0
		}
	}
	sorted := slices.Sorted(maps.Keys(x.symbols))
	content := binary.BigEndian.AppendUint32(nil, uint32(len(sorted)))
	for i, symbol := range sorted {
		x.symbols[symbol] = uint64(i)
		content = text(content, symbol)
	}
	x.toc.symbols = uint64(len(x.buf))
	x.section(content)
}

func text(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}

func (x *index) writeSeries(b *block) {
	x.align(16)
	x.toc.series = uint64(len(x.buf))
	for i, s := range b.series {
		x.align(16)
		x.series = append(x.series, uint32(len(x.buf)/16))
		content := binary.AppendUvarint(nil, uint64(len(s.labels)))
		for _, l := range s.labels {
			content = binary.AppendUvarint(binary.AppendUvarint(content, x.symbols[l.Name]), x.symbols[l.Value])
		}
		content = appendChunks(content, s.chunks(), b.refs[i])
		x.buf = binary.AppendUvarint(x.buf, uint64(len(content)))
		x.summed(content)
	}
}

// appendChunks says where the chunks of a series are and what time they are about: those after the first by how much that
// differs from the one before.
func appendChunks(to []byte, chunks []chunk, refs []uint64) []byte {
	to = binary.AppendUvarint(to, uint64(len(chunks)))
	for i, c := range chunks {
		if i == 0 {
			to = binary.AppendVarint(to, c.mint)
			to = binary.AppendUvarint(to, uint64(c.maxt-c.mint))
			to = binary.AppendUvarint(to, refs[0])
			continue
		}
		to = binary.AppendUvarint(to, uint64(c.mint-chunks[i-1].maxt))
		to = binary.AppendUvarint(to, uint64(c.maxt-c.mint))
		to = binary.AppendVarint(to, int64(refs[i]-refs[i-1]))
	}
	return to
}

// writePostings writes the list of all series, under the empty label, and one for each label.
func (x *index) writePostings(series []*Series) {
	lists := map[Label][]uint32{}
	for i, s := range series {
		lists[Label{}] = append(lists[Label{}], x.series[i])
		for _, l := range s.labels {
			lists[l] = append(lists[l], x.series[i])
		}
	}
	x.align(4)
	x.toc.postings = uint64(len(x.buf))
	for _, l := range slices.SortedFunc(maps.Keys(lists), compareLabels) {
		x.align(4)
		x.postings = append(x.postings, posting{l, uint64(len(x.buf))})
		content := binary.BigEndian.AppendUint32(nil, uint32(len(lists[l])))
		for _, ref := range lists[l] {
			content = binary.BigEndian.AppendUint32(content, ref)
		}
		x.section(content)
	}
}

// writeTable says where the postings are.
func (x *index) writeTable() {
	content := binary.BigEndian.AppendUint32(nil, uint32(len(x.postings)))
	for _, p := range x.postings {
		content = binary.AppendUvarint(content, 2)
		content = text(text(content, p.Name), p.Value)
		content = binary.AppendUvarint(content, p.at)
	}
	x.toc.table = uint64(len(x.buf))
	x.section(content)
}

// writeTOC says where the sections are. The two of label indices have been left out by Prometheus itself for long.
func (x *index) writeTOC() {
	var content []byte
	for _, at := range []uint64{x.toc.symbols, x.toc.series, 0, 0, x.toc.postings, x.toc.table} {
		content = binary.BigEndian.AppendUint64(content, at)
	}
	x.summed(content)
}
