package words

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// checkEvidence says what came of a required check by its evidence; "" of any other signal.
func checkEvidence(e correlate.Evidence) string {
	switch {
	case !strings.HasPrefix(e.Signal, correlate.CheckSignal):
		return ""
	case e.Events == 0:
		return "no result has come"
	}
	return fmt.Sprintf("%s of %s failed", Count(e.Events), Count(e.N))
}

// missing are the required checks of which no result has come.
func missing(all []correlate.Evidence) string {
	var parts []string
	for _, e := range all {
		if checkEvidence(e) != "" && e.Events == 0 {
			parts = append(parts, Sentence(e))
		}
	}
	return strings.Join(parts, "; ")
}

// Check says how a check of a change stands: "smoke (required): 1 of 12 failed, at 2026-03-01 10:04:00Z".
func Check(s correlate.CheckState) string {
	text := s.Name
	if s.Required {
		text += " (required)"
	}
	if s.Run == nil {
		return text + ": has not come"
	}
	switch n := s.Run.Counts; {
	case n.Failed > 0:
		text += fmt.Sprintf(": %d of %d failed", n.Failed, n.Total)
	case n.Total > 0:
		text += fmt.Sprintf(": %s, %d of %d ran", s.Run.Result, n.Total-n.Skipped, n.Total)
	default:
		text += ": " + string(s.Run.Result)
	}
	if n := s.Run.Counts.Flaky; n > 0 {
		text += fmt.Sprintf(", %d flaky", n)
	}
	text += ", at " + Instant(s.Run.At)
	if s.Runs > 1 {
		text += fmt.Sprintf(", run %d times", s.Runs)
	}
	return text
}
