package evalue

import "math"

// The interval is read on a grid of ln θ, fine enough to interpolate, whose step divides the alternatives.
const (
	gridStep = 0.05
	gridHalf = 128 // the interval lies within exp(±6.4)
	gridEdge = 52  // the farthest alternative, in steps
)

// farthest is the last ratio of the grid.
var farthest = math.Exp(gridHalf * gridStep)

// offsets are the alternatives 1.1, 1.2, 1.5, 2, 3, 5, 8, 13 in steps of the grid. The small ones let the interval become
// narrower than the floor when there is much data, which is what proves a change harmless.
var offsets = [...]int{2, 4, 8, 14, 22, 32, 42, gridEdge}

// profile is a likelihood on the grid, each point computed when first asked for.
type profile struct {
	l     *Likelihood
	known [2*(gridHalf+gridEdge) + 1]bool
	value [2*(gridHalf+gridEdge) + 1]float64
}

func (p *profile) at(step int) float64 {
	i := step + gridHalf + gridEdge
	if !p.known[i] {
		p.known[i], p.value[i] = true, p.l.at(math.Exp(float64(step)*gridStep))
	}
	return p.value[i]
}

// against is ln E against a ratio on the grid, two-sided. Of the alternatives only those on the likely side are looked
// up: the others are worse than the ratio itself and would only add to E.
func (p *profile) against(step, likely int) float64 {
	var parts [len(offsets)]float64
	null := p.at(step)
	for i, o := range offsets {
		parts[i] = p.at(step+likely*o) - null
	}
	return LogSumExp(parts[:]) - math.Log(2*float64(len(parts)))
}

// Interval is the confidence sequence of the ratio: every θ that the data have not refuted, E_θ < 1/α. Its ends are at
// most exp(±6.4).
func Interval(l *Likelihood, alpha float64) (lo, hi float64) {
	p := profile{l: l}
	bar := -math.Log(alpha)
	best := p.best()
	return p.cross(best, -1, bar), p.cross(best, 1, bar)
}

// Upper is the end of a one-sided confidence sequence: every higher θ is refuted. It is +Inf where none on the grid is:
// what is not bounded must not look like a bound.
func Upper(l *Likelihood, alpha float64) float64 {
	p := profile{l: l}
	bar := -math.Log(2 * alpha)
	if end := p.cross(p.best(), 1, bar); end < farthest {
		return end
	}
	return math.Inf(1)
}

// best is the point of the grid next to the most likely ratio.
func (p *profile) best() int { return nearest(p.l.likely()) }

// Near is the ratio that intervals are looked for around: no lower end lies above it, and no upper one below.
func (l *Likelihood) Near() float64 { return math.Exp(float64(nearest(l.likely())) * gridStep) }

func nearest(ratio float64) int {
	return min(max(int(math.Round(math.Log(ratio)/gridStep)), -gridHalf), gridHalf)
}

// Lower is the lower end of the interval of a single pair, as a ratio of events; 0 where it is less than so much. It takes
// far less than the interval does.
func Lower(of Pair, h Hypothesis, alpha, least float64) float64 {
	const slack = 1e-9
	below := func(step int) bool {
		ratio := math.Exp(float64(step) * gridStep)
		return h.Bounds(ratio, ratio)[0] < least*(1-slack)
	}
	l := Likelihood{}
	if turned := h.Turn(of); turned.NT > 0 && turned.NC > 0 {
		l.total = turned
	}
	best := nearest(l.likely())
	if below(best) {
		return 0
	}
	l = NewLikelihood([]Pair{of}, h)
	p, last := profile{l: &l}, best
	for last > -gridHalf && !below(last) {
		last--
	}
	lo := p.crossTo(last, best, -1, -math.Log(alpha))
	return h.Bounds(lo, lo)[0]
}

// cross walks from the most likely ratio outwards until ln E reaches the bar, and interpolates.
func (p *profile) cross(from, direction int, bar float64) float64 {
	return p.crossTo(direction*gridHalf, from, direction, bar)
}

// crossTo is cross up to a step.
func (p *profile) crossTo(last, from, direction int, bar float64) float64 {
	inside := p.against(from, -direction)
	for s := from; ; {
		next := s + direction
		if s == last {
			return math.Exp(float64(s) * gridStep)
		}
		outside := p.against(next, -direction)
		if outside >= bar {
			part := min(max((bar-inside)/(outside-inside), 0), 1)
			return math.Exp((float64(s) + float64(direction)*part) * gridStep)
		}
		s, inside = next, outside
	}
}
