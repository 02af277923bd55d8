package evalue

import "math"

// Restart is an instant from which evidence is collected afresh, with its weight in the mixture. The weights are fixed
// before any data is seen and sum to at most one, so that the mixture over instants is an e-process like each of its
// parts: it may be looked at after every cell.
type Restart struct {
	At        int64
	LogWeight float64
}

// Restarts are the beginning with half of the weight, and one instant every so many seconds up to now.
func Restarts(out []Restart, begin, now, every int64) []Restart {
	out = append(out, Restart{begin, -math.Ln2})
	for i := int64(1); begin+i*every < now; i++ {
		out = append(out, Restart{begin + i*every, logWeight(i)})
	}
	return out
}

// logWeight is ln of the weight of the i-th instant after the beginning.
func logWeight(i int64) float64 {
	if i < int64(len(logWeights)) {
		return logWeights[i]
	}
	return -math.Log(2 * float64(i) * float64(i+1))
}

// logWeights are those of the instants of an ordinary window.
var logWeights = func() (of [64]float64) {
	for i := 1; i < len(of); i++ {
		of[i] = -math.Log(2 * float64(i) * float64(i+1))
	}
	return of
}()

// Evidence is ln E of pairs that are independent stretches of time (a control at the same time).
func Evidence(pairs []Pair, h Hypothesis, starts []Restart) float64 {
	s := h.Steps()
	var l Grid
	var eT, nT float64
	parts := make([]float64, 0, len(starts))
	end := len(pairs)
	for i := len(starts) - 1; i >= 0; i-- {
		from := end
		for from > 0 && (pairs[from-1].At >= starts[i].At || i == 0) {
			from--
			eT += pairs[from].ET
			nT += pairs[from].NT
		}
		s.SplitAll(&l, pairs[from:end])
		end = from
		parts = append(parts, starts[i].LogWeight+min(l.Mix(), s.Absolute(eT, nT)))
	}
	return LogSumExp(parts)
}

// EvidenceAgainst is ln E of treated tallies against one fixed control, the time before the change. The control's own
// uncertainty is in it: the ratio of likelihoods is the Bayes factor with the unknown rate integrated out.
func EvidenceAgainst(pairs []Pair, control Pair, h Hypothesis, starts []Restart) float64 {
	return against(pairs, func(p *Pair) (at int64, events, exposure float64) { return p.At, p.ET, p.NT }, control, h, starts)
}

// EvidenceOf is the same of treated tallies as they were counted.
func EvidenceOf(treated []Tally, control Pair, h Hypothesis, starts []Restart) float64 {
	return against(treated, func(t *Tally) (at int64, events, exposure float64) {
		return t.At, float64(t.Events), float64(t.Exposure)
	}, control, h, starts)
}

func against[T any](all []T, of func(*T) (at int64, events, exposure float64), control Pair, h Hypothesis, starts []Restart) float64 {
	s := h.Steps()
	total := Pair{EC: control.EC, NC: control.NC}
	parts := make([]float64, 0, len(starts))
	last := len(all) - 1
	for i := len(starts) - 1; i >= 0; i-- {
		for ; last >= 0; last-- {
			at, events, exposure := of(&all[last])
			if at < starts[i].At && i > 0 {
				break
			}
			total.ET += events
			total.NT += exposure
		}
		var l Grid
		s.split(&l, total)
		parts = append(parts, starts[i].LogWeight+min(l.Mix(), s.Absolute(total.ET, total.NT)))
	}
	return LogSumExp(parts)
}
