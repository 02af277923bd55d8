package evalue

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

const latencyBins = 512

// Histogram is a latency histogram without gaps.
type Histogram struct {
	Count [latencyBins]int64
	Total int64
}

// Add counts the latencies of some cells.
func (s *Histogram) Add(cells []correlate.Cell) {
	for i := range cells {
		for _, b := range cells[i].Latency {
			if at := int(b.Index); at >= 0 && at < latencyBins {
				s.Count[at] += int64(b.Count)
				s.Total += int64(b.Count)
			}
		}
	}
}

// Bin is the bin of the value with rank q·total, -1 when there are no values.
func (s *Histogram) Bin(q float64) int16 {
	rank := int64(math.Ceil(q * float64(s.Total)))
	rank = min(max(rank, 1), s.Total)
	var seen int64
	for i := range s.Count {
		if seen += s.Count[i]; s.Total > 0 && seen >= rank {
			return int16(i)
		}
	}
	return -1
}

// Seconds is the q-quantile, interpolated within its bin.
func (s *Histogram) Seconds(q float64) float64 {
	rank := min(max(q*float64(s.Total), 1), float64(s.Total))
	var seen float64
	for i := range s.Count {
		here := float64(s.Count[i])
		if seen+here >= rank && here > 0 {
			low, high := correlate.BinFloor(int16(i)), correlate.BinFloor(int16(i)+1)
			return low * math.Pow(high/low, (rank-seen)/here) / 1e9
		}
		seen += here
	}
	return 0
}

// Exceed counts, for three bins at once in rising order, the values above each, appending to out.
func Exceed(out [3][]Tally, cells []correlate.Cell, above [3]int16) [3][]Tally {
	near := [3]*[]Tally{&out[0], &out[1], &out[2]}
	ExceedTwice(near, [3]*[]Tally{}, cells, above, 0)
	return out
}

// ExceedTwice is Exceed that appends to near, and appends to far the values above the bins that lie so many higher, where there
// is room for it.
func ExceedTwice(near, far [3]*[]Tally, cells []correlate.Cell, above [3]int16, higher int16) {
	beyond := [3]int16{above[0] + higher, above[1] + higher, above[2] + higher}
	for i := range cells {
		e, n := Slower(cells[i].Latency, above)
		if n == 0 {
			continue
		}
		for k := range near {
			*near[k] = append(*near[k], Tally{cells[i].Start, e[k], n})
		}
		if far == ([3]*[]Tally{}) {
			continue
		}
		f, _ := walk(cells[i].Latency, beyond)
		for k := range far {
			if far[k] != nil {
				*far[k] = append(*far[k], Tally{cells[i].Start, f[k], n})
			}
		}
	}
}

// Slower counts the values of a histogram above each of three bins in rising order, and all of them.
func Slower(h correlate.Histogram, above [3]int16) (events [3]int64, requests int64) {
	events, rest := walk(h, above)
	return events, events[0] + rest.Total()
}

// walk counts the values above each of three bins in rising order from the end of a histogram on, and returns what lies at or
// below the lowest.
func walk(h correlate.Histogram, above [3]int16) (events [3]int64, rest correlate.Histogram) {
	var n int64
	last := len(h) - 1
	for k := len(above) - 1; k >= 0; k-- {
		for ; last >= 0 && h[last].Index > above[k]; last-- {
			n += int64(h[last].Count)
		}
		events[k] = n
	}
	return events, h[:last+1]
}

// WeightedHistogram is a latency histogram of requests that don't count alike.
type WeightedHistogram [latencyBins]float64

// Add counts the latencies of some cells, each request with a weight.
func (w *WeightedHistogram) Add(cells []correlate.Cell, weight float64) {
	for i := range cells {
		for _, b := range cells[i].Latency {
			if at := int(b.Index); at >= 0 && at < latencyBins {
				w[at] += weight * float64(b.Count)
			}
		}
	}
}

// Quantile is the q-quantile in nanoseconds, interpolated within its bin.
func (w *WeightedHistogram) Quantile(q float64) float64 {
	rank, seen := q*Total(w[:]), 0.0
	for i, here := range w {
		if here > 0 && seen+here >= rank {
			low, high := correlate.BinFloor(int16(i)), correlate.BinFloor(int16(i)+1)
			return low * math.Pow(high/low, (rank-seen)/here)
		}
		seen += here
	}
	return 0
}

// Total adds numbers up.
func Total(of []float64) (sum float64) {
	for _, n := range of {
		sum += n
	}
	return sum
}
