package judge

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

const (
	// leastLead and mostLead are how much of the time before a change is drawn, in seconds: as much as since, within these.
	leastLead, mostLead = 900, 3600
	// mostPoints is how many points a series has at most.
	mostPoints = 144
	// mostSeries is how many signals are drawn: those that decided, and how many requests there were.
	mostSeries = 4
	// fewestBefore is how many points must lie before the change to say what was usual, and extremes the share of them at
	// either end that wasn't.
	fewestBefore, extremes = 6, 0.05
	// fewestDays is how many earlier days must tell of a time of day.
	fewestDays = 2
)

// steps are the widths of points in seconds that people read easily.
var steps = []int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

// Frame is the points of a series: so many from an instant on, each as wide as the step.
type Frame struct {
	From, Step int64
	Points     int
}

// Frame is that of everything up to Now. Its points are no narrower than cells come.
func (c *Case) Frame() Frame {
	from := c.Start - min(max(c.Now-c.Start, leastLead), mostLead)
	if first := c.first(); first > from && first < c.Start {
		from = first
	}
	least := max(c.Resolution, c.cadence())
	f := Frame{Step: steps[len(steps)-1]}
	for _, step := range steps {
		if step >= least && step%c.Resolution == 0 && (c.Now-from)/step < mostPoints-1 {
			f.Step = step
			break
		}
	}
	f.From = from - evalue.Mod(from, f.Step)
	f.Points = int(min((c.Now-f.From+f.Step-1)/f.Step, mostPoints))
	return f
}

// first is when the cells of the case begin that are compared.
func (c *Case) first() int64 {
	first := int64(math.MaxInt64)
	for i := range c.Streams {
		if cells := c.Streams[i].Whole; len(cells) > 0 {
			first = min(first, cells[0].Start)
		}
	}
	return first
}

// cadence is how far the cells of the most regular stream lie apart, half of them.
func (c *Case) cadence() (apart int64) {
	for i := range c.Streams {
		cells := correlate.CellsBetween(c.Streams[i].Whole, c.Start-mostLead, c.Now)
		if len(cells) < 2 {
			continue
		}
		between := make([]int64, len(cells)-1)
		for n := range between {
			between[n] = cells[n+1].Start - cells[n].Start
		}
		slices.Sort(between)
		if median := between[len(between)/2]; apart == 0 || median < apart {
			apart = median
		}
	}
	return apart
}

// at is when a point begins.
func (f Frame) at(point int) int64 { return f.From + int64(point)*f.Step }

// Drawn are the signals of some evidence over time, the most important first, and then how many requests there were. It is
// for a person to see: what is asked of the same cells to decide is more than that.
func (c *Case) Drawn(evidence []correlate.Evidence, f Frame) (all []correlate.SignalSeries) {
	for _, e := range chosen(evidence) {
		if s, ok := c.drawn(e.Signal, e.Grade, f); ok {
			all = append(all, s)
		}
	}
	if len(all) == 0 || slices.ContainsFunc(all, func(s correlate.SignalSeries) bool { return s.Signal == requestRate }) {
		return all
	}
	if s, ok := c.drawn(requestRate, "", f); ok {
		all = append(all, s)
	}
	return all
}

const requestRate = "throughput"

// chosen is the first of the evidence, and the first of it that is about errors and about latency.
func chosen(evidence []correlate.Evidence) (some []correlate.Evidence) {
	about := map[string]bool{}
	take := func(e correlate.Evidence, kind string) {
		if !about[kind] && !about[e.Signal] && len(some) < mostSeries-1 {
			about[kind], about[e.Signal] = true, true
			some = append(some, e)
		}
	}
	for i, e := range evidence {
		kind := strings.TrimPrefix(e.Signal, "client_")
		switch {
		case ofLatency(kind):
			take(e, "latency")
		case kind == "error_ratio":
			take(e, "errors")
		case i == 0:
			take(e, e.Signal)
		}
	}
	return some
}

