package webhook

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// selection is what an endpoint is told of.
type selection struct {
	only                   []correlate.Outcome
	finalOnly              bool
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
func (s selection) concerns(v *correlate.Verdict) bool {
	return (len(s.environments) == 0 || slices.Contains(s.environments, v.Environment)) &&
		(len(s.services) == 0 || slices.Contains(s.services, v.Service))
}

// wants a revision by itself: final ones, and a regression as soon as it is seen.
func (s selection) wants(v *correlate.Verdict) bool {
	return (len(s.only) == 0 || slices.Contains(s.only, v.Outcome)) &&
		(v.Final || (v.Outcome == correlate.Regressed && !s.finalOnly))
}

// takes a revision that it wants, and every further one of a change of which it has been told: what was said is not
// left wrong. Earlier are the revisions before it.
func (s selection) takes(v *correlate.Verdict, earlier func() []correlate.Verdict) bool {
	switch {
	case !s.concerns(v) || (s.finalOnly && !v.Final):
		return false
	case s.wants(v):
		return true
	case v.Revision == 1:
		return false
	}
	return slices.ContainsFunc(earlier(), func(e correlate.Verdict) bool { return s.wants(&e) })
}
