package series

import (
	"math"
	"slices"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

const (
	// fewestBefore is how many points must lie before the change to say what was usual, and extremes the share of them at
	// either end that wasn't.
	fewestBefore, extremes = 6, 0.05
	// fewestDays is how many earlier days must tell of a time of day.
	fewestDays = 2
)

// drawn is a signal over time as a grade compares it; false where nothing is known of it.
func drawn(c *judge.Case, signal string, grade correlate.Grade, f frame) (correlate.SignalSeries, bool) {
	out := correlate.SignalSeries{Signal: signal, Grade: grade}
	s, m := measured(c, signal)
	if s == nil {
		return out, false
	}
	d := drawing{c, f, m}
	sides := d.sides(s, grade)
	known := false
	for _, line := range sides {
		values := d.values(line.parts)
		if slices.ContainsFunc(values, isKnown) {
			known = true
			out.Lines = append(out.Lines, correlate.Line{Role: line.role, Values: values})
		}
	}
	if !known {
		return out, false
	}
	low, high, basis := d.expected(s, grade, out.Lines[0])
	if basis != "" {
		out.Expected = basis
		out.Lines = append(out.Lines, correlate.Line{Role: correlate.RoleLow, Values: low}, correlate.Line{Role: correlate.RoleHigh, Values: high})
	}
	return out, true
}

func isKnown(v float64) bool { return !math.IsNaN(v) }

// drawing draws one signal.
type drawing struct {
	c *judge.Case
	f frame
	m measure
}

// stroke is what a line is made of.
type stroke struct {
	role  correlate.Role
	parts [][]correlate.Cell // each sorted
}

// sides are what a grade compares, what is old first.
func (d drawing) sides(s *judge.Stream, grade correlate.Grade) []stroke {
	before := earlier(d.c, s)
	all := stroke{correlate.RoleAll, [][]correlate.Cell{s.Whole}}
	fresh := stroke{correlate.RoleNew, [][]correlate.Cell{s.New}}
	switch {
	case d.m.total && s.New != nil:
		return []stroke{all, fresh}
	case grade == correlate.GradeA && s.New != nil:
		return []stroke{{correlate.RoleOld, [][]correlate.Cell{before, s.Old}}, fresh}
	case grade == correlate.GradeB && s.Kind == correlate.Traffic && len(d.c.Zones) > 0:
		return d.zones()
	}
	return []stroke{all}
}

// earlier are the cells of a stream that end before the change.
func earlier(c *judge.Case, s *judge.Stream) []correlate.Cell {
	return evalue.CellsIn(s.Whole, evalue.Span{From: math.MinInt64, To: c.Start - c.Resolution + 1})
}

// zones are those that the change has reached, from then on, and the others.
func (d drawing) zones() []stroke {
	old, fresh := stroke{role: correlate.RoleOld}, stroke{role: correlate.RoleNew}
	for _, z := range d.c.Zones {
		reached := z.Reached
		if reached == 0 {
			reached = math.MaxInt64
		}
		old.parts = append(old.parts, evalue.CellsIn(z.Cells, evalue.Span{From: math.MinInt64, To: reached}))
		fresh.parts = append(fresh.parts, evalue.CellsIn(z.Cells, evalue.Span{From: reached, To: math.MaxInt64}))
	}
	return []stroke{old, fresh}
}

// values are a number for each point.
func (d drawing) values(parts [][]correlate.Cell) correlate.Values {
	out := make(correlate.Values, d.f.Points)
	within := make([][]correlate.Cell, len(parts))
	first := int64(math.MaxInt64)
	for _, cells := range parts {
		if len(cells) > 0 {
			first = min(first, cells[0].Start)
		}
	}
	for i := range out {
		from, to := d.f.at(i), min(d.f.at(i+1), d.c.Now)
		empty := true
		for n, cells := range parts {
			within[n] = correlate.CellsBetween(cells, from, to)
			empty = empty && len(within[n]) == 0
		}
		inPart := d.m.rate && (from < first && first < to || d.gap(from, to))
		switch {
		case inPart:
			out[i] = math.NaN() // so many a second of what?
		case !empty:
			out[i] = threeDigits(d.m.over(within, max(to-from, d.c.Resolution)))
		case to <= first || math.IsNaN(d.m.silent) || !d.silent(from, to):
			out[i] = math.NaN()
		default:
			out[i] = d.m.silent
		}
	}
	return out
}

// silent says that nothing came in a stretch in which telemetry would have.
func (d drawing) silent(from, to int64) bool {
	return !d.gap(from, to) && (d.c.Heard == 0 || to <= d.c.Heard) && (d.c.Lost == nil || d.c.Lost(from, to))
}

// gap says that nothing was taken in for some of a stretch.
func (d drawing) gap(from, to int64) bool {
	return slices.ContainsFunc(d.c.Gaps, func(g judge.Gap) bool { return g.From < to && from < g.To })
}

// expected is the range in which the first line of a signal was expected to be, and where that is from; none when not
// enough is known.
func (d drawing) expected(s *judge.Stream, grade correlate.Grade, first correlate.Line) (low, high correlate.Values, of correlate.Basis) {
	if grade == correlate.GradeC {
		if low, high = d.days(s); low != nil {
			return low, high, correlate.BasisDays
		}
	}
	if low, high = d.before(first.Values); low != nil {
		return low, high, correlate.BasisBefore
	}
	return nil, nil, ""
}

// before is where the points before the change are, but for the extremes.
func (d drawing) before(values correlate.Values) (low, high correlate.Values) {
	var usual []float64
	for i, v := range values {
		if d.f.at(i+1) <= d.c.Start && isKnown(v) {
			usual = append(usual, v)
		}
	}
	if len(usual) < fewestBefore {
		return nil, nil
	}
	slices.Sort(usual)
	cut := int(extremes * float64(len(usual)))
	low, high = make(correlate.Values, len(values)), make(correlate.Values, len(values))
	for i := range low {
		low[i], high[i] = usual[cut], usual[len(usual)-1-cut]
	}
	return low, high
}

// days is where the same time of day was on earlier days, each brought to the level before the change. Where less is known
// of a point, the range has no end.
func (d drawing) days(s *judge.Stream) (low, high correlate.Values) {
	const day = 24 * 3600
	before := earlier(d.c, s)
	if len(before) == 0 {
		return nil, nil
	}
	begin := before[0].Start
	now := d.m.over([][]correlate.Cell{before}, d.c.Start-begin)
	over := func(from, to int64) float64 {
		from -= evalue.Mod(from, d.c.Coarse)
		to += evalue.Mod(-to, d.c.Coarse)
		cells := correlate.CellsBetween(s.History, from, to)
		if len(cells) == 0 {
			return math.NaN()
		}
		return d.m.over([][]correlate.Cell{cells}, to-from)
	}
	low, high = unknownValues(d.f.Points), unknownValues(d.f.Points)
	known := make([]int, d.f.Points)
	for _, back := range [...]int64{day, 2 * day, 3 * day, 7 * day} {
		then := over(begin-back, d.c.Start-back)
		for i := range low {
			v := d.brought(over(d.f.at(i)-back, d.f.at(i+1)-back), then, now)
			if !isKnown(v) {
				continue
			}
			known[i]++
			low[i], high[i] = threeDigits(lesser(low[i], v)), threeDigits(-lesser(-high[i], -v))
		}
	}
	any := false
	for i := range known {
		if known[i] < fewestDays {
			low[i], high[i] = math.NaN(), math.NaN()
		}
		any = any || known[i] >= fewestDays
	}
	if !any {
		return nil, nil
	}
	return low, high
}

// brought is a value of another day at the level of this one, NaN where that can't be told.
func (d drawing) brought(v, then, now float64) float64 {
	switch {
	case d.m.values:
		return v + now - then
	case then > 0 && !math.IsNaN(now):
		return v * now / then
	}
	return math.NaN()
}

// lesser is the lesser of two numbers of which the first may not be known.
func lesser(a, b float64) float64 {
	if math.IsNaN(a) || b < a {
		return b
	}
	return a
}

func unknownValues(n int) correlate.Values {
	v := make(correlate.Values, n)
	for i := range v {
		v[i] = math.NaN()
	}
	return v
}

// threeDigits keeps three significant digits, through decimal notation as round does.
func threeDigits(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return math.NaN()
	}
	var text [32]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], v, 'e', 2, 64)), 64)
	if err != nil || rounded == 0 {
		return 0
	}
	return rounded
}
