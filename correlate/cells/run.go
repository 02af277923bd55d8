package cells

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// run is cells in order of their start, one for each.
type run []correlate.Cell

// add merges a cell into the run, and returns by how many bytes it grew. The cell's histogram is copied into a slab, which may be nil,
// when it is kept.
func (r *run) add(c correlate.Cell, slab *correlate.Slab) int64 {
	cells := *r
	at := len(cells)
	for at > 0 && cells[at-1].Start >= c.Start {
		at--
	}
	if at < len(cells) && cells[at].Start == c.Start {
		before := len(cells[at].Latency)
		cells[at].Merge(c)
		return binBytes * int64(len(cells[at].Latency)-before)
	}
	c.Latency = slab.Copy(c.Latency)
	*r = slices.Insert(cells, at, c)
	return bytesOf(&c)
}

// from is the cells that start at or after an instant.
func (r run) from(start int64) run { return correlate.CellsBetween(r, start, math.MaxInt64) }

// before is the cells that start before an instant.
func (r run) before(start int64) run { return correlate.CellsBetween(r, math.MinInt64, start) }

// weigh is what the cells take.
func (r run) weigh() (t taken) {
	for i := range r {
		t.add(taken{1, bytesOf(&r[i])})
	}
	return t
}
