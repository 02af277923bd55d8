package judge

import "math"

// restart is an instant from which evidence is collected afresh, with its weight in the mixture. The weights are fixed
// before any data is seen and sum to at most one, so that the mixture over instants is an e-process like each of its
// parts: it may be looked at after every cell.
type restart struct {
	at        int64
	logWeight float64
}

// restarts are the beginning with half of the weight, and one instant every so many seconds up to now.
func restarts(out []restart, begin, now, every int64) []restart {
	out = append(out, restart{begin, -math.Ln2})
	for i := int64(1); begin+i*every < now; i++ {
		out = append(out, restart{begin + i*every, -math.Log(2 * float64(i) * float64(i+1))})
	}
	return out
}

// evidence is ln E of pairs that are independent stretches of time (a control at the same time).
func evidence(pairs []pair, h hypothesis, starts []restart) float64 {
	s := h.steps()
	var l grid
	var eT, nT float64
	parts := make([]float64, 0, len(starts))
	end := len(pairs)
	for i := len(starts) - 1; i >= 0; i-- {
		from := end
		for from > 0 && (pairs[from-1].at >= starts[i].at || i == 0) {
			from--
			eT += pairs[from].eT
			nT += pairs[from].nT
		}
		s.splitAll(&l, pairs[from:end])
		end = from
		parts = append(parts, starts[i].logWeight+min(l.mix(), s.absolute(eT, nT)))
	}
	return logSumExp(parts)
}

// evidenceAgainst is ln E of treated tallies against one fixed control, the time before the change. The control's own
// uncertainty is in it: the ratio of likelihoods is the Bayes factor with the unknown rate integrated out.
func evidenceAgainst(pairs []pair, control pair, h hypothesis, starts []restart) float64 {
	s := h.steps()
	total := pair{eC: control.eC, nC: control.nC}
	parts := make([]float64, 0, len(starts))
	at := len(pairs) - 1
	for i := len(starts) - 1; i >= 0; i-- {
		for ; at >= 0 && (pairs[at].at >= starts[i].at || i == 0); at-- {
			total.eT += pairs[at].eT
			total.nT += pairs[at].nT
		}
		var l grid
		s.split(&l, total)
		parts = append(parts, starts[i].logWeight+min(l.mix(), s.absolute(total.eT, total.nT)))
	}
	return logSumExp(parts)
}
