package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
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

// weighted is a latency histogram of requests that don't count alike.
type weighted [latencyBins]float64

func (w *weighted) add(cells []correlate.Cell, weight float64) {
	for i := range cells {
		for _, b := range cells[i].Latency {
			if at := int(b.Index); at >= 0 && at < latencyBins {
				w[at] += weight * float64(b.Count)
			}
		}
	}
}

// quantile is the q-quantile in nanoseconds, interpolated within its bin.
func (w *weighted) quantile(q float64) float64 {
	rank, seen := q*total(w[:]), 0.0
	for i, here := range w {
		if here > 0 && seen+here >= rank {
			low, high := correlate.BinFloor(int16(i)), correlate.BinFloor(int16(i)+1)
			return low * math.Pow(high/low, (rank-seen)/here)
		}
		seen += here
	}
	return 0
}

func total(of []float64) (sum float64) {
	for _, n := range of {
		sum += n
	}
	return sum
}
