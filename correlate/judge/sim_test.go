package judge

import (
	"math"
	"math/rand/v2"

	"github.com/shipwake/shipwake/correlate"
)

// sim makes the cells of a service under load, for tests. The zero value of a knob means "not at all".
type sim struct {
	rng        *rand.Rand
	resolution int64
	rps        float64
	errors     float64 // error ratio
	median     float64 // seconds; latencies are log-normal with sigma 0.5
	burst      float64 // errors come in gamma-distributed bursts: variance over mean is 1 + burst
	shared     func(at int64) float64
}

func newSim(seed uint64) *sim {
	return &sim{rng: rand.New(rand.NewPCG(seed, 1)), resolution: 10, rps: 20, errors: 0.005, median: 0.05}
}

// cells are the cells in [from, to) of a part of the traffic, with errors and latencies multiplied.
func (s *sim) cells(from, to int64, part, errors, slower float64) []correlate.Cell {
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

func (s *sim) poisson(mean float64) int64 {
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
func (s *sim) gamma(shape float64) float64 {
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

// canary is a case in which the new version serves a part of the traffic for some seconds.
func (s *sim) canary(seconds int64, part, errors, slower float64) Case {
	new, old := s.cells(start, start+seconds, part, errors, slower), s.cells(start, start+seconds, 1-part, 1, 1)
	whole := append(s.cells(start-360*s.resolution, start, 1, 1, 1), added(new, old)...)
	return Case{
		Resolution: s.resolution, Coarse: 300, Now: start + seconds, Start: start, Finish: start + 60,
		Streams: []Stream{{Kind: correlate.Traffic, New: new, Old: old, Whole: whole}},
	}
}

// allAtOnce is a case in which every request is served by the new version from the start.
func (s *sim) allAtOnce(seconds int64, errors, slower float64) Case {
	whole := append(s.cells(start-360*s.resolution, start, 1, 1, 1), s.cells(start, start+seconds, 1, errors, slower)...)
	return Case{
		Resolution: s.resolution, Coarse: 300, Now: start + seconds, Start: start, Finish: start,
		Streams: []Stream{{Kind: correlate.Traffic, Whole: whole}},
	}
}

// upTo is what was known of a case at an earlier instant.
func upTo(c Case, now int64) Case {
	c.Now = now
	c.Streams = append([]Stream(nil), c.Streams...)
	for i := range c.Streams {
		s := &c.Streams[i]
		s.New, s.Old, s.Whole = ended(s.New, now, c.Resolution), ended(s.Old, now, c.Resolution), ended(s.Whole, now, c.Resolution)
	}
	c.Zones = append([]Zone(nil), c.Zones...)
	for i := range c.Zones {
		z := &c.Zones[i]
		if z.Cells = ended(z.Cells, now, c.Resolution); z.Reached > now {
			z.Reached = 0
		}
	}
	return c
}

func ended(cells []correlate.Cell, now, width int64) []correlate.Cell {
	n := len(cells)
	for n > 0 && cells[n-1].Start+width > now {
		n--
	}
	return cells[:n:n]
}

func added(a, b []correlate.Cell) []correlate.Cell {
	out := make([]correlate.Cell, len(a))
	for i := range a {
		out[i] = a[i]
		out[i].Latency = append(correlate.Histogram(nil), a[i].Latency...)
		out[i].Merge(b[i])
	}
	return out
}

// firstRegressed looks at a case after every so many seconds, and returns after how many it was first regressed, 0 when
// never, together with the last assessment.
func firstRegressed(p Params, c Case, every int64) (int64, Assessment) {
	var a Assessment
	for now := c.Start + every; now <= c.Now; now += every {
		if a = Assess(p, upTo(c, now)); a.Outcome == correlate.Regressed {
			return now - c.Start, a
		}
	}
	return 0, a
}

// withHistory puts days of coarse cells before a case.
func (s *sim) withHistory(c Case, days int64) Case {
	fine := s.resolution
	s.resolution = c.Coarse
	to := c.Streams[0].Whole[0].Start
	c.Streams[0].History = s.cells(to-days*86400, to, 1, 1, 1)
	s.resolution = fine
	return c
}
