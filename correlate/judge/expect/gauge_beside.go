package expect

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Two versions at the same time share whatever happens to both, so that no season and no level is needed to compare
// their values. What is counted is in how many blocks of time the new one is worse by more than matters: without an
// effect in at most half of them, whatever the distribution of the values. It is a test of signs as a bet on each (Waudby-Smith
// & Ramdas, Estimating means of bounded random variables by betting, JRSS B 2024), valid at all looks together.

// Beside is what a new version's values are compared by with those of other versions at the same time.
type Beside struct {
	New, Old Level // since the change
	Before   Level // of everything, before it
	Bad      correlate.Direction
	// Tolerance is by which share of the old version's level the new one may be off without harm.
	Tolerance   float64
	Start, Now  int64 // of the change, and of the look
	Least, Most int64 // width of a block in seconds: it grows until neighbours hardly resemble each other
}

// Contrast is what such a comparison shows.
type Contrast struct {
	Excess
	Low, High float64 // between which the difference of the medians lies, 99 times of 100
}

// block is the difference of the versions in a stretch of time.
type block struct {
	from     int64
	new, old float64
}

// Compare compares the versions. Windows of the result are the blocks in which both were seen, 0 when there are none.
func (b *Beside) Compare() Contrast {
	width, spread, level := b.unrest()
	blocks := b.blocks(width)
	c := Contrast{}
	if c.Windows = len(blocks); c.Windows == 0 {
		return c
	}
	if math.IsNaN(level) {
		level = median(sides(blocks, func(x block) float64 { return x.old }))
	}
	const half, part = 0.5, 0.005
	matters := max(b.Tolerance*math.Abs(level), part*math.Abs(level), 1.0/correlate.Fixed)
	if !math.IsNaN(spread) {
		matters = max(matters, half*spread)
	}
	up := func(x block) bool { return x.new-x.old > matters }
	down := func(x block) bool { return x.old-x.new > matters }
	switch b.Bad {
	case correlate.BadUp:
		c.take(blocks, width, up, 1)
	case correlate.BadDown:
		c.take(blocks, width, down, 1)
	default:
		other := c
		c.take(blocks, width, up, half)
		if other.take(blocks, width, down, half); other.LogE > c.LogE {
			c, other = other, c
		}
		c.LogE = math.Log(math.Exp(c.LogE) + math.Exp(other.LogE))
	}
	c.describe(blocks)
	return c
}

// unrest is how wide blocks have to be to be about independent, how far their values spread before the change, and about
// which level. NaN is what isn't known; then blocks are as wide as they may be.
func (b *Beside) unrest() (width int64, spread, level float64) {
	const few, alike = 8, 0.25
	for width = b.Least; ; width = min(2*width, b.Most) {
		var values []float64
		for from := b.Start - width; from >= b.Before.First(); from -= width {
			values = append(values, b.Before.Over(from, from+width))
		}
		if len(known(values)) < few {
			return b.Most, math.NaN(), math.NaN()
		}
		if resemblance(values) <= alike || width >= b.Most {
			level = median(values)
			for i := range values {
				values[i] = math.Abs(values[i] - level)
			}
			const normal = 1.4826
			return width, normal * median(values), level
		}
	}
}

// resemblance is the correlation of neighbours, by what they differ less than all do (von Neumann, Distribution of the
// Ratio of the Mean Square Successive Difference to the Variance, 1941).
func resemblance(values []float64) float64 {
	m := mean(values)
	var steps, all, pairs, n float64
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		all, n = all+(v-m)*(v-m), n+1
		if i > 0 && !math.IsNaN(values[i-1]) {
			steps, pairs = steps+(v-values[i-1])*(v-values[i-1]), pairs+1
		}
	}
	if all == 0 || pairs == 0 {
		return 0
	}
	return 1 - steps/pairs/(2*all/n)
}

// blocks are those since the change in which both versions were seen.
func (b *Beside) blocks(width int64) (out []block) {
	for from := b.Start; from+width <= b.Now; from += width {
		x := block{from, b.New.Over(from, from+width), b.Old.Over(from, from+width)}
		if !math.IsNaN(x.new) && !math.IsNaN(x.old) {
			out = append(out, x)
		}
	}
	return out
}

// bets are the chances of being worse that the new version is suspected of.
var bets = [...]float64{0.6, 0.7, 0.8, 0.9, 0.97}

// take counts the blocks that are worse, with a share of the evidence.
func (c *Contrast) take(blocks []block, width int64, worse func(block) bool, share float64) {
	var best, run float64
	var from int64
	c.Beyond, c.Onset, c.End = 0, 0, 0
	for _, x := range blocks {
		if run <= 0 {
			run, from = 0, x.from
		}
		if !worse(x) {
			run--
			continue
		}
		c.Beyond++
		c.End = x.from + width
		if run++; run > best {
			best, c.Onset = run, from
		}
	}
	c.Points = c.Beyond
	c.LogE = math.Log(share) + bet(c.Beyond, len(blocks))
}

// bet is ln of the capital that bets of 1 on each of n blocks, of which some are worse, have made on average.
func bet(worse, n int) float64 {
	top := math.Inf(-1)
	var capital [len(bets)]float64
	for i, p := range bets {
		capital[i] = float64(worse)*math.Log(2*p) + float64(n-worse)*math.Log(2*(1-p))
		top = max(top, capital[i])
	}
	sum := 0.0
	for _, v := range capital {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum/float64(len(bets)))
}

// describe says by how much the versions differ while they do: medians, and where the difference of the medians lies by
// the ranks of the differences.
func (c *Contrast) describe(blocks []block) {
	if c.Onset < c.End {
		blocks = slices.DeleteFunc(slices.Clone(blocks), func(x block) bool { return x.from < c.Onset || x.from >= c.End })
	}
	c.Expected = median(sides(blocks, func(x block) float64 { return x.old }))
	differences := sides(blocks, func(x block) float64 { return x.new - x.old })
	c.Observed = c.Expected + median(differences)
	slices.Sort(differences)
	const deviations = 1.29 // half of 2.58 standard deviations of a count of signs
	n := len(differences)
	at := max(0, int(float64(n)/2-deviations*math.Sqrt(float64(n))))
	c.Low, c.High = differences[at], differences[n-1-at]
}

func sides(blocks []block, of func(block) float64) []float64 {
	out := make([]float64, len(blocks))
	for i, x := range blocks {
		out[i] = of(x)
	}
	return out
}
