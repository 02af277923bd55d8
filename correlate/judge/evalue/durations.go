package evalue

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// Durations is how long the requests of one side took: where they lie, and what they took together. The zero value holds
// none.
type Durations struct {
	Histogram
	// summed: some senders told what their requests took together. They are histograms of metrics, each of whose buckets is
	// counted in the bin of its geometric middle, however wide it is; other cells count in their true bins.
	summed bool
	means  [len(blocks)]blockSums
}

// blocks are the lengths of the stretches, in cells with requests, between which a mean is seen to vary.
var blocks = [...]int{1, 6, 30}

// Add counts the requests of some cells, which follow those that were added before.
func (d *Durations) Add(cells []correlate.Cell) {
	d.Histogram.Add(cells)
	for i := range cells {
		seconds, n := took(&cells[i])
		if n == 0 {
			continue
		}
		d.summed = d.summed || cells[i].N > 0
		for k := range d.means {
			d.means[k].add(blocks[k], seconds, n)
		}
	}
}

// Coarse says that its values may lie in buckets that are wider than bins.
func (d *Durations) Coarse() bool { return d.summed }

// Merge adds durations that took place at the same time, or earlier.
func (d *Durations) Merge(o *Durations) {
	for i := range o.Count {
		d.Count[i] += o.Count[i]
	}
	d.Total += o.Total
	d.summed = d.summed || o.summed
	for k := range d.means {
		d.means[k].merge(&o.means[k])
	}
}

// Mean is in seconds, with its relative standard error by how the means of cells scatter, and how many cells that rests on.
// Where stretches of 6 or of 30 cells scatter more than single cells let expect, requests are slow in company, and the error
// is as much larger; shrunk as φ is, because there are few such stretches. The mean is 0 when nothing is known, the error
// +Inf of a single cell.
func (d *Durations) Mean() (mean, relative float64, cells int) {
	const weight = 10 // stretches, see Params.DispersionWeight
	mean, single := d.means[0].mean()
	inflation := 1.0
	for k := 1; k < len(d.means) && single > 0; k++ {
		if _, wide := d.means[k].mean(); !math.IsInf(wide, 1) {
			n := float64(d.means[k].blocks)
			inflation = max(inflation, (n*(wide/single)*(wide/single)+weight)/(n+weight))
		}
	}
	return mean, single * math.Sqrt(inflation), d.means[0].blocks
}

// blockSums are the sums over blocks of cells from which a mean and its standard error follow: that of a ratio of sums, by
// its residuals (Cochran, Sampling Techniques, 6.4).
type blockSums struct {
	open       int // cells in the block that isn't full
	s, n       float64
	blocks     int
	sum, num   float64
	ss, sn, nn float64
}

func (b *blockSums) add(length int, seconds, n float64) {
	b.s, b.n = b.s+seconds, b.n+n
	if b.open++; b.open == length {
		b.close()
	}
}

func (b *blockSums) close() {
	b.sum, b.num, b.blocks = b.sum+b.s, b.num+b.n, b.blocks+1
	b.ss, b.sn, b.nn = b.ss+b.s*b.s, b.sn+b.s*b.n, b.nn+b.n*b.n
	b.open, b.s, b.n = 0, 0, 0
}

func (b *blockSums) merge(o *blockSums) {
	b.sum, b.num, b.blocks = b.sum+o.sum, b.num+o.num, b.blocks+o.blocks
	b.ss, b.sn, b.nn = b.ss+o.ss, b.sn+o.sn, b.nn+o.nn
	if o.open > 0 {
		b.s, b.n, b.open = b.s+o.s, b.n+o.n, b.open+o.open
	}
}

// mean is of all that was added, its relative error of the blocks that are full.
func (b *blockSums) mean() (mean, relative float64) {
	if b.num+b.n == 0 {
		return 0, 0
	}
	mean = (b.sum + b.s) / (b.num + b.n)
	k := float64(b.blocks)
	if b.blocks < 2 || mean == 0 {
		return mean, math.Inf(1)
	}
	r := b.sum / b.num
	residuals := max(0, b.ss-2*r*b.sn+r*r*b.nn)
	return mean, math.Sqrt(k/(k-1)*residuals) / b.sum
}

// took is what the requests of a cell took together in seconds, and how many they are: by the sums that senders told, else
// by where they were counted.
func took(c *correlate.Cell) (seconds, n float64) {
	if c.N > 0 {
		return float64(c.Sum) / correlate.Fixed, float64(c.N)
	}
	for _, b := range c.Latency {
		if at := int(b.Index); at >= 0 && at < latencyBins {
			seconds += float64(b.Count) * middles[at]
			n += float64(b.Count)
		}
	}
	return seconds, n
}

// middles are the geometric middles of the bins, in seconds.
var middles = func() (of [latencyBins]float64) {
	for i := range of {
		of[i] = correlate.BinFloor(int16(i)) * halfBin / 1e9
	}
	return of
}()

// binWidth is the quotient of the ends of a bin, halfBin that of its geometric middle and its lower end.
var binWidth, halfBin = math.Exp2(1.0 / correlate.BinsPerOctave), math.Exp2(0.5 / correlate.BinsPerOctave)

// span is where the values that are counted in one bin may lie, in nanoseconds. Where sums came with them, a bin may stand
// for a whole bucket. Its middle is the bin's, so it reaches as far up as down, and ends before the next bin with values
// in either histogram. Nothing bounds the lowest one below, and the highest one above.
func (d *Durations) span(bin int16, o *Durations) (low, high float64) {
	if !d.summed && !o.summed {
		return correlate.BinFloor(bin), correlate.BinFloor(bin + 1)
	}
	below, above := d.gap(bin, -1, o), d.gap(bin, 1, o)
	low, high = 0, math.Inf(1)
	if below < latencyBins {
		low = correlate.BinFloor(bin - min(below, above))
	}
	if above < latencyBins {
		high = correlate.BinFloor(bin + 1 + min(below, above))
	}
	return low, high
}

// Quantile is the q-quantile in seconds, interpolated within what its bin stands for beside another histogram, evenly on a
// logarithmic scale. A bucket without an end counts as wide as it is on its other side. 0 when there are no values.
func (d *Durations) Quantile(q float64, o *Durations) float64 {
	bin := d.Bin(q)
	if bin < 0 {
		return 0
	}
	here := float64(d.Count[bin])
	var before float64
	for i := range bin {
		before += float64(d.Count[i])
	}
	rank := min(max(q*float64(d.Total), 1), float64(d.Total))
	low, high := d.span(bin, o)
	middle := correlate.BinFloor(bin) * halfBin
	switch {
	case low > 0 && math.IsInf(high, 1):
		high = middle * middle / low
	case low <= 0 && !math.IsInf(high, 1):
		low = middle * middle / high
	case low <= 0:
		low, high = correlate.BinFloor(bin), correlate.BinFloor(bin+1)
	}
	return low * math.Pow(high/low, (rank-before)/here) / 1e9
}

// Coarser says that a quantile lies in a bucket that is wider than so many bins.
func (d *Durations) Coarser(q float64, bins int16) bool {
	if d.Total == 0 {
		return false
	}
	low, high := d.span(d.Bin(q), d)
	return high > low*math.Exp2(float64(bins)/correlate.BinsPerOctave)
}

// gap is how many bins next to one hold no values in either histogram, in one direction; latencyBins when all others.
func (d *Durations) gap(bin, step int16, o *Durations) (empty int16) {
	for at := bin + step; at >= 0 && at < latencyBins; at += step {
		if d.Count[at]+o.Count[at] > 0 {
			return empty
		}
		empty++
	}
	return latencyBins
}