// drawn is a signal over time as a grade compares it; false where nothing is known of it.
func (c *Case) drawn(signal string, grade correlate.Grade, f Frame) (correlate.SignalSeries, bool) {
	out := correlate.SignalSeries{Signal: signal, Grade: grade}
	s, m := c.measured(signal)
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

// measure is how cells become one number.
type measure struct {
	// over is the value of cells that are in a stretch of so many seconds, NaN when they say nothing.
	over func(parts [][]correlate.Cell, seconds int64) float64
	// silent is the value of a stretch without any cell, where telemetry would have come.
	silent float64
	// values: it is a value and no count, so that days differ by a sum and not by a factor.
	values bool
	total  bool // the part of one version is no comparison for that of another
}

// measured finds the stream of a signal and how it is measured; nil where there is none.
func (c *Case) measured(signal string) (*Stream, measure) {
	name, kind := signal, correlate.Traffic
	if of, client := strings.CutPrefix(signal, "client_"); client {
		name, kind = of, correlate.Edge
	}
	of := func(kind correlate.SignalKind, name string) *Stream {
		i := slices.IndexFunc(c.Streams, func(s Stream) bool { return s.Kind == kind && s.Name == name })
		if i < 0 {
			return nil
		}
		return &c.Streams[i]
	}
	nothing := math.NaN()
	if q := slices.Index(latencyNames[:], name); q >= 0 {
		return of(kind, ""), measure{over: quantileOf(quantiles[q]), silent: nothing}
	}
	switch {
	case name == latencyMean:
		return of(kind, ""), measure{over: quantileOf(0), silent: nothing}
	case name == "error_ratio":
		return of(kind, ""), measure{over: ratioOf, silent: nothing}
	case name == "log_errors":
		return of(correlate.Log, ""), measure{over: ratioOf, silent: nothing}
	case name == requestRate:
		return of(correlate.Traffic, ""), measure{over: rateOf(func(c *correlate.Cell) int64 { return c.Requests }), total: true}
	case correlate.OfException(signal):
		s := of(correlate.Exception, strings.TrimPrefix(signal, "exception "))
		return s, measure{over: rateOf(func(c *correlate.Cell) int64 { return c.Errors })}
	case strings.HasPrefix(signal, "saturation "):
		name = strings.TrimPrefix(signal, "saturation ")
		m := measure{over: levelOf(correlate.Gauge, 1), silent: nothing, values: true}
		if name == correlate.Restarts {
			m.over = levelOf(correlate.Rate, 3600)
		}
		return of(correlate.Saturation, name), m
	}
	for i := range c.Streams {
		if s := &c.Streams[i]; s.Name == signal && isValue(s.Kind) {
			return s, measure{over: levelOf(s.Kind, 1), silent: nothing, values: true}
		}
	}
	return nil, measure{}
}

func ratioOf(parts [][]correlate.Cell, _ int64) float64 {
	var events, exposure int64
	for _, cells := range parts {
		for i := range cells {
			e, n := evalue.ErrorsOfRequests(&cells[i])
			events, exposure = events+e, exposure+n
		}
	}
	if exposure == 0 {
		return math.NaN()
	}
	return float64(events) / float64(exposure)
}

func rateOf(count func(*correlate.Cell) int64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, seconds int64) float64 {
		var n int64
		for _, cells := range parts {
			for i := range cells {
				n += count(&cells[i])
			}
		}
		return float64(n) / float64(seconds)
	}
}

// quantileOf is a quantile in seconds, the mean for 0.
func quantileOf(q float64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, _ int64) float64 {
		var d evalue.Durations
		for _, cells := range parts {
			d.Add(cells)
		}
		if d.Total == 0 {
			return math.NaN()
		}
		return level(&d, &d, q)
	}
}

func levelOf(kind correlate.SignalKind, times float64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, seconds int64) float64 {
		var num, den float64
		for _, cells := range parts {
			for i := range cells {
				n, d := expect.Quantity(&cells[i], kind)
				num, den = num+n, den+d
			}
		}
		switch {
		case den <= 0:
			return math.NaN()
		case kind == correlate.Rate:
			return times * num / float64(seconds)
		}
		return times * num / den
	}
}

// drawing draws one signal.
type drawing struct {
	c *Case
	f Frame
	m measure
}

// stroke is what a line is made of.
type stroke struct {
	role  correlate.Role
	parts [][]correlate.Cell // each sorted
}

// sides are what a grade compares, what is old first.
func (d drawing) sides(s *Stream, grade correlate.Grade) []stroke {
	before, _ := halves(d.c, s)
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
		switch {
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
	inGap := slices.ContainsFunc(d.c.Gaps, func(g Gap) bool { return g.From < to && from < g.To })
	return !inGap && (d.c.Heard == 0 || to <= d.c.Heard) && (d.c.Lost == nil || d.c.Lost(from, to))
}

// expected is the range in which the first line of a signal was expected to be, and where that is from; none when not
// enough is known.
func (d drawing) expected(s *Stream, grade correlate.Grade, first correlate.Line) (low, high correlate.Values, of correlate.Basis) {
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
func (d drawing) days(s *Stream) (low, high correlate.Values) {
	const day = 24 * 3600
	before, _ := halves(d.c, s)
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
