package archive

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Builder puts a chunk together from measurements in any order. Like the store of cells it keeps routes in wider cells,
// calls without the versions of the two sides, and touches of traces without the version of the service.
type Builder struct {
	from, to   int64
	routeWidth int64
	gaps       []window.Span
	series     map[correlate.Key][]correlate.Cell
}

// NewBuilder is a builder of the chunk of [from, to). The width of a route's cell is in seconds; both instants are
// multiples of it.
func NewBuilder(from, to, routeWidth int64) *Builder {
	return &Builder{from: from, to: to, routeWidth: routeWidth, series: map[correlate.Key][]correlate.Cell{}}
}

// Add takes in those measurements that start within the stretch. Their histograms are copied.
func (b *Builder) Add(all []correlate.Measurement) {
	for i := range all {
		if m := &all[i]; m.Start >= b.from && m.Start < b.to {
			b.add(m.Key, m.Cell)
		}
	}
}

func (b *Builder) add(k correlate.Key, c correlate.Cell) {
	switch k.Kind {
	case correlate.Route:
		c.Start = window.Floor(c.Start, b.routeWidth)
	case correlate.Edge:
		k.Name, k.Version = "", ""
	case correlate.Trace:
		k.Version = ""
	}
	cells := b.series[k]
	at := len(cells)
	for at > 0 && cells[at-1].Start >= c.Start {
		at--
	}
	if at < len(cells) && cells[at].Start == c.Start {
		cells[at].Merge(c)
		return
	}
	c.Latency = slices.Clone(c.Latency)
	b.series[k] = slices.Insert(cells, at, c)
}

// Gap says that nothing was taken in for a stretch of time.
func (b *Builder) Gap(s window.Span) { b.gaps = append(b.gaps, s) }

// Chunk is what was taken in. It shares memory with the builder.
func (b *Builder) Chunk() Chunk {
	c := Chunk{From: b.from, To: b.to, Gaps: b.gaps}
	for _, k := range slices.SortedFunc(maps.Keys(b.series), correlate.Key.Compare) {
		c.Series = append(c.Series, Series{k, b.series[k]})
	}
	return c
}
