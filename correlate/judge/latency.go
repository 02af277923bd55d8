package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// quantiles of the baseline at which latency is watched: the middle, the slow tenth, the slowest hundredth.
var (
	quantiles    = [...]float64{0.5, 0.9, 0.99}
	latencyNames = [...]string{"latency_p50", "latency_p90", "latency_p99"}
	latencyMean  = "latency_mean"
)

// latencyView shows the effect on a latency as seconds instead of exceedances. The three questions of a stream share it,
// so that the histograms of a stretch of time are added up once.
type latencyView struct {
	before          *evalue.Durations
	after, new, old []correlate.Cell

	known [2]sides // against the time before, and against the old version
}

// sides are the histograms of both sides in a stretch of time, as far as they were added up.
type sides struct {
	in               evalue.Span
	treated, control *evalue.Durations
}

// sides are the histograms of both sides in one stretch of time.
func (v *latencyView) sides(concurrently bool, in evalue.Span) (treated, control *evalue.Durations) {
	s := &v.known[0]
	if concurrently {
		s = &v.known[1]
	}
	if s.treated == nil || s.in.From != in.From || s.in.To > in.To {
		*s = sides{evalue.Span{From: in.From, To: in.From}, new(evalue.Durations), v.before}
		if concurrently {
			s.control = new(evalue.Durations)
		}
	}
	fresh := evalue.Span{From: s.in.To, To: in.To}
	s.in.To = in.To
	if concurrently {
		s.treated.Add(evalue.CellsIn(v.new, fresh))
		s.control.Add(evalue.CellsIn(v.old, fresh))
	} else {
		s.treated.Add(evalue.CellsIn(v.after, fresh))
	}
	return s.treated, s.control
}

// usualSlow is how many cells of the baseline may be slower on average than what counts as slow.
const usualSlow = 0.1

// meanQuestion asks in how many cells requests took longer on average than in nine of ten cells before the change, and
// than the floor lets pass. The fewer requests a cell has, the more its mean scatters and the slower it may be. It is nil
// where senders don't tell what requests took together.
func meanQuestion(p *Params, earlier []correlate.Cell, prefix string) *comparison {
	const fewest = 10
	var means, numbers []float64
	for i := range earlier {
		if c := &earlier[i]; c.N > 0 {
			means, numbers = append(means, float64(c.Sum)/float64(c.N)), append(numbers, float64(c.N))
		}
	}
	if len(means) < fewest {
		return nil
	}
	slices.Sort(means)
	slices.Sort(numbers)
	usual, high, number := means[len(means)/2], means[int(float64(len(means))*(1-usualSlow))], numbers[len(numbers)/2]
	floor := usual * p.LatencyMean.Ratio
	counting := func(c *correlate.Cell) (slow, cells int64) {
		if c.N <= 0 {
			return 0, 0
		}
		n := float64(c.N)
		if mean := float64(c.Sum) / n; mean > floor && mean > usual+(high-usual)*math.Sqrt(max(1, number/n)) {
			slow = 1
		}
		return slow, 1
	}
	return &comparison{
		signal: prefix + latencyMean, family: familyLatency, floor: p.LatencyMean, nominal: usualSlow, counting: counting,
	}
}

// ofMean says that the question is about the mean of the latency.
func (q *comparison) ofMean() bool { return q.latency != nil && q.quantile == 0 }

// longerBy is by how many times longer requests took in the time of some pairs than was to be expected.
func (c *contest) longerBy(pairs []evalue.Pair) evalue.Shift {
	if len(pairs) == 0 {
		return evalue.Shift{}
	}
	treated, control := c.latency.sides(c.before == nil, evalue.Span{From: pairs[0].At, To: pairs[len(pairs)-1].At + 1})
	return c.expected(pairs).shift(treated, control, c.h.Phi)
}

// expected is what the season and the warm-up let expect in the time of some pairs.
func (c *contest) expected(pairs []evalue.Pair) expected {
	e := expected{c.quantile, c.seasonal}
	if c.served != nil {
		if counted, warmed := c.counted(pairs); counted.NT > 0 {
			e.factor *= warmed.NT / counted.NT
		}
	}
	return e
}

// longer is ln E of that requests took longer by more than a factor, in the time in which they were slow, as the interval
// of the shift says: what it takes to convict where its lower end is at the factor.
func (c *contest) longer(factor, bar float64) float64 {
	excursion, _ := c.locate()
	x := c.longerBy(evalue.Between(c.pairs.all(), excursion.Onset, excursion.End))
	if x.Ratio <= factor || x.Least <= 0 {
		return 0
	}
	far := math.Log(x.Ratio/factor) / math.Log(x.Ratio/x.Least)
	return bar * far * far
}

