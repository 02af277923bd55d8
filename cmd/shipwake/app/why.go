package app

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

// mostEvidence is how many signals and suspects are worth a person's time; the rest is in --output json.
const mostEvidence = 4

// why says in about ten lines what a change did and how that is known.
func why(a api.Change) string {
	var b strings.Builder
	c, v := a.Change, a.Change.Verdict
	fmt.Fprintf(&b, "%s %s in %s: %s\n", c.Service, orDash(c.Version), c.Environment, answerOf(c))
	fmt.Fprintf(&b, "  change      %s, %s by %s%s\n", c.ID, c.Kind, orDash(c.Source), timesOf(c))
	if v == nil {
		return b.String()
	}
	final := "may still change until " + instant(c.WindowEnd)
	if v.Final {
		final = "final"
	}
	fmt.Fprintf(&b, "  decided     %s, revision %d, %s\n", instant(v.DecidedAt), v.Revision, final)
	if v.Grade != "" {
		fmt.Fprintf(&b, "  compared    %s (grade %s)\n", comparison(v.Grade), v.Grade)
	}
	for _, e := range v.Evidence[:min(len(v.Evidence), mostEvidence)] {
		fmt.Fprintf(&b, "  %-11s %s\n", e.Signal, evidence(e))
	}
	if v.Outcome == correlate.Inconclusive && v.SmallestVisible > 0 {
		fmt.Fprintf(&b, "  could see   a rise of errors to ×%s or more\n", figure(v.SmallestVisible))
	}
	if v.OnsetAt != nil {
		fmt.Fprintf(&b, "  since       %s%s\n", instant(*v.OnsetAt), recovered(v.RecoveredAt))
	}
	if v.Outcome == correlate.Regressed {
		fmt.Fprintf(&b, "  blame       %.0f %% this change\n", 100*v.Blame)
	}
	for _, r := range a.Regressions[:min(len(a.Regressions), mostEvidence)] {
		fmt.Fprintf(&b, "  seen at     %s: %s since %s, suspected: %s\n", r.Service, r.Signal, instant(r.OnsetAt), suspects(r))
	}
	if len(c.Incidents) > 0 {
		fmt.Fprintf(&b, "  incidents   %s\n", strings.Join(c.Incidents, ", "))
	}
	if c.RolledBackBy != "" {
		fmt.Fprintf(&b, "  taken back  by %s\n", c.RolledBackBy)
	}
	return b.String()
}

// answerOf is the verdict in capitals with its reason, or why there is none yet.
func answerOf(c correlate.ChangeRecord) string {
	switch {
	case c.Verdict != nil:
		return strings.ToUpper(string(c.Verdict.Outcome)) + " (" + reasonWords(c.Verdict.Reason) + ")"
	case c.Phase == correlate.PhaseHistory:
		return "NOT JUDGED (it was reported after its time, without telemetry)"
	}
	return "NO VERDICT YET (observing until " + instant(c.WindowEnd) + ")"
}

// reasonWords says a reason of the closed list in words.
func reasonWords(r correlate.Reason) string {
	switch r {
	case correlate.ReasonWithinMargin:
		return "errors and latency are proven to lie within the margin"
	case correlate.ReasonErrorRatio:
		return "more requests fail"
	case correlate.ReasonLatency:
		return "requests are slower"
	case correlate.ReasonThroughput:
		return "requests are missing"
	case correlate.ReasonLogErrors:
		return "more errors are logged"
	case correlate.ReasonNewException:
		return "an exception that was not seen before"
	case correlate.ReasonCustomSignal:
		return "a custom signal moved the wrong way"
	case correlate.ReasonDownstream:
		return "the fault shows on another service"
	case correlate.ReasonUnderpowered:
		return "too few requests to tell"
	case correlate.ReasonNoTelemetry:
		return "no telemetry"
	case correlate.ReasonConfounded:
		return "it can't be told which of several changes did it"
	case correlate.ReasonNoCoverage:
		return "telemetry was lost"
	case correlate.ReasonNotDeployed:
		return "it never reached users"
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

func comparison(g correlate.Grade) string {
	switch g {
	case correlate.GradeA:
		return "with the old version's instances at the same time"
	case correlate.GradeB:
		return "with places that had not changed yet"
	case correlate.GradeC:
		return "with the same time on earlier days"
	}
	return "with the time before the change only"
}

// evidence is one signal: before and after, the ratio with its interval, and what it rests on.
func evidence(e correlate.Evidence) string {
	return fmt.Sprintf("%s → %s, %s, %d events in %d", level(e.Signal, e.Baseline), level(e.Signal, e.Observed),
		effect(e), e.Events, e.N)
}

// effect is a ratio with its interval.
func effect(e correlate.Evidence) string {
	return fmt.Sprintf("×%s (%s … %s)", figure(e.Ratio), figure(e.Interval[0]), figure(e.Interval[1]))
}

// level is a signal's value in the unit that people read it in.
func level(signal string, v float64) string {
	switch {
	case strings.HasPrefix(signal, "latency"):
		return time.Duration(v * float64(time.Second)).Round(10 * time.Microsecond).String()
	case strings.HasSuffix(signal, "_ratio"), signal == "log_errors":
		return fmt.Sprintf("%s %%", figure(100*v))
	}
	return figure(v)
}

// figure is a number with two or three digits that matter.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		return fmt.Sprintf("%.2g", v)
	case a >= 10 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

func suspects(r correlate.Regression) string {
	var parts []string
	for _, s := range r.Suspects[:min(len(r.Suspects), 3)] {
		parts = append(parts, fmt.Sprintf("%s %.0f %%", s.ChangeID, 100*s.Probability))
	}
	if len(parts) == 0 {
		return "nothing that was deployed"
	}
	return strings.Join(parts, ", ")
}

func timesOf(c correlate.ChangeRecord) string {
	switch {
	case c.StartedAt.IsZero():
		return ", finished " + instant(c.FinishedAt)
	case c.FinishedAt.IsZero():
		return ", " + instant(c.StartedAt) + " and not finished"
	}
	return ", " + instant(c.StartedAt) + " … " + instant(c.FinishedAt)
}

func recovered(at *time.Time) string {
	if at == nil {
		return ", lasting"
	}
	return ", recovered " + instant(*at)
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
