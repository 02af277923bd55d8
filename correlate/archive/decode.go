package archive

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
	"github.com/shipwake/shipwake/correlate/window"
)

// Decode reads what Encode wrote. Whatever the bytes are, it neither panics nor allocates more than a fixed multiple of
// their number; what isn't a chunk is refused with an error that says where. It is safe for concurrent use.
func Decode(blob []byte) (Chunk, error) {
	body, err := unsealed(blob)
	if err != nil {
		return Chunk{}, err
	}
	payload, err := format.Unpack(body)
	if err != nil {
		return Chunk{}, err
	}
	r := &reader{format.Reader(payload)}
	c := r.chunk()
	if err := r.End(); err != nil {
		return Chunk{}, err
	}
	return c, nil
}

// unsealed is what lies between the mark of a chunk and its checksum.
func unsealed(blob []byte) ([]byte, error) {
	const sum = 4
	if len(blob) < len(magic)+1+sum || string(blob[:len(magic)]) != magic {
		return nil, &packed.DamagedError{What: format.What, Want: "the mark of a chunk"}
	}
	body, told := blob[:len(blob)-sum], binary.LittleEndian.Uint32(blob[len(blob)-sum:])
	if crc32.Checksum(body, table) != told {
		return nil, &packed.DamagedError{What: format.What, Offset: len(body), Want: "the checksum of the chunk"}
	}
	return body[len(magic):], nil
}

// reader walks a payload. After the first error every call returns zero values.
type reader struct{ packed.Reader }

func (r *reader) chunk() Chunk {
	c := Chunk{From: r.Varint("a start"), To: r.Varint("an end")}
	for range r.Count(2, "a count of gaps") {
		c.Gaps = append(c.Gaps, window.Span{From: r.Varint("the start of a gap"), To: r.Varint("the end of a gap")})
	}
	texts := r.Texts()
	n := r.Count(minSeries, "a count of series")
	if n == 0 {
		return c
	}
	c.Series = make([]Series, n)
	for i := range c.Series {
		if r.Err() != nil {
			return Chunk{}
		}
		c.Series[i] = Series{Key: r.Key(texts), Cells: r.cells()}
	}
	return c
}

func (r *reader) cells() []correlate.Cell {
	n := r.Count(minCell, "a count of cells")
	if n == 0 {
		return nil
	}
	cells := make([]correlate.Cell, n)
	for of, column := range columns {
		var before int64
		for i := range cells {
			is := before + r.Varint("a number of a cell")
			*column(&cells[i]) = is
			if of == 0 {
				before = is
			}
		}
	}
	r.histograms(cells)
	return cells
}

// histograms reads those of some cells into one array.
func (r *reader) histograms(cells []correlate.Cell) {
	bins := r.bins(cells)
	var first int64
	at := 0
	for i := range cells {
		index := first
		for n := range cells[i].Latency {
			index += r.Varint("the index of a bin")
			if index < math.MinInt16 || index > math.MaxInt16 {
				r.Fail("an index of 16 bits")
			}
			if r.Err() != nil {
				return
			}
			if bins[at].Index = int16(index); n == 0 {
				first = index
			}
			at++
		}
	}
	for i := range bins {
		count := r.Uvarint("the count of a bin")
		if count > math.MaxUint32 {
			r.Fail("a count of 32 bits")
		}
		bins[i].Count = uint32(count)
	}
}

// bins makes room for the bins of some cells: an index and a count of each follow. Cells without any have no histogram.
func (r *reader) bins(cells []correlate.Cell) []correlate.Bin {
	counts, total := make([]int, len(cells)), 0
	for i := range counts {
		counts[i] = r.Count(minBin, "a count of bins")
		if total += counts[i]; total > r.Left()/minBin {
			r.Fail("fewer bins")
		}
		if r.Err() != nil {
			return nil
		}
	}
	bins, at := make([]correlate.Bin, total), 0
	for i, n := range counts {
		if n > 0 {
			cells[i].Latency = bins[at : at+n : at+n]
			at += n
		}
	}
	return bins
}
