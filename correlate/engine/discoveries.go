package engine

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// falseDiscoveries is the share of wrong ones among the changes of an environment that are convicted at the same time, at
// most, however many are watched.
const falseDiscoveries = 0.05

// sustain leaves a conviction standing only where it holds among all the changes that are watched with it: of many changes
// one looks bad by chance. It is e-BH (Wang and Ramdas, 2022) on the evidence of this instant: of K changes the k with
// the strongest evidence are convicted when each of their e-values is at least K/(k·falseDiscoveries). What every change
// needs by itself is as much as that of five asks for.
func (r *round) sustain(due []suspicion) {
	var accused []*suspicion
	for i := range due {
		if due[i].a.Outcome == correlate.Regressed {
			accused = append(accused, &due[i])
		}
	}
	slices.SortStableFunc(accused, func(a, b *suspicion) int {
		return cmp.Or(cmp.Compare(a.rec.Environment, b.rec.Environment), cmp.Compare(b.a.LogE, a.a.LogE))
	})
	for len(accused) > 0 {
		n := 1
		for n < len(accused) && accused[n].rec.Environment == accused[0].rec.Environment {
			n++
		}
		among := math.Log(float64(r.watchedIn(accused[0].rec.Environment)) / falseDiscoveries)
		k := n
		for k > 0 && accused[k-1].a.LogE < among-math.Log(float64(k)) {
			k--
		}
		for _, s := range accused[k:n] {
			if !r.cfg.Guards.On(guardDiscoveries) {
				break
			}
			s.a.Outcome, s.a.Reason = correlate.Inconclusive, correlate.ReasonUnderpowered
			s.a.Onset, s.a.Recovered, s.a.Strength = 0, 0, 0
		}
		accused = accused[n:]
	}
}

// watchedIn is how many changes of an environment are observed at the instant of a view.
func (r *round) watchedIn(environment string) int {
	n := 0
	for i := range r.Watched {
		s := r.Watched[i]
		if s.Place.Environment == environment && s.Live && (s.End == 0 || r.At <= window.Floor(s.End, r.cfg.Resolution)) {
			n++
		}
	}
	return max(n, 1)
}
