package prometheus

import (
	"io"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protodelim"
)

// run is how many services or changes have their samples of a metric in one segment: many enough to compress well, and few
// enough that one that moves doesn't cost much.
const run = 128

// scraped is what a scrape shows.
type scraped struct {
	view
	sites    []site
	changes  []observation // those with series
	table    *doraTable    // nil before there is one
	families []*dto.MetricFamily
}

// exposition writes /metrics in one of its formats. What is the same as the last time isn't compressed again, and as
// long as the DORA numbers are the same they aren't written again either.
type exposition struct {
	lines
	*compressor
	rest, dora part
	table      *doraTable // the one that dora shows
}

// part is a part of an exposition, as it was written last.
type part struct {
	segments []*segment
	known    map[fingerprint]*segment
}

func newExposition(in format, c *compressor) *exposition {
	return &exposition{lines: lines{format: in}, compressor: c}
}

// write returns the segments of an exposition of the wanted metrics, which have to be the same every time.
func (e *exposition) write(of scraped, rows []Metric, wanted func(name string) bool) []*segment {
	if e.table != of.table {
		e.rewrite(&e.dora, func(cut func()) { e.writeTable(of.table, wanted, cut) })
		e.table = of.table
	}
	e.rewrite(&e.rest, func(cut func()) {
		for _, f := range of.families {
			if wanted(f.GetName()) {
				e.gathered(f)
			}
		}
		for i := range rows {
			if wanted(rows[i].Name) {
				e.family(&e.rest, &rows[i], func() { e.metric(of, &rows[i], cut) })
			}
		}
		if e.format == openMetrics {
			e.text = append(e.text, "# EOF\n"...)
		}
	})
	return slices.Concat(e.dora.segments, e.rest.segments)
}

// rewrite writes a part anew. Whoever is still reading it has the segments from before.
func (e *exposition) rewrite(p *part, write func(cut func())) {
	cut := func() { e.cut(p) }
	p.segments = make([]*segment, 0, len(p.segments))
	write(cut)
	cut()
	p.known = make(map[fingerprint]*segment, len(p.segments))
	for _, s := range p.segments {
		p.known[s.fingerprint] = s
	}
}

// cut ends a segment.
func (e *exposition) cut(p *part) {
	if len(e.text) == 0 {
		return
	}
	p.segments, e.text = append(p.segments, e.segment(p, e.text)), e.text[:0]
}

// segment is the segment of a text: the one from before, or another.
func (e *exposition) segment(p *part, text []byte) *segment {
	f := e.fingerprint(text)
	if s := p.known[f]; s != nil {
		return s
	}
	return e.compress(text, f)
}

// family writes a row. In protobuf its head has the length of all, so that it is put before the samples when they are there.
func (e *exposition) family(p *part, row *Metric, write func()) {
	if row.read == nil {
		e.cut(p) // what follows is cut too
	}
	segments, text := len(p.segments), len(e.text)
	e.begin(row)
	write()
	if e.format != protobuf {
		return
	}
	size := len(e.text) - text
	for _, s := range p.segments[segments:] {
		size += s.size
	}
	switch {
	case size == 0:
	case row.read != nil:
		e.text = slices.Insert(e.text, text, familyHead(row, size)...)
	default:
		p.segments = slices.Insert(p.segments, segments, e.segment(p, familyHead(row, size)))
	}
}

func (e *exposition) metric(of scraped, row *Metric, cut func()) {
	switch {
	case row.read != nil:
		row.read(&of.view, &e.lines)
	case row.place != nil:
		eachOf(of.sites, &e.lines, row.place, cut)
	case row.change != nil:
		eachOf(of.changes, &e.lines, row.change, cut)
	}
}

// eachOf writes a metric of each item, a run of them in a segment.
func eachOf[T any](items []T, l *lines, write func(*T, *lines), cut func()) {
	for i := range items {
		write(&items[i], l)
		if (i+1)%run == 0 {
			cut()
		}
	}
	cut()
}

func (e *exposition) writeTable(t *doraTable, wanted func(name string) bool, cut func()) {
	for i := range t.rows {
		if wanted(t.rows[i].Name) {
			e.family(&e.dora, &t.rows[i], func() { t.write(i, &e.lines, cut) })
		}
	}
}

// gathered writes a metric of client_golang's; one that can't be written is left out.
func (e *exposition) gathered(f *dto.MetricFamily) {
	before := len(e.text)
	if _, err := writersOf[e.format](&e.lines, f); err != nil {
		e.text = e.text[:before]
	}
}

// writersOf write a metric of client_golang's, by format.
var writersOf = [formats]func(io.Writer, *dto.MetricFamily) (int, error){
	textFormat:  expfmt.MetricFamilyToText,
	openMetrics: func(w io.Writer, f *dto.MetricFamily) (int, error) { return expfmt.MetricFamilyToOpenMetrics(w, f) },
	protobuf:    func(w io.Writer, f *dto.MetricFamily) (int, error) { return protodelim.MarshalTo(w, f) },
}
