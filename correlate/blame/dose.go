package blame

import (
	"math"
	"strings"
)

// Course is how the events that a fault is about went in time, since well before its onset. The zero value is a fault
// that isn't counted in events.
type Course struct {
	Windows    []Window
	Width      int64 // of each window, seconds
	Dispersion float64
}

// Window is one stretch of a course: so many events among so many exposures.
type Window struct {
	At               int64 // Unix seconds
	Events, Exposure float64
}

// advances says that the rollout of a candidate went on after the onset.
func (p *Params) advances(at *Course, c *Candidate, onset int64) bool {
	return len(c.Dose) == len(at.Windows) && spread(at.since(c.Dose, onset)) >= p.DoseVaries
}

// response is how well something explains a course: ln of its likelihood, up to a constant of the course, and φ of what
// it leaves unexplained.
type response struct{ likelihood, rest float64 }

// doses is the dose-response of each candidate: ln of how much more likely the course of the fault is when its additional
// events grow with the share of requests that the candidate's new version serves than when they began at
// once and stayed. It is 0 when that share didn't vary since the onset: a canary that is held explains a step as well as
// anything.
//
// All are fitted to the course, and the likelihoods are divided by φ of what the best of them leaves unexplained. The
// best is bounded, and the others fall behind it by as much as they explain less.
func (p *Params) doses(f Fault, candidates []Candidate) []float64 {
	terms := make([]float64, len(candidates))
	at := &f.Course
	if at.events(f.Onset) < p.DoseEvents {
		return terms
	}
	var varied []int
	var grown []response
	for i := range candidates {
		if c := &candidates[i]; p.advances(at, c, f.Onset) {
			varied, grown = append(varied, i), append(grown, f.grown(c.Dose))
		}
	}
	if len(varied) == 0 {
		return terms
	}
	sudden := f.sudden()
	best := sudden
	for _, r := range grown {
		if r.likelihood > best.likelihood {
			best = r
		}
	}
	phi := max(1, at.Dispersion, best.rest)
	beyond := max(0, (best.likelihood-sudden.likelihood)/phi-p.DoseMax)
	for i, r := range grown {
		gain := (r.likelihood-sudden.likelihood)/phi - beyond
		terms[varied[i]] = min(max(gain, p.DoseMin), p.DoseMax)
	}
	return terms
}

// grown is the growth with a dose that explains the course best. Few of the requests fail that meet a version which fails, so
// errors grow as its share does. But all are slow that meet one which is slow: of requests that ask n times, a share of
// 1−(1−dose)ⁿ.
func (f *Fault) grown(dose []float64) response {
	best := f.Course.fit(dose)
	if !strings.Contains(f.Signal, "latency") {
		return best
	}
	var room [128]float64
	for _, n := range [...]float64{2, 4} {
		met := room[:0]
		for _, d := range dose {
			met = append(met, 1-math.Pow(1-d, n))
		}
		if r := f.Course.fit(met); r.likelihood > best.likelihood {
			best = r
		}
	}
	return best
}

// sudden is the step that explains the course best: at the onset, or at the beginning of any window. So a rollout in one
// go is never more than that, whenever it was, and gains nothing from how well the onset is known.
func (f *Fault) sudden() response {
	var room [128]float64
	c := &f.Course
	at, most := f.Onset, math.Inf(-1)
	total := c.sum(0)
	left := total
	for i, w := range c.Windows {
		if before := (Window{Events: total.Events - left.Events, Exposure: total.Exposure - left.Exposure}); i > 0 && left.ratio() > before.ratio() {
			if l := before.likelihood() + left.likelihood(); l > most {
				at, most = w.At, l
			}
		}
		left.Events, left.Exposure = left.Events-w.Events, left.Exposure-w.Exposure
	}
	best, onset := c.fit(c.step(at, room[:0])), c.fit(c.step(f.Onset, room[:0]))
	if onset.likelihood > best.likelihood {
		return onset
	}
	return best
}

// sum is the windows from one on, together.
func (c *Course) sum(from int) (all Window) {
	for _, w := range c.Windows[from:] {
		all.Events, all.Exposure = all.Events+w.Events, all.Exposure+w.Exposure
	}
	return all
}

func (w Window) ratio() float64 { return w.Events / math.Max(w.Exposure, 1) }

// likelihood is ln of it at the most likely rate, up to a constant of the course.
func (w Window) likelihood() float64 {
	if w.Events <= 0 {
		return 0
	}
	return w.Events * math.Log(w.ratio())
}

// since are those of the values, one for each window, of the windows that end after an instant.
func (c *Course) since(values []float64, onset int64) []float64 {
	for i := range c.Windows {
		if c.Windows[i].At+c.Width > onset {
			return values[i:]
		}
	}
	return nil
}

func (c *Course) events(onset int64) (n float64) {
	for i := range c.Windows {
		if c.Windows[i].At >= onset {
			n += c.Windows[i].Events
		}
	}
	return n
}

// step is the dose of something that is there from an instant on: the part of each window that lies after it.
func (c *Course) step(onset int64, out []float64) []float64 {
	for i := range c.Windows {
		after := float64(c.Windows[i].At+c.Width-onset) / float64(c.Width)
		out = append(out, min(max(after, 0), 1))
	}
	return out
}

// spread is the largest of some values less the smallest.
func spread(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	low, high := values[0], values[0]
	for _, v := range values[1:] {
		low, high = min(low, v), max(high, v)
	}
	return high - low
}

// fit finds how strong a response to a dose explains the course best.
//
// Of events with the rates n(a + b·dose), given how many there are in all, each falls in a window with a chance in
// proportion to n(1 + (dose−1)·u), where u = b/(a+b) is the response. The likelihood of u has one maximum.
func (c *Course) fit(dose []float64) (r response) {
	const steps, strongest = 14, 0.9999
	low, high := 0.0, strongest
	for range steps {
		if u := (low + high) / 2; c.slope(dose, u) > 0 {
			low = u
		} else {
			high = u
		}
	}
	u := (low + high) / 2
	events, weight := 0.0, 0.0
	for i, w := range c.Windows {
		events += w.Events
		weight += w.Exposure * (1 + (dose[i]-1)*u)
	}
	for i, w := range c.Windows {
		rate := 1 + (dose[i]-1)*u
		if w.Events > 0 {
			r.likelihood += w.Events * math.Log(rate/weight)
		}
	}
	for _, together := range [...]int{1, 5} {
		r.rest = max(r.rest, c.unexplained(dose, u, events/weight, together))
	}
	return r
}

// unexplained is χ²/df of the windows, so many of them together, against a response: what drifts for minutes shows only
// in wider ones.
func (c *Course) unexplained(dose []float64, u, scale float64, together int) float64 {
	chi2, windows := 0.0, 0
	for from := 0; from < len(c.Windows); from += together {
		var seen, expected float64
		for i := from; i < min(from+together, len(c.Windows)); i++ {
			w := &c.Windows[i]
			seen += w.Events
			expected += scale * w.Exposure * (1 + (dose[i]-1)*u)
		}
		if expected > 0 {
			chi2 += (seen - expected) * (seen - expected) / expected
			windows++
		}
	}
	return chi2 / float64(max(1, windows-2))
}

// slope is the derivative of the log-likelihood by the response.
func (c *Course) slope(dose []float64, u float64) float64 {
	var gain, events, weight, grows float64
	for i := range c.Windows {
		w, d := &c.Windows[i], dose[i]-1
		rate := 1 + d*u
		gain += w.Events * d / rate
		events += w.Events
		weight += w.Exposure * rate
		grows += w.Exposure * d
	}
	return gain - events*grows/weight
}
