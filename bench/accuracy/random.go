package accuracy

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// random draws from the distributions of production: counts that come in bursts, times with a long tail.
type random struct{ *rand.Rand }

// seeded is the same sequence for the same name and seed. A new name doesn't change the sequences of others.
func seeded(name string, seed uint64) random {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return random{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

func (r random) chance(p float64) bool { return r.Float64() < p }

func (r random) between(low, high float64) float64 { return low + (high-low)*r.Float64() }

// spread is log-uniform: as likely between 1 and 2 as between 10 and 20.
func (r random) spread(low, high float64) float64 {
	return math.Exp(r.between(math.Log(low), math.Log(high)))
}

// about is log-normal around 1.
func (r random) about(sd float64) float64 { return math.Exp(sd * r.NormFloat64()) }

func (r random) seconds(low, high int64) int64 { return low + r.Int64N(high-low+1) }

func choose[T any](r random, from ...T) T { return from[r.IntN(len(from))] }

// poisson draws a count; large means are approximated by the normal distribution.
func (r random) poisson(mean float64) int64 {
	switch {
	case mean <= 0:
		return 0
	case mean > 60:
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())))
	}
	n, least := int64(0), math.Exp(-mean)
	for p := r.Float64(); p > least; p *= r.Float64() {
		n++
	}
	return n
}

// binomial draws how many of n happen; it is exact while few do.
func (r random) binomial(n int64, p float64) int64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - r.binomial(n, 1-p)
	}
	mean := float64(n) * p
	if mean > 40 {
		return min(n, max(0, int64(math.Round(mean+math.Sqrt(mean*(1-p))*r.NormFloat64()))))
	}
	// Inversion: walk up the probabilities of 0, 1, 2 …
	odds, here, u := p/(1-p), math.Exp(float64(n)*math.Log1p(-p)), r.Float64()
	for k := int64(0); k < n; k++ {
		if u < here {
			return k
		}
		u -= here
		here *= odds * float64(n-k) / float64(k+1)
	}
	return n
}

// gamma draws with scale 1 (Marsaglia and Tsang).
func (r random) gamma(shape float64) float64 {
	if shape < 1 {
		return r.gamma(shape+1) * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := r.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// burst is a factor of mean 1 with which counts of the given mean get a variance of phi times their mean.
func (r random) burst(mean, phi float64) float64 {
	if phi <= 1 || mean <= 0 {
		return 1
	}
	shape := mean / (phi - 1)
	return r.gamma(shape) / shape
}

// wander is a value that strays around 0 and forgets where it was within minutes.
type wander struct{ sd, keep, at float64 }

// newWander forgets within about so many seconds.
func newWander(r random, sd float64, memory int64) wander {
	return wander{sd, math.Exp(-float64(bucket) / float64(memory)), sd * r.NormFloat64()}
}

// step goes one bucket on.
func (w *wander) step(r random) float64 {
	if w.sd > 0 {
		w.at = w.keep*w.at + math.Sqrt(1-w.keep*w.keep)*w.sd*r.NormFloat64()
	}
	return w.at
}
