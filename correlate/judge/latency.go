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
	before          *evalue.Histogram
	after, new, old []correlate.Cell

	known [2]sides // against the time before, and against the old version
}

// sides are the histograms of both sides in a stretch of time, as far as they were added up.
type sides struct {
	in               evalue.Span
	treated, control *evalue.Histogram
}

// sides are the histograms of both sides in one stretch of time.
func (v *latencyView) sides(concurrently bool, in evalue.Span) (treated, control *evalue.Histogram) {
	s := &v.known[0]
	if concurrently {
		s = &v.known[1]
	}
	if s.treated == nil || s.in.From != in.From || s.in.To > in.To {
		*s = sides{evalue.Span{From: in.From, To: in.From}, new(evalue.Histogram), v.before}
		if concurrently {
			s.control = new(evalue.Histogram)
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

// show replaces the exceedances of a finding by a quantile on both sides in seconds. Its interval comes from the ranks
// that the treated side's quantile may have.
func (v *latencyView) show(f *finding, q float64, concurrently bool, in evalue.Span, phi float64) {
	treated, control := v.sides(concurrently, in)
	f.Baseline, f.Observed = control.Seconds(q), treated.Seconds(q)
	if f.Baseline == 0 || f.Observed == 0 {
		return
	}
	const deviations = 3.5
	reach := deviations * math.Sqrt(q*(1-q)*phi*(1/float64(treated.Total)+1/float64(control.Total)))
	low, high := treated.Seconds(max(q-reach, 0)), treated.Seconds(min(q+reach, 1))
	f.Ratio = f.Observed / f.Baseline
	f.Interval = [2]float64{low / f.Baseline, high / f.Baseline}
}
