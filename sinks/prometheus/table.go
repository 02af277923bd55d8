package prometheus

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate/dora"
)

// level is what a group of a DORA report is: a service in an environment, or a whole environment.
type level uint8

const (
	ofService level = iota
	ofEnvironment
	levels = iota
)

// doraRows are the rows of the catalog that a doraTable has columns of.
func doraRows() []Metric {
	return slices.DeleteFunc(Catalog(), func(m Metric) bool { return m.group == nil })
}

// doraTable is the numbers of one computation, with what is needed to write them and no more.
type doraTable struct {
	rows   []Metric
	blocks [len(spans)][levels]doraBlock
}

// doraBlock is the numbers of one window and level.
type doraBlock struct {
	labels  []labels    // in their order; without a service where it is a whole environment
	columns [][]float64 // by row and place; NaN is no data; nil for the rows of another level
}

func newDORATable(rows []Metric) *doraTable { return &doraTable{rows: rows} }

// fill takes in the report of a window and returns the services, as many as may have series.
func (t *doraTable) fill(window int, groups []dora.Numbers) []place {
	var of [levels][]dora.Numbers
	for _, n := range groups {
		n.Service, n.Environment = clean(n.Service), clean(n.Environment)
		if n.Service == "" {
			of[ofEnvironment] = append(of[ofEnvironment], n)
		} else if len(of[ofService]) < maxPlaces {
			of[ofService] = append(of[ofService], n)
		}
	}
	for l := range of {
		t.blocks[window][l] = t.block(level(l), of[l])
	}
	return t.blocks[window][ofService].places()
}

func (b *doraBlock) places() []place {
	all := make([]place, len(b.labels))
	for i := range b.labels {
		all[i] = b.labels[i].place
	}
	return all
}

func (t *doraTable) block(l level, groups []dora.Numbers) doraBlock {
	b := doraBlock{columns: make([][]float64, len(t.rows))}
	slices.SortStableFunc(groups, func(x, y dora.Numbers) int { return placeOf(x).compare(placeOf(y)) })
	groups = slices.CompactFunc(groups, func(x, y dora.Numbers) bool { return placeOf(x) == placeOf(y) }) // cut to the same
	for _, n := range groups {
		b.labels = append(b.labels, labelsOfPlace(placeOf(n)))
	}
	for i, row := range t.rows {
		if row.level == l {
			b.columns[i] = column(row, groups)
		}
	}
	return b
}

func column(row Metric, groups []dora.Numbers) []float64 {
	values := make([]float64, len(groups))
	for i, n := range groups {
		values[i] = math.NaN()
		if v := row.group(n); v != nil {
			values[i] = *v
		}
	}
	return values
}

func placeOf(n dora.Numbers) place { return place{n.Service, n.Environment} }

// write writes a row of the table, which has begun, and calls pause now and then.
func (t *doraTable) write(row int, l *lines, pause func()) {
	for i := range spans {
		b, window := &t.blocks[i][t.rows[row].level], label{"window", spans[i].label}
		for j, v := range b.columns[row] {
			l.sample(&b.labels[j], label{}, window, v)
			if (j+1)%run == 0 {
				pause()
			}
		}
		pause()
	}
}
