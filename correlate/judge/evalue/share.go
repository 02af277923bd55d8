package evalue

import "math"

// Share says whose the events are that came on top of the usual ones: ln of how much more likely they fall on the two
// sides of some pairs as they did when all of them are the treated side's than when both sides have as many. usual is the
// ratio of events to exposures before. It is 0 where no more events came than usual, or where the sides never met.
//
// Given how many events a pair has, each falls on the treated side with a chance that depends on nothing but the sides'
// exposures, so load and whatever else both share cancels. The likelihood is divided by φ.
func Share(pairs []Pair, usual, phi float64) (gain float64) {
	t := met(pairs)
	if usual <= 0 || t.NT == 0 || t.NC == 0 {
		return 0
	}
	theta := ((t.ET+t.EC)/usual - t.NC) / t.NT // what the treated side's ratio would be, as a multiple of the usual
	if theta = min(theta, mostly/usual); theta <= 1 {
		return 0
	}
	for _, p := range pairs {
		if p.NT > 0 && p.NC > 0 {
			rho := p.NT / (p.NT + p.NC)
			gain += p.ET*math.Log(theta) - (p.ET+p.EC)*math.Log(1+rho*(theta-1))
		}
	}
	return gain / max(1, phi)
}

// met is the total of the pairs in which both sides were there.
func met(pairs []Pair) (t Pair) {
	for _, p := range pairs {
		if p.NT > 0 && p.NC > 0 {
			t.ET, t.NT, t.EC, t.NC = t.ET+p.ET, t.NT+p.NT, t.EC+p.EC, t.NC+p.NC
		}
	}
	return t
}
