package accuracy

import "math"

// warming is what every rollout of a service does for minutes: caches fill, code is compiled. The zero value does nothing.
type warming struct {
	cold, errors float64 // how much slower, and how many more errors, at first: 1 is twice as slow
	lasts        float64 // seconds until hardly anything of it is left
}

// newWarming is two to five times the latency, the errors or both for two to eight minutes.
func newWarming(r random) warming {
	w := warming{lasts: r.between(120, 480)}
	which := r.IntN(3)
	if which != 0 {
		w.cold = r.between(1, 4)
	}
	if which != 1 {
		w.errors = r.between(1, 4)
	}
	return w
}

// slow lets a rollout warm up as usual: no two times are quite alike.
func (w warming) slow(r random, o *rollout) {
	alike := r.about(0.2)
	o.warming = warming{w.cold * alike, w.errors * alike, w.lasts * r.about(0.15)}
}

// left is the part of the first coldness that an instance has after some seconds.
func (w warming) left(seconds int64) float64 { return math.Exp(-2.5 * float64(seconds) / w.lasts) }