// deviations is how many standard deviations the interval of a latency's shift is wide on either side: about where the
// normal mixture's always-valid interval at 1 % ends after some hundred looks.
const deviations = 3.5

// expected is which quantile of a latency is asked about, 0 for the mean, and by how much what lies beyond it was to be
// expected more often than on the control.
type expected struct{ quantile, factor float64 }

// usually is the quantile of the control that is expected to be where the treated side's is.
func (e expected) usually() float64 {
	const nearly = 1e-4 // of all requests lie beyond the farthest quantile that is looked up
	return min(max(1-(1-e.quantile)/e.factor, nearly), 1-nearly)
}

func (e expected) shift(treated, control *evalue.Durations, phi float64) evalue.Shift {
	if e.quantile == 0 {
		return treated.MeanShift(control, deviations)
	}
	return treated.ShiftFrom(control, e.usually(), e.quantile, phi, deviations)
}

func shiftOf(treated, control *evalue.Durations, q, phi float64) evalue.Shift {
	return expected{q, 1}.shift(treated, control, phi)
}

// shift is by how many times longer a quantile, or the mean where the quantile is 0, of the requests in a stretch of time is
// than the control's.
func (v *latencyView) shift(q float64, concurrently bool, in evalue.Span, phi float64) evalue.Shift {
	treated, control := v.sides(concurrently, in)
	return shiftOf(treated, control, q, phi)
}

// hidden says that a latency may have become longer by more than the margin within the buckets that its requests are
// counted in: neither the quantile nor the mean bounds that. No two counts of coarse buckets show what moved inside them.
func (c *contest) hidden(p *Params, in evalue.Span) bool {
	if c.latency == nil || !p.Guards.On(guardCoarse) || !c.coarse(in) {
		return false
	}
	margin := math.Exp(p.latencyMargin())
	for _, q := range [...]float64{c.quantile, 0} {
		if x := c.shift(q, in); x.Known() && x.High < margin {
			return false
		}
	}
	if c.steady != nil {
		if w := c.steady(ofMean); w != nil && w.Upper < p.latencyMargin() {
			return false
		}
	}
	return true
}

// coarse says that either side's requests are counted in coarse buckets.
func (c *contest) coarse(in evalue.Span) bool {
	if c.zones != nil {
		_, before, after := c.zones.shift(0, in, 1)
		return before[0].Coarse() || after[0].Coarse()
	}
	treated, control := c.latency.sides(c.before == nil, in)
	return treated.Coarse() || control.Coarse()
}

// shift is that of a quantile, or of the mean where it is 0.
func (c *contest) shift(q float64, in evalue.Span) evalue.Shift {
	for i := range c.shifts {
		if s := &c.shifts[i]; s.quantile == q && s.in == in {
			return s.Shift
		}
	}
	var x evalue.Shift
	if c.zones != nil {
		x, _, _ = c.zones.shift(q, in, c.h.Phi)
	} else {
		x = c.latency.shift(q, c.before == nil, in, c.h.Phi)
	}
	c.shifts = append(c.shifts, workedShift{q, in, x})
	return x
}

// show replaces the exceedances of a finding by a quantile on both sides in seconds.
func (v *latencyView) show(f *finding, e expected, concurrently bool, in evalue.Span, phi float64) {
	treated, control := v.sides(concurrently, in)
	f.Baseline, f.Observed = level(control, treated, e.usually()), level(treated, control, e.quantile)
	if e.quantile == 0 {
		f.Baseline, f.N, f.Events = level(control, treated, 0), treated.Total, 0 // a mean counts no events
	}
	f.shifted(e.shift(treated, control, phi))
}

// level is a quantile, or the mean where the quantile is 0, in seconds, as it is compared with another side.
func level(d, other *evalue.Durations, q float64) float64 {
	if q == 0 {
		mean, _, _ := d.Mean()
		return mean
	}
	return d.Quantile(q, other)
}

// unbounded is where the interval of a shift ends that nothing bounds, as that of a ratio does.
var unbounded = math.Exp(6.4)

// shifted shows a shift.
func (f *finding) shifted(x evalue.Shift) {
	if x.Known() {
		f.Ratio = x.Ratio
		f.Interval = [2]float64{min(max(x.Low, 1/unbounded), x.Ratio), max(min(x.High, unbounded), x.Ratio)}
	}
}
