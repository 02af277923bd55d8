package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// newRecord chooses the stream's questions, see inquiryOf, and puts them to the time before the change.
func newRecord(p *Params, c *Case, s *Stream) *record {
	r := &record{origin: originOf(s), fixed: true}
	earlier, _ := halves(c, s)
	in := inquiryOf(s.Kind)
	if in.slow {
		r.latencies(p, s, earlier, in.prefix)
	}
	if in.failed != "" {
		r.questions = append(r.questions, comparison{signal: in.failed, family: in.family, floor: in.floor(p), counting: evalue.ErrorsOfRequests})
	}
	r.add(earlier, func(q *comparison) *[]evalue.Tally { return &q.base }, 0, nil)
	for i := range r.questions {
		e, n := evalue.Sum(r.questions[i].base)
		r.questions[i].control = evalue.Pair{EC: float64(e), NC: float64(n)}
	}
	return r
}

// latencies are the questions how many requests were slower than the baseline's quantiles. Without a time before the
// change the old version's requests are the baseline. A quantile that the baseline holds too few requests to know is
// doubled, and what lies beyond that needn't be as much more frequent.
func (r *record) latencies(p *Params, s *Stream, earlier []correlate.Cell, prefix string) {
	known := new(evalue.Durations)
	known.Add(earlier)
	if known.Total == 0 {
		r.fixed = false
		known.Add(s.Old)
	}
	if known.Total == 0 {
		return
	}
	r.view = &latencyView{before: known}
	r.questions = make([]comparison, len(quantiles), len(quantiles)+2)
	for i, q := range quantiles {
		r.above[i] = known.Bin(q)
		if p.Guards.On(guardLatencySlack) {
			r.above[i] += p.LatencySlack
		}
		r.questions[i] = comparison{
			signal: prefix + latencyNames[i], family: familyLatency, floor: p.Latency[i], nominal: 1 - q, quantile: q,
			latency: r.view, wide: known.Coarser(q, p.LatencySlack+p.LatencyMargin),
		}
		if float64(known.Total)*(1-q) < p.KnownBeyond && p.Guards.On(guardDoubled) {
			r.above[i] += correlate.BinsPerOctave
			r.questions[i].doubled = true
			floor := &r.questions[i].floor
			floor.Ratio, floor.BeforeAfter = p.Latency[0].Ratio, p.Latency[0].Ratio
		}
		if i > 0 {
			r.questions[i].lower = &r.questions[i-1]
		}
	}
	coarse := slices.ContainsFunc(r.questions, func(q comparison) bool { return q.wide })
	if q := meanQuestion(p, earlier, prefix); q != nil && coarse && p.Guards.On(guardMean) {
		q.latency = r.view
		r.questions = append(r.questions, *q)
	}
}

// halves splits the whole at the start of the change; the cell in which it happened belongs to neither.
func halves(c *Case, s *Stream) (before, after []correlate.Cell) {
	begin := evalue.Span{From: math.MinInt64, To: c.Start - c.Resolution + 1}
	return evalue.CellsIn(s.Whole, begin), evalue.CellsIn(s.Whole, evalue.Span{From: c.Start, To: math.MaxInt64})
}
