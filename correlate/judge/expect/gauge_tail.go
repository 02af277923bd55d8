package expect

import (
	"math"
	"slices"
)

// tail is what the largest values of a statistic without a change say of still larger ones. Inside them the p-value of a
// value is its rank. Beyond the k-th largest, u, it is that of a Pareto tail of an unknown index: by Rényi's representation
// the logarithms of the k largest over u are exponential, so that a further one exceeds their sum S by the factor r with
// a chance of (1+r)^−k, whatever the index (Hill, A Simple General Approach to Inference About the Tail of a
// Distribution, Annals of Statistics 1975). Few placebos make it heavy, and one makes it a rank.
type tail struct {
	sorted []float64
	k      int     // 0: ranks alone
	u, sum float64 // the threshold, and S
}

const (
	// tailShare is the share of the placebos that are the tail, and tailMost how many are at most: more are no tail.
	tailShare, tailMost = 4, 20
	// steepest is the index beyond which no tail is believed: values on a grid are often equal.
	steepest = 8
)

// newTail takes sorted values.
func newTail(sorted []float64) tail {
	n := len(sorted)
	t := tail{sorted: sorted}
	k := min(n/tailShare, tailMost)
	if k < 2 || sorted[n-1-k] <= 0 {
		return t
	}
	u := sorted[n-1-k]
	for _, v := range sorted[n-k:] {
		t.sum += math.Log(v / u)
	}
	if t.sum > 0 {
		t.k, t.u, t.sum = k, u, max(t.sum, float64(k)/steepest)
	}
	return t
}

// p is the chance that a further value is as large.
func (t *tail) p(x float64) float64 {
	n := len(t.sorted)
	if t.k > 0 && x > t.u {
		return float64(t.k+1) / float64(n+1) * math.Pow(1+math.Log(x/t.u)/t.sum, -float64(t.k))
	}
	at, _ := slices.BinarySearch(t.sorted, x)
	return float64(n-at+1) / float64(n+1)
}

// reach is the value beyond which p is at most so large, +Inf when there is none.
func (t *tail) reach(p float64) float64 {
	n := len(t.sorted)
	if k := float64(t.k + 1); t.k > 0 && p*float64(n+1) < k {
		return t.u * math.Exp(t.sum*(math.Pow(k/(p*float64(n+1)), 1/float64(t.k))-1))
	}
	larger := int(math.Floor(p*float64(n+1) - 1 + 1e-9))
	switch {
	case larger < 0:
		return math.Inf(1)
	case larger >= n:
		return math.Inf(-1)
	}
	return math.Nextafter(t.sorted[n-1-larger], math.Inf(1))
}

// Parts of the evidence: some of it rewards a p-value that is smaller yet, as κ·p^(κ−1), and the rest a p-value that is
// small enough.
const (
	beyondEnough = 0.05
	kappa        = 0.2
)

// evidence is the e-value of a p-value that is to be at most enough to convict: both parts, and so their mean, have an
// expectation of at most 1 (Vovk & Wang, E-values: calibration, combination and applications, Annals of Statistics 2021).
func evidence(p, enough float64) float64 {
	e := beyondEnough * kappa * math.Pow(p, kappa-1)
	if p <= enough {
		e += (1 - beyondEnough) / enough
	}
	return e
}
