package words

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Sentence says a piece of evidence in everyday units: what is, and what was or would have been.
func Sentence(e correlate.Evidence) string {
	text := sentence(e)
	if strings.HasPrefix(e.Signal, "client_") {
		text += ", as callers see it"
	}
	if e.Service != "" {
		text = "on " + e.Service + ", " + text
	}
	return text
}

func sentence(e correlate.Evidence) string {
	is, was := sides(e.Grade)
	observed, baseline := Level(e.Signal, e.Observed), Level(e.Signal, e.Baseline)
	signal := strings.TrimPrefix(e.Signal, "client_")
	switch kind, rest, _ := strings.Cut(signal, " "); {
	case kind+" " == correlate.CheckSignal:
		return "of the check " + rest + " " + checkEvidence(e)
	case e.Events == 0 && e.Baseline == 0 && !custom(e.Signal):
		return fmt.Sprintf("not one of %s requests %s", Count(e.N), failed(signal))
	case signal == "error_ratio":
		return fmt.Sprintf("%s of requests fail %s, %s %s", observed, is, baseline, was)
	case slow[signal] != "":
		return fmt.Sprintf("%s takes %s or more %s, %s %s", slow[signal], observed, is, baseline, was)
	case signal == "latency_mean":
		return fmt.Sprintf("a request takes %s on average %s, %s %s", observed, is, baseline, was)
	case signal == "throughput":
		return fmt.Sprintf("%s requests a second come %s, %s %s", observed, is, baseline, was)
	case signal == "log_errors":
		return fmt.Sprintf("%s errors are logged for 100 requests %s, %s %s", Figure(100*e.Observed), is, Figure(100*e.Baseline), was)
	case strings.HasPrefix(signal, correlate.Message):
		return fmt.Sprintf("“%s” was logged as an error %s times %s, and never before", rest, Count(e.Events), is)
	case kind == "exception":
		return fmt.Sprintf("%s was logged %s times %s, and never before", rest, Count(e.Events), is)
	case strings.HasPrefix(signal, correlate.CallsOf):
		return fmt.Sprintf("%s is called %s times for a request %s, %s %s", strings.TrimPrefix(signal, correlate.CallsOf), Figure(e.Observed), is, Figure(e.Baseline), was)
	case kind == "saturation" && rest == correlate.Restarts:
		return fmt.Sprintf("instances restart %s %s, %s %s", observed, is, baseline, was)
	case kind == "saturation":
		return fmt.Sprintf("%s is at %s %s, %s %s", rest, observed, is, baseline, was)
	}
	return fmt.Sprintf("%s is %s %s, %s %s", e.Signal, observed, is, baseline, was)
}

// slow says which requests a quantile of the latency is about.
var slow = map[string]string{
	"latency_p50": "half of all requests", "latency_p90": "one in 10 requests", "latency_p99": "one in 100 requests",
}

// failed is what didn't happen where no event was counted.
func failed(signal string) string {
	switch {
	case signal == "log_errors":
		return "logged an error"
	case slow[signal] != "":
		return "was slower than usual"
	}
	return "failed"
}

// sides are where and when the observed and the baseline were measured, by the grade of the comparison.
func sides(g correlate.Grade) (is, was string) {
	switch g {
	case correlate.GradeA:
		return "on the new version", "on the old one at the same time"
	case correlate.GradeB:
		return "in the changed zones", "in the others at the same time"
	case correlate.GradeC:
		return "since the change", "would be usual for the time of day"
	}
	return "since the change", "before"
}

// told is the sentence that a verdict comes down to, in the numbers of its own evidence; "" where its reason says it all.
func told(v correlate.Verdict) string {
	switch {
	case v.Outcome == correlate.Regressed:
		if e, ok := convicting(v); ok {
			return Sentence(e)
		}
	case v.Reason == correlate.ReasonCheckMissing:
		return missing(v.Evidence)
	case v.Outcome == correlate.Healthy:
		return bounded(v.Evidence)
	case v.Reason == correlate.ReasonUnderpowered:
		return unproven(v.Evidence)
	case v.Reason == correlate.ReasonConfounded && v.Blame > 0:
		return fmt.Sprintf("that there is a fault and this change made it has a probability of %s", Percent(v.Blame))
	case v.Reason == correlate.ReasonTransient && v.OnsetAt != nil && v.RecoveredAt != nil:
		return fmt.Sprintf("it showed for %s from %s on", Span(v.RecoveredAt.Sub(*v.OnsetAt).Seconds()), Instant(*v.OnsetAt))
	}
	return ""
}

// unproven says the first piece of evidence that got worse by its interval and yet doesn't convict; "" when none did.
func unproven(all []correlate.Evidence) string {
	for _, e := range all {
		worse := e.Interval[0] > 1 && !custom(e.Signal) // which way a signal of one's own hurts isn't known here
		if e.Signal == "throughput" {
			worse = e.Interval[1] < 1 && e.Interval != [2]float64{}
		}
		if worse {
			return Sentence(e) + ", and that is not enough to convict"
		}
	}
	return ""
}

// convicting is the evidence that a regression's reason is about: the first of its kind.
func convicting(v correlate.Verdict) (correlate.Evidence, bool) {
	for _, e := range v.Evidence {
		if decisive(v.Reason, e) {
			if e.Grade == "" {
				e.Grade = v.Grade
			}
			return e, true
		}
	}
	return correlate.Evidence{}, false
}

// bounded says how much worse things are at most, as far as it is proven.
func bounded(all []correlate.Evidence) string {
	var parts []string
	for _, e := range all {
		if most := AtMost(e); most != "" {
			parts = append(parts, Plain(e.Signal)+" "+most+tolerated(e))
		}
	}
	return strings.Join(parts, "; ")
}

// AtMost is the proven bound of a piece of evidence, such as "at most ×1.2 and +0.2 percentage points"; "" where nothing is
// proven.
func AtMost(e correlate.Evidence) string {
	if most := bounds(e.Signal, e.AtMost.Ratio, e.AtMost.Difference, " and "); most != "" {
		return "at most " + most
	}
	return ""
}

// tolerated is the margin of a piece of evidence; "" where none is known.
func tolerated(e correlate.Evidence) string {
	if margin := bounds(e.Signal, e.AtMost.MarginRatio, e.AtMost.MarginDifference, " or "); margin != "" {
		return " (tolerated: " + margin + ")"
	}
	return ""
}

// bounds are a factor and a difference, as far as they are known.
func bounds(signal string, ratio, by float64, between string) string {
	var parts []string
	if ratio > 0 {
		parts = append(parts, "×"+Times(ratio))
	}
	if by != 0 {
		parts = append(parts, difference(signal, by))
	}
	return strings.Join(parts, between)
}

// difference is a change of a signal's level, with its sign.
func difference(signal string, by float64) string {
	sign := "+"
	if by < 0 {
		sign, by = "-", -by
	}
	if strings.HasSuffix(signal, "_ratio") {
		return sign + Figure(100*by) + " percentage points"
	}
	return sign + Level(signal, by)
}

// Percent is a probability in whole percents; what is neither impossible nor certain is never said as 0 or 100.
func Percent(p float64) string {
	switch {
	case p > 0 && p < 0.01:
		return "less than 1 %"
	case p < 1 && p > 0.99:
		return "more than 99 %"
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}
