package words

import "github.com/shipwake/shipwake/correlate"

// Standing says in a word or two how a change stands: its verdict or, while that isn't the last word, that it is observed; of one
// that isn't judged, why.
func Standing(c correlate.ChangeRecord) string {
	if v := c.Verdict; v != nil {
		if v.Outcome == correlate.Inconclusive && !v.Final {
			return "observed"
		}
		return string(v.Outcome)
	}
	switch {
	case c.Status == correlate.StatusFailed:
		return "deploy failed"
	case c.Status == correlate.StatusCancelled:
		return "cancelled"
	case c.Phase == correlate.PhaseObserving:
		return "observed"
	}
	return "not judged"
}

// Overruled is what Listed says of a change whose verdict people overruled.
const Overruled = "overruled"

// Listed is Standing of a change among others, where nothing else tells that people overruled that it regressed.
func Listed(c correlate.ChangeRecord) string {
	if v := c.Verdict; v != nil && v.Outcome == correlate.Regressed && !c.Regressed() {
		return Overruled
	}
	return Standing(c)
}
