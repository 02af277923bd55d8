package webhook

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// selection is what an endpoint is told of.
type selection struct {
	only                   []correlate.Outcome
	finalOnly, latestOnly  bool
	environments, services []string
}

func (s selection) validate() error {
	known := []correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive}
	for i, o := range s.only {
		if !slices.Contains(known, o) {
			return fmt.Errorf("only[%d]: %q is no verdict; use some of %v", i, o, known)
		}
	}
	return nil
}

// concerns: the change is of a place that the endpoint wants to hear of.
func (s selection) concerns(v correlate.Verdict) bool {
	return (len(s.environments) == 0 || slices.Contains(s.environments, v.Environment)) &&
		(len(s.services) == 0 || slices.Contains(s.services, v.Service))
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
	if !s.concerns(v) || (s.finalOnly && !v.Final) {
		return false
	}
	return s.wants(v) || d.Before(s.wants)
}
