package words

import (
	"fmt"
	"strings"

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
		return fmt.Sprintf("its service %s is only a guess", EitherOf(i.About()))
	case i.UnlinkedReason == correlate.UnlinkedEndOnly:
		return "only its end is known, and not when it began"
	case i.UnlinkedReason == correlate.UnlinkedNotDeployed:
		return fmt.Sprintf("what was being rolled out to %s in %s failed before it reached anybody", EitherOf(i.About()), i.Environment)
	case i.UnlinkedReason == correlate.UnlinkedHealthy:
		return fmt.Sprintf("%s, which was rolled out last, was judged healthy", i.Exonerated)
	case i.UnlinkedReason == correlate.UnlinkedOverruled:
		return fmt.Sprintf("people say that it was not %s, which was rolled out last", i.Exonerated)
	}
	return fmt.Sprintf("no change of %s in %s that could have caused it was under way or complete in the time before it", EitherOf(i.About()), i.Environment)
}

// mostServices is how many services are named in a sentence.
const mostServices = 5

// EitherOf names services with an or between them, the first few of many.
func EitherOf(services []string) string {
	more := ""
	if n := len(services) - mostServices; n > 0 {
		services, more = services[:mostServices], fmt.Sprintf(" or %d others", n)
	}
	if last := len(services) - 1; last > 0 && more == "" {
		return strings.Join(services[:last], ", ") + " or " + services[last]
	}
	return strings.Join(services, ", ") + more
}

// Unanswered says that an incident names a place, and that no change there answers for it.
func Unanswered(i correlate.IncidentRecord) bool {
	switch i.UnlinkedReason {
	case correlate.UnlinkedEndOnly, correlate.UnlinkedNotDeployed, correlate.UnlinkedHealthy, correlate.UnlinkedOverruled:
		return false
	}
	return i.AttributedTo == "" && !i.Retracted && i.CausedBy != correlate.CausedByNone && i.Service != "" && !i.ServiceGuessed
}
