package expect

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Part is the requests for one route that one version served, in cells of Case.Minute seconds.
type Part struct {
	Name  string
	New   bool // of the version that the change brings
	Cells []correlate.Cell
}

const (
	// movedShare is the share of requests that must have moved between routes in some stretch for that to be looked into.
	movedShare = 0.03
	// hardly is the share of the requests below which a route counts as unseen on a side, and glimpsed the number of
	// requests below which nothing is known of it.
	hardly, glimpsed = 0.001, 10
)

// RouteMix is which routes the requests of two sides were for: the treated side, in minutes since the change, and the
// control.
type RouteMix struct {
	width, first int64
	minutes      int
	beside       bool // the control is at the same time
	Classes      []Class
	treated      float64 // requests since the change
}

// Class is requests that are compared with each other: those for one route, or those for the routes that were seen on
// one side only, which may be the same ones under other names.
type Class struct {
	name         string
	after, known [][]correlate.Cell // the treated side's cells, and the control's
	perMinute    []float64          // the treated side's requests
	alongside    []float64          // the control's at the same time; nil when it is before
	treated      float64            // the sums of both
	control      float64
}

// NewRouteMix compares what was served since the start of a change, in whole minutes of the given width, with the control;
// nil when the mix didn't move. The parts are sorted by name.
func NewRouteMix(parts []Part, minute, start, now int64, beside bool) *RouteMix {
	m := &RouteMix{width: minute, first: evalue.RoundUpTo(start, minute), beside: beside}
	if m.minutes = int((now - m.first) / m.width); m.minutes <= 0 {
		return nil
	}
	for i := range parts {
		m.add(&parts[i], start)
	}
	if len(m.Classes) < 2 {
		return nil
	}
	m.join()
	if m.treated == 0 || !m.moved() {
		return nil
	}
	return m
}

// add counts the requests of a part. Parts come sorted by name.
func (m *RouteMix) add(p *Part, start int64) {
	if n := len(m.Classes); n == 0 || m.Classes[n-1].name != p.Name {
		m.Classes = append(m.Classes, Class{name: p.Name, perMinute: make([]float64, m.minutes)})
		if m.beside {
			m.Classes[n].alongside = make([]float64, m.minutes)
		}
	}
	k := &m.Classes[len(m.Classes)-1]
	after := evalue.CellsIn(p.Cells, evalue.Span{From: m.first, To: m.first + int64(m.minutes)*m.width})
	earlier := evalue.CellsIn(p.Cells, evalue.Span{From: math.MinInt64, To: start - m.width + 1})
	switch {
	case !m.beside:
		k.known = append(k.known, earlier)
		k.control += float64(evalue.Requests(earlier))
	case !p.New:
		k.known = append(k.known, earlier, after)
		k.control += m.count(k.alongside, after)
	}
	if !m.beside || p.New {
		k.after = append(k.after, after)
		k.treated += m.count(k.perMinute, after)
	}
}

func (m *RouteMix) count(into []float64, cells []correlate.Cell) (sum float64) {
	for i := range cells {
		n := float64(cells[i].Requests)
		into[(cells[i].Start-m.first)/m.width] += n
		sum += n
	}
	return sum
}

// join makes one class without a name, the last one, of the routes that were hardly seen on either side and of those whose
// name is shared.
func (m *RouteMix) join() {
	var treated, control float64
	for i := range m.Classes {
		treated += m.Classes[i].treated
		control += m.Classes[i].control
	}
	m.treated = treated
	one := Class{perMinute: make([]float64, m.minutes)}
	if m.beside {
		one.alongside = make([]float64, m.minutes)
	}
	kept := m.Classes[:0]
	for _, k := range m.Classes {
		if k.name != correlate.Folded && k.treated >= hardly*treated && k.control >= max(hardly*control, glimpsed) {
			kept = append(kept, k)
			continue
		}
		one.after, one.known = append(one.after, k.after...), append(one.known, k.known...)
		one.treated, one.control = one.treated+k.treated, one.control+k.control
		for i, n := range k.perMinute {
			one.perMinute[i] += n
		}
		for i, n := range k.alongside {
			one.alongside[i] += n
		}
	}
	m.Classes = kept
	if one.treated+one.control > 0 {
		m.Classes = append(m.Classes, one)
	}
}

// moved says that the mix is another than the control's, in some stretch or altogether.
func (m *RouteMix) moved() bool {
	return m.some(func(in stretch) bool {
		moved := 0.0
		for i := range m.Classes {
			treated, control := m.shares(&m.Classes[i], in)
			moved += math.Abs(treated-control) / 2
		}
		return moved > movedShare
	})
}

// stretch is some minutes since the first, with the requests of both sides.
type stretch struct {
	from, to         int
	treated, control float64
}

// some asks of every five minutes, and of all, whether something holds.
func (m *RouteMix) some(holds func(in stretch) bool) bool {
	const long = 5
	for from := 0; from < m.minutes; from += long {
		if in := m.stretch(from, min(from+long, m.minutes)); in.treated > 0 && in.control > 0 && holds(in) {
			return true
		}
	}
	in := m.stretch(0, m.minutes)
	return in.treated > 0 && in.control > 0 && holds(in)
}

func (m *RouteMix) stretch(from, to int) stretch {
	in := stretch{from: from, to: to}
	for i := range m.Classes {
		k := &m.Classes[i]
		in.treated += evalue.Total(k.perMinute[from:to])
		if m.beside {
			in.control += evalue.Total(k.alongside[from:to])
		} else {
			in.control += k.control
		}
	}
	return in
}

// shares are the parts of a class in the requests of both sides.
func (m *RouteMix) shares(k *Class, in stretch) (treated, control float64) {
	treated = evalue.Total(k.perMinute[in.from:in.to]) / in.treated
	if m.beside {
		return treated, evalue.Total(k.alongside[in.from:in.to]) / in.control
	}
	return treated, k.control / in.control
}
