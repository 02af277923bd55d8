package evalue

// Hypothesis is the null of a one-sided test: on the treated side the events are at most theta times as frequent as on
// the control's, or their ratio to exposures is at most rate. Both must be refuted; a rate of 0 leaves the first alone.
type Hypothesis struct {
	Theta float64
	Rate  float64
	Phi   float64
	// complement: events are so common that the exposures without one are counted, with the sides exchanged, so that
	// a rise is still a rise.
	complement bool
	// fall: a fall of events hurts, so the sides are exchanged.
	Fall    bool
	Control float64 // the control's event ratio, before the change where it is known
}

// common is the ratio of events above which their complement is the better thing to count.
const common = 0.25

// Hypothesize chooses the null for a signal whose control has the given event ratio.
func (p *Params) Hypothesize(absolute, ratio, nominal, rate, phi float64) Hypothesis {
	if ratio > 1 && !p.Guards.On(guardPracticalFloor) {
		ratio = 1
	}
	h := Hypothesis{Theta: ratio, Phi: phi, Control: rate}
	switch {
	case rate > common && p.Guards.On(guardComplement):
		h.complement = true
		h.Theta = complementary(ratio, rate)
	case nominal > 0:
		h.Rate = nominal * ratio
	case absolute > 0 && p.Guards.On(guardAbsoluteFloor):
		h.Rate = rate + absolute
	}
	return h
}

// complementary is by how much rarer exposures without an event become when events become so many times as frequent.
func complementary(ratio, rate float64) float64 { return max((1-rate)/max(1-ratio*rate, 0.05), 1.05) }

// Turn rewrites a pair so that what is counted rises on the treated side when events do.
func (h *Hypothesis) Turn(p Pair) Pair {
	switch {
	case h.complement:
		return Pair{p.At, p.NC - p.EC, p.NC, p.NT - p.ET, p.NT}
	case h.Fall:
		return Pair{p.At, p.EC, p.NC, p.ET, p.NT}
	}
	return p
}

// Bounds turns an interval of what was counted back into one of event ratios.
func (h *Hypothesis) Bounds(lo, hi float64) [2]float64 {
	switch {
	case h.complement:
		return [2]float64{h.uncounted(lo), h.uncounted(hi)}
	case h.Fall:
		return [2]float64{1 / hi, 1 / lo}
	}
	return [2]float64{lo, hi}
}

// uncounted is the ratio of events at a ratio of complements: θ = (1−p_C)/(1−p_T), so p_T = 1 − (1−p_C)/θ.
func (h *Hypothesis) uncounted(theta float64) float64 {
	return max(1-(1-h.Control)/theta, 0) / h.Control
}

// Information is what the events of pairs tell of ln of the ratio of the two sides.
func (h *Hypothesis) Information(pairs []Pair) (sum float64) {
	for _, p := range pairs {
		q := Ratio(h.Theta*p.NT, h.Theta*p.NT+p.NC)
		sum += (p.ET + p.EC) * q * (1 - q)
	}
	return sum
}
