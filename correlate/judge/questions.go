package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// newRecord chooses the stream's questions, see inquiryOf, and puts them to the time before the change.
func newRecord(p *Params, c *Case, s *Stream) *record {
	r := &record{origin: originOf(s), settled: true}
	earlier, _ := halves(c, s)
	in := inquiryOf(s.Kind)
	if in.slow {
		r.latencies(p, s, earlier, in.prefix)
	}
	if in.failed != "" {
		r.questions = append(r.questions, comparison{signal: in.failed, family: in.family, floor: in.floor(p)})
	}
	r.add(earlier, func(q *comparison) *[]tally { return &q.base })
	for i := range r.questions {
		e, n := sum(r.questions[i].base)
		r.questions[i].control = pair{eC: float64(e), nC: float64(n)}
	}
	return r
}

// latencies are the questions how many requests were slower than the baseline's quantiles. Without a time before the
// change the old version's requests are the baseline. A quantile that the baseline holds too few requests to know is
// doubled, and what lies beyond that needn't be as much more frequent.
func (r *record) latencies(p *Params, s *Stream, earlier []correlate.Cell, prefix string) {
	known := new(spread)
	known.add(earlier)
	if known.total == 0 {
		r.settled = false
		known.add(s.Old)
	}
	if known.total == 0 {
		return
	}
	r.view = &latencyView{before: known}
	r.questions = make([]comparison, len(quantiles), len(quantiles)+1)
	for i, q := range quantiles {
		r.above[i] = known.bin(q)
		if p.Guards.On(guardLatencySlack) {
			r.above[i] += p.LatencySlack
		}
		r.questions[i] = comparison{
			signal: prefix + latencyNames[i], family: familyLatency, floor: p.Latency[i], nominal: 1 - q, quantile: q,
			latency: r.view,
		}
		if float64(known.total)*(1-q) < p.KnownBeyond && p.Guards.On(guardDoubled) {
			r.above[i] += correlate.BinsPerOctave
			r.questions[i].doubled = true
			floor := &r.questions[i].floor
			floor.Ratio, floor.BeforeAfter = p.Latency[0].Ratio, p.Latency[0].Ratio
		}
		if i > 0 {
			r.questions[i].lower = &r.questions[i-1]
		}
	}
}

// halves splits the whole at the start of the change; the cell in which it happened belongs to neither.
func halves(c *Case, s *Stream) (before, after []correlate.Cell) {
	begin := span{math.MinInt64, c.Start - c.Resolution + 1}
	return cellsIn(s.Whole, begin), cellsIn(s.Whole, span{c.Start, math.MaxInt64})
}
