package judge

import "slices"

// mostly is the highest event ratio that is expected.
const mostly = 0.95

// expecting gives the treated side as much exposure as its events let expect when they are so many times as frequent as on
// the control. Where exposures without an event are counted, those become rarer.
func (h *hypothesis) expecting(pairs []pair, factors []float64) []pair {
	moved := slices.Clone(pairs)
	for i := range moved {
		p, g := &moved[i], factors[i]
		if h.complement {
			rarer := (1 - min(g*h.control, mostly)) / (1 - h.control)
			p.eT += p.nT * (rarer - 1)
			p.nT *= rarer
			continue
		}
		p.nT *= g
	}
	return moved
}

// mixed is the factor by which what is expected moved, from the treated side's exposures before and after that.
func (h *hypothesis) mixed(plain, moved pair) float64 {
	g, usual := over(moved.nT, plain.nT), over(moved.eC, moved.nC)
	if h.complement {
		return (1 - g*(1-usual)) / usual
	}
	return g
}

// moved is the null about events that are expected so many times as often as on the control.
func (h hypothesis) moved(floor float64, factor float64) hypothesis {
	if h.complement {
		h.control = min(h.control*factor, mostly)
		h.theta = complementary(floor, h.control)
	}
	return h
}
