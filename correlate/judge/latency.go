package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// quantiles of the baseline at which latency is watched: the middle, the slow tenth, the slowest hundredth.
var (
	quantiles    = [...]float64{0.5, 0.9, 0.99}
	latencyNames = [...]string{"latency_p50", "latency_p90", "latency_p99"}
)

const latencyBins = 512

// spread is a latency histogram without gaps.
type spread struct {
	count [latencyBins]int64
	total int64
}

func (s *spread) add(cells []correlate.Cell) {
	for i := range cells {
		for _, b := range cells[i].Latency {
			if at := int(b.Index); at >= 0 && at < latencyBins {
				s.count[at] += int64(b.Count)
				s.total += int64(b.Count)
			}
		}
	}
}

// bin is the bin of the value with rank q·total, -1 when there are no values.
func (s *spread) bin(q float64) int16 {
	rank := int64(math.Ceil(q * float64(s.total)))
	rank = min(max(rank, 1), s.total)
	var seen int64
	for i := range s.count {
		if seen += s.count[i]; s.total > 0 && seen >= rank {
			return int16(i)
		}
	}
	return -1
}

// seconds is the q-quantile, interpolated within its bin.
func (s *spread) seconds(q float64) float64 {
	rank := min(max(q*float64(s.total), 1), float64(s.total))
	var seen float64
	for i := range s.count {
		here := float64(s.count[i])
		if seen+here >= rank && here > 0 {
			low, high := correlate.BinFloor(int16(i)), correlate.BinFloor(int16(i)+1)
			return low * math.Pow(high/low, (rank-seen)/here) / 1e9
		}
		seen += here
	}
	return 0
}

// exceed counts, for three bins at once in rising order, the values above each, appending to out.
func exceed(out [3][]tally, cells []correlate.Cell, above [3]int16) [3][]tally {
	for k := range out {
		out[k] = slices.Grow(out[k], len(cells))
	}
	for i := range cells {
		var n int64
		var e [3]int64
		for _, b := range cells[i].Latency {
			c := int64(b.Count)
			n += c
			if b.Index <= above[0] {
				continue
			}
			e[0] += c
			if b.Index > above[1] {
				e[1] += c
			}
			if b.Index > above[2] {
				e[2] += c
			}
		}
		if n == 0 {
			continue
		}
		for k := range out {
			out[k] = append(out[k], tally{cells[i].Start, e[k], n})
		}
	}
	return out
}

// latencyView shows the effect on a latency as seconds instead of exceedances. The three questions of a stream share it,
// so that the histograms of a stretch of time are added up once.
type latencyView struct {
	before          *spread
	after, new, old []correlate.Cell

	known [2]sides // against the time before, and against the old version
}

// sides are the histograms of both sides in a stretch of time, as far as they were added up.
type sides struct {
	in               span
	treated, control *spread
}

// sides are the histograms of both sides in one stretch of time.
func (v *latencyView) sides(concurrently bool, in span) (treated, control *spread) {
	s := &v.known[0]
	if concurrently {
		s = &v.known[1]
	}
	if s.treated == nil || s.in.from != in.from || s.in.to > in.to {
		*s = sides{span{in.from, in.from}, new(spread), v.before}
		if concurrently {
			s.control = new(spread)
		}
	}
	fresh := span{s.in.to, in.to}
	s.in.to = in.to
	if concurrently {
		s.treated.add(cellsIn(v.new, fresh))
		s.control.add(cellsIn(v.old, fresh))
	} else {
		s.treated.add(cellsIn(v.after, fresh))
	}
	return s.treated, s.control
}

// show replaces the exceedances of a finding by a quantile on both sides in seconds. Its interval comes from the ranks
// that the treated side's quantile may have.
func (v *latencyView) show(f *finding, q float64, concurrently bool, in span, phi float64) {
	treated, control := v.sides(concurrently, in)
	f.Baseline, f.Observed = control.seconds(q), treated.seconds(q)
	if f.Baseline == 0 || f.Observed == 0 {
		return
	}
	const deviations = 3.5
	reach := deviations * math.Sqrt(q*(1-q)*phi*(1/float64(treated.total)+1/float64(control.total)))
	low, high := treated.seconds(max(q-reach, 0)), treated.seconds(min(q+reach, 1))
	f.Ratio = f.Observed / f.Baseline
	f.Interval = [2]float64{low / f.Baseline, high / f.Baseline}
}

// cellsIn are the cells that begin in a span.
func cellsIn(cells []correlate.Cell, in span) []correlate.Cell {
	return correlate.CellsBetween(cells, in.from, in.to)
}
