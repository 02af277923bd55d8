package blame

import "math"

// Touch is the requests of the faulty service in a stretch of time, by the version of a changed service that their traces
// touched: the new one or another one.
type Touch struct{ New, NewErrors, Old, OldErrors float64 }

// concentrations are by how much more often requests may fail whose trace touched the new version, if it is at fault.
var concentrations = [...]float64{1.5, 2, 3, 5, 8, 13, 30}

// traces is what the traces of failing requests say: ln of how much more likely it is that the failing ones fell on the
// new version and on the others as they did when it makes requests fail so many times more often than when it doesn't
// matter which version a request touched. It is 0 without such traces, and negative when both fail alike.
//
// Given how many failed in a stretch, a failure falls on the new version with a chance that depends on nothing but its
// share of the requests, so whatever else fails cancels. The likelihood is divided by φ of the split.
func (p *Params) traces(touches []Touch) float64 {
	var gains [len(concentrations)]float64
	var chi2, df, errors float64
	var all Touch
	for _, t := range touches {
		all.New, all.NewErrors = all.New+t.New, all.NewErrors+t.NewErrors
		all.Old, all.OldErrors = all.Old+t.Old, all.OldErrors+t.OldErrors
	}
	apart := (all.NewErrors + 0.5) / (all.New + 1) / ((all.OldErrors + 0.5) / (all.Old + 1))
	for _, t := range touches {
		n := t.NewErrors + t.OldErrors
		if n == 0 || t.New == 0 || t.Old == 0 {
			continue
		}
		share := t.New / (t.New + t.Old)
		for i, theta := range concentrations {
			gains[i] += t.NewErrors*math.Log(theta) - n*math.Log(1+share*(theta-1))
		}
		q := apart * share / (1 + share*(apart-1))
		chi2 += (t.NewErrors - n*q) * (t.NewErrors - n*q) / (n * q * (1 - q))
		df++
		errors += n
	}
	if errors == 0 {
		return 0
	}
	const steady = 10 // windows without any bursts are imagined
	phi := max(1, (chi2+steady)/(df+steady))
	for i := range gains {
		gains[i] /= phi
	}
	return min(max(logSumExp(gains[:])-math.Log(float64(len(gains))), p.TracesMin), p.TracesMax)
}
