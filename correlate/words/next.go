package words

import "github.com/shipwake/shipwake/correlate"

// next is what somebody who reads a verdict does about it; "" when there is nothing to do.
func next(c correlate.ChangeRecord, e Explanation) string {
	switch {
	case e.Outcome == correlate.Inconclusive:
		return afterInconclusive[c.Verdict.Reason]
	case e.Outcome != correlate.Regressed || !e.Recovered.IsZero():
		return ""
	case c.RolledBackBy != "":
		return "see whether the fault ends with " + c.RolledBackBy
	}
	return "take it back, or repair it: the fault lasts"
}

// afterInconclusive is what helps to know more, for each reason of an inconclusive verdict.
var afterInconclusive = map[correlate.Reason]string{
	correlate.ReasonUnderpowered:     "look at it yourself; a longer window::watch shows more",
	correlate.ReasonNoTelemetry:      "see whether service.name, environment and service.version of its telemetry are those of the change",
	correlate.ReasonConfounded:       "look at the other changes of that time, and deploy them apart",
	correlate.ReasonMixShift:         "compare it route by route",
	correlate.ReasonBaselineTooShort: "wait: with a longer past the next change can be compared",
	correlate.ReasonSuperseded:       "look at the change that came after it",
	correlate.ReasonTransient:        "look at what ended it, if it was not you",
	correlate.ReasonNoCoverage:       "find out why telemetry was lost: GET /api/v1/limits",
	correlate.ReasonNotDeployed:      "see why it was not rolled out",
	correlate.ReasonCheckMissing:     "run the check that is missing, or see why its result was not sent",
}
