package accuracy

import (
	"math"
	"sort"

	"github.com/shipwake/shipwake/correlate"
)

// times is how long requests take, as multiples of their median: log-normal, with a share that waits for something
// (a cold cache, a lock, a pause of the runtime).
type times struct {
	logMedian float64 // ln of nanoseconds
	below     []float64
}

// The distribution is tabulated over ln of the multiple, finely against a bin of a histogram.
const (
	tableLow  = -5.0
	tableHigh = 7.0
	tableStep = octave / 128
	octave    = math.Ln2
	bin       = octave / 8
)

// newTimes has the given median in seconds; a share of the requests is slow times as slow.
func newTimes(median, sigma, share, slow float64) times {
	t := times{logMedian: math.Log(median * 1e9)}
	normal := func(x float64) float64 { return 0.5 * math.Erfc(-x/sigma/math.Sqrt2) }
	for x := tableLow; x <= tableHigh; x += tableStep {
		t.below = append(t.below, (1-share)*normal(x)+share*normal(x-math.Log(slow)))
	}
	return t
}

// under is the share of requests below a multiple of the median, given as its ln.
func (t *times) under(x float64) float64 {
	at := (x - tableLow) / tableStep
	i := int(at)
	switch {
	case at < 0:
		return 0
	case i+1 >= len(t.below):
		return 1
	}
	return t.below[i] + (at-float64(i))*(t.below[i+1]-t.below[i])
}

// few is how many requests are drawn one by one; more are dealt out over the bins.
const few = 40

// add draws n requests, all of which take slower times as long as usual.
func (t *times) add(h *correlate.Histogram, r random, n int64, slower float64) {
	shift := t.logMedian + math.Log(slower)
	if n <= few {
		for range n {
			x := tableLow + float64(sort.SearchFloat64s(t.below, r.Float64()))*tableStep
			h.Add(int16((shift+x)/bin), 1)
		}
		return
	}
	left, above := n, 1.0
	seen := t.under(math.Floor((shift+tableLow)/bin)*bin - shift)
	for b := math.Floor((shift + tableLow) / bin); left > 0 && above > 1e-12; b++ {
		until := t.under((b+1)*bin - shift)
		if p := until - seen; p > 1e-12 {
			k := r.binomial(left, min(1, p/above))
			h.Add(int16(b), k)
			left -= k
		}
		above, seen = 1-until, until
	}
}

// halve deals the requests of a histogram out, each with the given chance into taken.
func halve(r random, h correlate.Histogram, chance float64) (taken, rest correlate.Histogram) {
	for _, b := range h {
		k := r.binomial(int64(b.Count), chance)
		taken.Add(b.Index, k)
		rest.Add(b.Index, int64(b.Count)-k)
	}
	return taken, rest
}

// later adds the way to the server and back, in nanoseconds.
func later(h correlate.Histogram, way float64) correlate.Histogram {
	var out correlate.Histogram
	for _, b := range h {
		out.Add(correlate.BinIndex(int64(correlate.BinFloor(b.Index)*math.Exp(bin/2)+way)), int64(b.Count))
	}
	return out
}
