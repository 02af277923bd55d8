package words

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// Unlinked says why no change is held responsible for an incident; "" when one is.
func Unlinked(i correlate.IncidentRecord) string {
	switch {
	case i.AttributedTo != "":
		return ""
	case i.MergedInto != "":
		return "it is another report of " + i.MergedInto
	case i.Retracted:
		return "nobody reports it any more"
	case i.CausedBy == correlate.CausedByNone:
		return "its reporter says that no change caused it"
	case i.Service == "":
		return "it names no service"
	case i.ServiceGuessed:
		return fmt.Sprintf("its service %s is only a guess", i.Service)
	case i.UnlinkedReason == correlate.UnlinkedEndOnly:
		return "only its end is known, and not when it began"
	case i.UnlinkedReason == correlate.UnlinkedNotDeployed:
		return fmt.Sprintf("what was being rolled out to %s in %s failed before it reached anybody", i.Service, i.Environment)
	case i.UnlinkedReason == correlate.UnlinkedHealthy:
		return fmt.Sprintf("%s, which was rolled out last, was judged healthy", i.Exonerated)
	}
	return fmt.Sprintf("no change of %s in %s that could have caused it was under way or complete in the time before it", i.Service, i.Environment)
}

// Unanswered says that an incident names a place, and that no change there answers for it.
func Unanswered(i correlate.IncidentRecord) bool {
	switch i.UnlinkedReason {
	case correlate.UnlinkedEndOnly, correlate.UnlinkedNotDeployed, correlate.UnlinkedHealthy:
		return false
	}
	return i.AttributedTo == "" && !i.Retracted && i.CausedBy != correlate.CausedByNone && i.Service != "" && !i.ServiceGuessed
}
