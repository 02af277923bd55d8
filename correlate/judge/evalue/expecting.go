package evalue

import "slices"

// mostly is the highest event ratio that is expected.
const mostly = 0.95

// Expecting gives the treated side as much exposure as its events let expect when they are so many times as frequent as on
// the control. Where exposures without an event are counted, those become rarer.
func (h *Hypothesis) Expecting(pairs []Pair, factors []float64) []Pair {
	moved := slices.Clone(pairs)
	for i := range moved {
		p, g := &moved[i], factors[i]
		if h.complement {
			rarer := (1 - min(g*h.Control, mostly)) / (1 - h.Control)
			p.ET += p.NT * (rarer - 1)
			p.NT *= rarer
			continue
		}
		p.NT *= g
	}
	return moved
}

// Mixed is the factor by which what is expected moved, from the treated side's exposures before and after that.
func (h *Hypothesis) Mixed(plain, moved Pair) float64 {
	g, usual := Ratio(moved.NT, plain.NT), Ratio(moved.EC, moved.NC)
	if h.complement {
		return (1 - g*(1-usual)) / usual
	}
	return g
}

// Same is the null that events are no more frequent on the treated side.
func (h Hypothesis) Same() Hypothesis {
	h.Theta, h.Rate = 1, 0
	return h
}

// Moved is the null about events that are expected so many times as often as on the control.
func (h Hypothesis) Moved(floor float64, factor float64) Hypothesis {
	if h.complement {
		h.Control = min(h.Control*factor, mostly)
		h.Theta = complementary(floor, h.Control)
	}
	return h
}
