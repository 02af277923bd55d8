package webhook

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// selection is what an endpoint is told of.
type selection struct {
	only                  []correlate.Outcome
	finalOnly, latestOnly bool
	place                 route.Place
	// rollbacks are asked for here; rollbacksOnly: it is told of nothing else.
	rollbacks, rollbacksOnly bool
}

func (s selection) validate() error {
	known := []correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}
	for i, o := range s.only {
		if !slices.Contains(known, o) {
			return fmt.Errorf("only[%d]: %q is no verdict; use some of %v", i, o, known)
		}
	}
	return s.place.Validate()
}

// wants a revision by itself: final ones, and a regression as soon as it is seen.
func (s selection) wants(v correlate.Verdict) bool {
	return (len(s.only) == 0 || slices.Contains(s.only, v.Outcome)) &&
		(v.Final || (v.Outcome == correlate.Regressed && !s.finalOnly))
}

// takes a decision that it wants, and every further one of a change of which it has been told: what was said is not left
// wrong.
func (s selection) takes(d sinks.Decision) bool {
	v := d.Verdict
	if s.rollbacksOnly || !s.place.Holds(v.Service, v.Environment, d.Record.Team) || (s.finalOnly && !v.Final) {
		return false
	}
	return s.wants(v) || d.Before(s.wants)
}
