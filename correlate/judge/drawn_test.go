package judge

import (
	"math"
	"math/rand/v2"

	"github.com/shipwake/shipwake/correlate"
)

// service makes the cells of a service under a known load. The zero value of a knob means "not at all".
type service struct {
	rng        *rand.Rand
	resolution int64 // seconds
	rps        float64
	errors     float64 // error ratio
	median     float64 // seconds; latencies are log-normal with sigma 0.5
	burst      float64 // errors come in gamma-distributed bursts: variance over mean is 1 + burst
	shared     func(at int64) float64
}

// newService is a service of 20 requests a second, 0.5 % of which fail, in cells of 10 seconds.
func newService(seed uint64) service {
	return service{rng: rand.New(rand.NewPCG(seed, 1)), resolution: 10, rps: 20, errors: 0.005, median: 0.05}
}

// cells are the cells in [from, to) of a part of the traffic, with errors and latencies multiplied.
func (s *service) cells(from, to int64, part, errors, slower float64) []correlate.Cell {
	out := make([]correlate.Cell, 0, (to-from)/s.resolution)
	for at := from; at < to; at += s.resolution {
		load := s.rps * float64(s.resolution) * part
		trouble := 1.0
		if s.shared != nil {
			trouble = s.shared(at)
		}
		n := s.poisson(load * trouble)
		ratio := min(s.errors*errors*trouble, 1)
		expected := float64(n) * ratio
		if s.burst > 0 && expected > 0 {
			expected = s.gamma(expected/s.burst) * s.burst
		}
		c := correlate.Cell{Start: at, Requests: n, Errors: min(s.poisson(expected), n)}
		for range n {
			ns := s.median * slower * math.Exp(0.5*s.rng.NormFloat64()) * 1e9
			c.Latency.Add(correlate.BinIndex(int64(ns)), 1)
		}
		out = append(out, c)
	}
	return out
}

func (s *service) poisson(mean float64) int64 {
	if mean > 50 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*s.rng.NormFloat64())))
	}
	var n int64
	for p := s.rng.Float64(); p > math.Exp(-mean); p *= s.rng.Float64() {
		n++
	}
	return n
}

// gamma draws from a gamma distribution of scale 1 (Marsaglia and Tsang).
func (s *service) gamma(shape float64) float64 {
	if shape < 1 {
		return s.gamma(shape+1) * math.Pow(s.rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for {
		x := s.rng.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(s.rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// start is when every simulated change begins; an hour of baseline lies before it.
const start = int64(1_700_000_000 - 1_700_000_000%300)
