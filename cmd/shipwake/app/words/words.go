// Package words answers: how is what Shipwake knows said to a person at a terminal?
//
// A ratio is never said without what it was counted from, and no data is "–", never zero.
package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// None is how the absence of data is said.
const None = "–"

// Reason says a reason of the closed list.
func Reason(r correlate.Reason) string {
	said, ok := map[correlate.Reason]string{
		correlate.ReasonErrorRatio:       "more requests fail",
		correlate.ReasonLatency:          "requests are slower",
		correlate.ReasonThroughput:       "requests are missing",
		correlate.ReasonLogErrors:        "more errors are logged",
		correlate.ReasonNewException:     "an exception that was not seen before",
		correlate.ReasonCustomSignal:     "a signal of your own moved the wrong way",
		correlate.ReasonDownstream:       "the fault shows on another service",
		correlate.ReasonWithinMargin:     "errors and latency are proven to lie within the margin",
		correlate.ReasonUnderpowered:     "too few requests to tell",
		correlate.ReasonNoTelemetry:      "there was no telemetry",
		correlate.ReasonConfounded:       "it can't be told which of several changes did it",
		correlate.ReasonMixShift:         "other requests came than before",
		correlate.ReasonBaselineTooShort: "too little is known of the time before",
		correlate.ReasonSuperseded:       "the next change came before it could be told",
		correlate.ReasonTransient:        "it went away by itself",
		correlate.ReasonNoCoverage:       "telemetry was lost",
		correlate.ReasonNotDeployed:      "it never reached users",
	}[r]
	if !ok {
		return Plain(string(r))
	}
	return said
}

// Reopening says why a verdict was gone into again.
func Reopening(r correlate.Reopening) string {
	switch r {
	case correlate.LateChange:
		return "a change was reported or corrected late"
	case correlate.LateIncident:
		return "an incident was reported or corrected late"
	case correlate.LateMeasurement:
		return "telemetry came late"
	}
	return Plain(string(r))
}

// Cause says why a record became another.
func Cause(c correlate.Cause) string {
	said, ok := map[correlate.Cause]string{
		correlate.CauseMerged:   "found to be another report of one change",
		correlate.CauseLateFact: "reported late",
		correlate.CauseRelinked: "another incident held against it",
		correlate.CauseUnlinked: "incident no longer held against it",
		correlate.CauseLinked:   "incident held against it",
		correlate.CauseRollback: "taken back, or no longer",
		correlate.CauseVerdict:  "judged",
		correlate.CauseHistory:  "known when the history began",
	}[c]
	if !ok {
		return Plain(string(c))
	}
	return said
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

// Plain is an identifier with spaces.
func Plain(identifier string) string { return strings.ReplaceAll(identifier, "_", " ") }

// Effect is one signal before and after, with the ratio and its interval when there is one to speak of.
func Effect(e correlate.Evidence) string {
	if e.Events == 0 && e.Baseline == 0 {
		return fmt.Sprintf("none in %s requests", Count(e.N))
	}
	return fmt.Sprintf("%s → %s, ×%s (%s … %s)%s", Level(e.Signal, e.Baseline), Level(e.Signal, e.Observed),
		Figure(e.Ratio), bound(e.Interval[0]), bound(e.Interval[1]), mix(e.Mix))
}

// mix is by how much the baseline was moved because requests came for other routes, nothing when it wasn't.
func mix(factor float64) string {
	if factor == 0 {
		return ""
	}
	return ", of ×" + Figure(factor) + " by the mix of routes"
}

// widest is where intervals end when nothing bounds them.
const widest = 600

func bound(v float64) string {
	switch {
	case v >= widest:
		return "∞"
	case v <= 1.0/widest:
		return "0"
	}
	return Figure(v)
}

// Level is a signal's value in the unit that people read it in.
func Level(signal string, v float64) string {
	switch {
	case strings.HasPrefix(signal, "latency"):
		return time.Duration(v * float64(time.Second)).Round(100 * time.Microsecond).String()
	case strings.HasSuffix(signal, "_ratio"), signal == "log_errors":
		return Figure(100*v) + " %"
	}
	return Figure(v)
}

// Figure is a number with the two or three digits that matter.
func Figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 10 && a < 1e6:
		return Count(int64(math.Round(v)))
	case v == math.Trunc(v) && a < 10:
		return strconv.Itoa(int(v))
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// Count is a whole number with its thousands apart.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Ratio is a DORA ratio with its numerator and denominator.
func Ratio(r *dora.Ratio) string {
	if r == nil {
		return None
	}
	return fmt.Sprintf("%.1f %% (%d of %d)", 100*r.Value, r.Numerator, r.Denominator)
}

// Median is the median of durations with their number.
func Median(d *dora.Duration) string {
	if d == nil {
		return None
	}
	return fmt.Sprintf("%s (n %d)", Span(d.Median), d.N)
}

// Rate is a number per day.
func Rate(v *float64) string {
	if v == nil {
		return None
	}
	return fmt.Sprintf("%.2f", *v)
}

// Span is a duration in seconds, in the two largest units that it has.
func Span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm %ds", minutes, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// Or is the text, or None when it is empty.
func Or(text string) string {
	if text == "" {
		return None
	}
	return text
}

// Day is the day of a time in UTC.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Instant is a time as it is printed everywhere: UTC, to the second.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
