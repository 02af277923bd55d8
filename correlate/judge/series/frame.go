package series

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

const (
	// leastLead and mostLead are how much of the time before a change is drawn, in seconds: as much as since, within these.
	leastLead, mostLead = 900, 3600
	// mostPoints is how many points a series has at most.
	mostPoints = 144
)

// steps are the widths of points in seconds that people read easily.
var steps = []int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 12 * 3600, 24 * 3600}

// frame is the points of a series: so many from an instant on, each as wide as the step.
type frame struct {
	From, Step int64
	Points     int
}

// frameOf is that of everything up to Now. Its points are no narrower than cells come.
func frameOf(c *judge.Case) frame {
	from := c.Start - min(max(c.Now-c.Start, leastLead), mostLead)
	if first := first(c); first > from && first < c.Start {
		from = first
	}
	least := max(c.Resolution, cadence(c))
	f := frame{Step: steps[len(steps)-1]}
	for _, step := range steps {
		if step >= least && step%c.Resolution == 0 && (c.Now-from)/step < mostPoints-1 {
			f.Step = step
			break
		}
	}
	f.From = from - evalue.Mod(from, f.Step)
	f.Points = int(min((c.Now-f.From+f.Step-1)/f.Step, mostPoints))
	return f
}

// first is when the cells of the case begin that are compared.
func first(c *judge.Case) int64 {
	first := int64(math.MaxInt64)
	for i := range c.Streams {
		if cells := c.Streams[i].Whole; len(cells) > 0 {
			first = min(first, cells[0].Start)
		}
	}
	return first
}

// cadence is how far the cells of the most regular stream lie apart, half of them.
func cadence(c *judge.Case) (apart int64) {
	for i := range c.Streams {
		cells := correlate.CellsBetween(c.Streams[i].Whole, c.Start-mostLead, c.Now)
		if len(cells) < 2 {
			continue
		}
		between := make([]int64, len(cells)-1)
		for n := range between {
			between[n] = cells[n+1].Start - cells[n].Start
		}
		slices.Sort(between)
		if median := between[len(between)/2]; apart == 0 || median < apart {
			apart = median
		}
	}
	return apart
}

// at is when a point begins.
func (f frame) at(point int) int64 { return f.From + int64(point)*f.Step }
