package words

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Reason says a reason of the closed list.
func Reason(r correlate.Reason) string {
	return listed(map[correlate.Reason]string{
		correlate.ReasonErrorRatio:       "more requests fail",
		correlate.ReasonLatency:          "requests are slower",
		correlate.ReasonThroughput:       "requests are missing",
		correlate.ReasonLogErrors:        "more errors are logged",
		correlate.ReasonNewException:     "an exception, or a logged error, that was not seen before",
		correlate.ReasonCustomSignal:     "a signal of your own moved the wrong way",
		correlate.ReasonSaturation:       "instances restart out of a full memory",
		correlate.ReasonDownstream:       "the fault shows on another service",
		correlate.ReasonCheckFailed:      "a required check failed",
		correlate.ReasonWithinMargin:     "it is proven to be no worse than the margin allows",
		correlate.ReasonUnderpowered:     "what was seen is not enough to tell",
		correlate.ReasonNoTelemetry:      "there was no telemetry",
		correlate.ReasonConfounded:       "it can't be told which of several changes did it",
		correlate.ReasonMixShift:         "other requests came than before",
		correlate.ReasonBaselineTooShort: "too little is known of the time before",
		correlate.ReasonSuperseded:       "the next change came before it could be told",
		correlate.ReasonTransient:        "it went away by itself",
		correlate.ReasonNoCoverage:       "telemetry was lost",
		correlate.ReasonNotDeployed:      "it never reached users",
		correlate.ReasonCheckMissing:     "telemetry shows no harm, and a required check has not come",
	}, r)
}

// Reopening says why a verdict was revised for what came late.
func Reopening(r correlate.Reopening) string {
	return listed(map[correlate.Reopening]string{
		correlate.LateChange:      "a change was reported or corrected late",
		correlate.LateIncident:    "an incident was reported or corrected late",
		correlate.LateMeasurement: "telemetry came late",
		correlate.LateCheck:       "a check was reported or corrected late",
	}, r)
}

// Cause says why a record became another.
func Cause(c correlate.Cause) string {
	return listed(map[correlate.Cause]string{
		correlate.CauseNoted:     "a person said something of it",
		correlate.CauseMerged:    "found to be another report of one change",
		correlate.CauseLateFact:  "reported late",
		correlate.CauseReported:  "reported",
		correlate.CauseRelinked:  "another incident held against it",
		correlate.CauseUnlinked:  "incident no longer held against it",
		correlate.CauseLinked:    "incident held against it",
		correlate.CauseRollback:  "taken back, or no longer",
		correlate.CauseVerdict:   "judged",
		correlate.CauseRecovered: "recovered",
		correlate.CauseHistory:   "known when the history began",
	}, c)
}

// Grade says with what a change was compared.
func Grade(g correlate.Grade) string {
	switch g {
	case correlate.GradeA:
		return "with the old version's instances at the same time"
	case correlate.GradeB:
		return "with the zones that it had not reached, at the same time"
	case correlate.GradeC:
		return "with the same time on earlier days"
	case correlate.GradeD:
		return "with the time before the change only"
	}
	return "with nothing"
}

// listed is the text of an identifier; one that isn't in the list, which a newer daemon may send, is said as Plain.
func listed[T ~string](list map[T]string, identifier T) string {
	if said, ok := list[identifier]; ok {
		return said
	}
	return Plain(string(identifier))
}

// Plain is an identifier with spaces.
func Plain(identifier string) string { return strings.ReplaceAll(identifier, "_", " ") }
