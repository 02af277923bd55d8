package judge

// hypothesis is the null of a one-sided test: on the treated side the events are at most theta times as frequent as on
// the control's, or their ratio to exposures is at most rate. Both must be refuted; a rate of 0 leaves the first alone.
type hypothesis struct {
	theta float64
	rate  float64
	phi   float64
	// complement: events are so common that the exposures without one are counted, with the sides exchanged, so that
	// a rise is still a rise.
	complement bool
	// fall: a fall of events hurts, so the sides are exchanged.
	fall    bool
	control float64 // the control's event ratio, before the change where it is known
}

// common is the ratio of events above which their complement is the better thing to count.
const common = 0.25

// hypothesize chooses the null for a signal whose control has the given event ratio.
func (p *statistics) hypothesize(absolute, ratio, nominal, rate, phi float64) hypothesis {
	if ratio > 1 && !p.Guards.On(guardPracticalFloor) {
		ratio = 1
	}
	h := hypothesis{theta: ratio, phi: phi, control: rate}
	switch {
	case rate > common && p.Guards.On(guardComplement):
		h.complement = true
		h.theta = complementary(ratio, rate)
	case nominal > 0:
		h.rate = nominal * ratio
	case absolute > 0 && p.Guards.On(guardAbsoluteFloor):
		h.rate = rate + absolute
	}
	return h
}

// complementary is by how much rarer exposures without an event become when events become so many times as frequent.
func complementary(ratio, rate float64) float64 { return max((1-rate)/max(1-ratio*rate, 0.05), 1.05) }

// turn rewrites a pair so that what is counted rises on the treated side when events do.
func (h *hypothesis) turn(p pair) pair {
	switch {
	case h.complement:
		return pair{p.at, p.nC - p.eC, p.nC, p.nT - p.eT, p.nT}
	case h.fall:
		return pair{p.at, p.eC, p.nC, p.eT, p.nT}
	}
	return p
}

// bounds turns an interval of what was counted back into one of event ratios.
func (h *hypothesis) bounds(lo, hi float64) [2]float64 {
	switch {
	case h.complement:
		return [2]float64{h.uncounted(lo), h.uncounted(hi)}
	case h.fall:
		return [2]float64{1 / hi, 1 / lo}
	}
	return [2]float64{lo, hi}
}

// uncounted is the ratio of events at a ratio of complements: θ = (1−p_C)/(1−p_T), so p_T = 1 − (1−p_C)/θ.
func (h *hypothesis) uncounted(theta float64) float64 {
	return max(1-(1-h.control)/theta, 0) / h.control
}

// information is what the events of pairs tell of ln of the ratio of the two sides.
func (h *hypothesis) information(pairs []pair) (sum float64) {
	for _, p := range pairs {
		q := over(h.theta*p.nT, h.theta*p.nT+p.nC)
		sum += (p.eT + p.eC) * q * (1 - q)
	}
	return sum
}
