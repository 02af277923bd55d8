package engine

import (
	"fmt"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// reportRegression notes a fault when it is new, or when who is suspected changed by more than a little.
func (e *Engine) reportRegression(f fault, t int64) {
	known := e.lastFault(f.place)
	r := correlate.Regression{
		Service: f.place.Service, Environment: f.Environment, Signal: f.Signal,
		OnsetAt: at(f.Onset), DecidedAt: at(t), RecoveredAt: instant(f.recover), Suspects: f.suspects,
	}
	if known != nil && known.RecoveredAt == nil {
		r.ID = known.ID
		if sameSuspects(known.Suspects, r.Suspects) && known.Signal == r.Signal && r.RecoveredAt == nil {
			return
		}
	} else {
		if known != nil && !r.OnsetAt.After(*known.RecoveredAt) {
			return // the same fault, already known with its recovery
		}
		r.ID = fmt.Sprintf("%s/%s/%d", f.Environment, f.place.Service, f.Onset)
	}
	e.faults[f.place] = append(e.faults[f.place], r)
	e.decisions = append(e.decisions, decision{fault: &r, at: len(e.faults[f.place]) - 1})
}

// lastFault is what is known of the faults of a place, nil when there never was one.
func (e *Engine) lastFault(p place) *correlate.Regression {
	all := e.faults[p]
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

func sameSuspects(a, b []correlate.Suspect) bool {
	return slices.EqualFunc(a, b, func(x, y correlate.Suspect) bool {
		return x.ChangeID == y.ChangeID && math.Abs(x.Probability-y.Probability) < 0.05
	})
}
