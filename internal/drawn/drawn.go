// Package drawn answers: what cells would a service under a known load send? It is for tests.
package drawn

import (
	"math"
	"math/rand/v2"

	"github.com/shipwake/shipwake/correlate"
)

// Service makes the cells of a service under a known load. The zero value of a knob means "not at all".
type Service struct {
	Rng        *rand.Rand
	Resolution int64 // seconds
	RPS        float64
	Errors     float64 // error ratio
	median     float64 // seconds; latencies are log-normal with sigma 0.5
	Burst      float64 // errors come in gamma-distributed bursts: variance over mean is 1 + burst
	Shared     func(at int64) float64
}

// New is a service of 20 requests a second, 0.5 % of which fail, in cells of 10 seconds.
func New(seed uint64) Service {
	return Service{Rng: rand.New(rand.NewPCG(seed, 1)), Resolution: 10, RPS: 20, Errors: 0.005, median: 0.05}
}

// Cells are the cells in [from, to) of a part of the traffic, with errors and latencies multiplied.
func (s *Service) Cells(from, to int64, part, errors, slower float64) []correlate.Cell {
	out := make([]correlate.Cell, 0, (to-from)/s.Resolution)
	for at := from; at < to; at += s.Resolution {
		load := s.RPS * float64(s.Resolution) * part
		trouble := 1.0
		if s.Shared != nil {
			trouble = s.Shared(at)
		}
		n := s.Poisson(load * trouble)
		ratio := min(s.Errors*errors*trouble, 1)
		expected := float64(n) * ratio
		if s.Burst > 0 && expected > 0 {
			expected = s.Gamma(expected/s.Burst) * s.Burst
		}
		c := correlate.Cell{Start: at, Requests: n, Errors: min(s.Poisson(expected), n)}
		for range n {
			ns := s.median * slower * math.Exp(0.5*s.Rng.NormFloat64()) * 1e9
			c.Latency.Add(correlate.BinIndex(int64(ns)), 1)
		}
		out = append(out, c)
	}
	return out
}

// Poisson draws a count.
func (s *Service) Poisson(mean float64) int64 {
	if mean > 50 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*s.Rng.NormFloat64())))
	}
	var n int64
	for p := s.Rng.Float64(); p > math.Exp(-mean); p *= s.Rng.Float64() {
		n++
	}
	return n
}

// Gamma draws from a gamma distribution of scale 1 (Marsaglia and Tsang).
func (s *Service) Gamma(shape float64) float64 {
	if shape < 1 {
		return s.Gamma(shape+1) * math.Pow(s.Rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := s.Rng.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(s.Rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// start is when every simulated change begins; an hour of baseline lies before it.
const Start = int64(1_700_000_000 - 1_700_000_000%300)
