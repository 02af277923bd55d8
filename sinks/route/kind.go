package route

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Kind is what a message says, in one word.
type Kind string

// The kinds of messages.
const (
	Regressed    Kind = "regressed"    // a change hurts, and nothing says that it is over
	Recovered    Kind = "recovered"    // it hurt, and that is over
	Corrected    Kind = "corrected"    // it was said to hurt, and that no longer stands
	Healthy      Kind = "healthy"      // the last word on a change
	Inconclusive Kind = "inconclusive" // the last word on a change
	Incident     Kind = "incident"     // an incident opened, was linked to a change, or ended

	RollbackRequested  Kind = "rollback_requested"  // a change is to be taken back
	RollbackWithdrawn  Kind = "rollback_withdrawn"  // that no longer stands, after it was told
	RollbackUnanswered Kind = "rollback_unanswered" // nobody answered that in time
)

// Kinds lists every Kind.
func Kinds() []Kind {
	return []Kind{Regressed, Recovered, Corrected, Healthy, Inconclusive, Incident, RollbackRequested, RollbackWithdrawn, RollbackUnanswered}
}

// KindOf is what a decision says.
func KindOf(d sinks.Decision) Kind {
	kind := ofVerdict(d.Verdict)
	if kind != Regressed && kind != Recovered && d.Before(regressed) {
		return Corrected
	}
	return kind
}

// ofVerdict is what a revision says by itself, whatever was said before.
func ofVerdict(v correlate.Verdict) Kind {
	switch {
	case regressed(v) && v.RecoveredAt != nil:
		return Recovered
	case regressed(v):
		return Regressed
	case v.Outcome == correlate.Healthy:
		return Healthy
	}
	return Inconclusive
}

func regressed(v correlate.Verdict) bool { return v.Outcome == correlate.Regressed }
