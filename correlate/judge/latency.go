package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// quantiles of the baseline at which latency is watched: the middle, the slow tenth, the slowest hundredth.
var (
	quantiles    = [...]float64{0.5, 0.9, 0.99}
	latencyNames = [...]string{"latency_p50", "latency_p90", "latency_p99"}
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

// deviations is how many standard deviations the interval of a latency's shift is wide on either side: about where the
// normal mixture's always-valid interval at 1 % ends after some hundred looks.
const deviations = 3.5

// shift is by how many times longer a quantile, or the mean where the quantile is 0, of the requests in a stretch of time is
// than the control's.
func (v *latencyView) shift(q float64, concurrently bool, in evalue.Span, phi float64) evalue.Shift {
	treated, control := v.sides(concurrently, in)
	return shiftOf(treated, control, q, phi)
}

func shiftOf(treated, control *evalue.Durations, q, phi float64) evalue.Shift {
	if q == 0 {
		return treated.MeanShift(control, deviations)
	}
	return treated.QuantileShift(control, q, phi, deviations)
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
	if c.zones != nil {
		x, _, _ := c.zones.shift(q, in, c.h.Phi)
		return x
	}
	return c.latency.shift(q, c.before == nil, in, c.h.Phi)
}

// show replaces the exceedances of a finding by a quantile on both sides in seconds.
func (v *latencyView) show(f *finding, q float64, concurrently bool, in evalue.Span, phi float64) {
	treated, control := v.sides(concurrently, in)
	f.Baseline, f.Observed = level(control, q), level(treated, q)
	f.shifted(shiftOf(treated, control, q, phi))
}

// level is a quantile, or the mean where the quantile is 0, in seconds.
func level(d *evalue.Durations, q float64) float64 {
	if q == 0 {
		mean, _, _ := d.Mean()
		return mean
	}
	return d.Seconds(q)
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
