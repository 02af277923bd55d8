package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/words"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/sinks/api"
)

// mostEvidence is how many signals and suspects are worth a person's time; the rest is in --output json.
const mostEvidence = 4

// why says in about ten lines what a change did and how that is known.
func why(a api.Change) string {
	var b strings.Builder
	c, v := a.Change, a.Change.Verdict
	fmt.Fprintf(&b, "%s %s in %s: %s\n", c.Service, words.Or(c.Version), c.Environment, answerOf(c))
	fmt.Fprintf(&b, "  change      %s, %s by %s%s\n", c.ID, c.Kind, words.Or(c.Source), timesOf(c))
	if v == nil {
		return b.String()
	}
	final := "may still change until " + words.Instant(c.WindowEnd)
	if v.Final {
		final = "final"
	}
	fmt.Fprintf(&b, "  decided     %s, revision %d, %s\n", words.Instant(v.DecidedAt), v.Revision, final)
	if v.Reopened != "" {
		fmt.Fprintf(&b, "  reopened    %s%s; what was said from revision %d on no longer stands\n", words.Reopening(v.Reopened), by(v.ReopenedBy), v.Supersedes)
	}
	if v.Grade != "" {
		fmt.Fprintf(&b, "  compared    %s (grade %s)\n", words.Grade(v.Grade), v.Grade)
	}
	for _, e := range v.Evidence[:min(len(v.Evidence), mostEvidence)] {
		fmt.Fprintf(&b, "  %-11s %s (n %s)\n", strings.TrimSpace(e.Service+" "+e.Signal), words.Effect(e), words.Count(e.N))
	}
	if v.Outcome == correlate.Inconclusive && v.SmallestVisible > 0 {
		fmt.Fprintf(&b, "  could see   a rise of errors to ×%s or more\n", words.Figure(v.SmallestVisible))
	}
	if v.OnsetAt != nil {
		fmt.Fprintf(&b, "  since       %s%s\n", words.Instant(*v.OnsetAt), recovered(v.RecoveredAt))
	}
	if v.Outcome == correlate.Regressed {
		fmt.Fprintf(&b, "  blame       %.0f %% this change%s\n", 100*v.Blame, because(a))
	}
	if late := ruledOut(a); late != "" {
		fmt.Fprintf(&b, "  ruled out   %s\n", late)
	}
	for _, r := range blamedFor(a) {
		fmt.Fprintf(&b, "  seen at     %s: %s since %s, suspected: %s\n", r.Service, r.Signal, words.Instant(r.OnsetAt), suspects(r))
	}
	if len(c.Incidents) > 0 {
		fmt.Fprintf(&b, "  incidents   %s\n", strings.Join(c.Incidents, ", "))
	}
	if c.RolledBackBy != "" {
		fmt.Fprintf(&b, "  taken back  by %s\n", c.RolledBackBy)
	}
	return b.String()
}

func by(id string) string {
	if id == "" {
		return ""
	}
	return " (" + id + ")"
}

// charge is the newest fault for which this change is suspected the most, and the suspicion; nil when there is none.
func charge(a api.Change) (fault *correlate.Regression, this correlate.Suspect) {
	for i, r := range a.Regressions {
		for _, s := range r.Suspects {
			if s.ChangeID == a.Change.ID && s.Probability > this.Probability {
				fault, this = &a.Regressions[i], s
			}
		}
	}
	return fault, this
}

// because lists what the blame is made of, in log-odds.
func because(a api.Change) string {
	_, this := charge(a)
	var parts []string
	for _, term := range slices.Sorted(maps.Keys(this.Terms)) {
		if v := this.Terms[term]; v != 0 {
			parts = append(parts, fmt.Sprintf("%s %+.1f", term, v))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// ruledOut are the suspects of the same fault that began too late to have caused it.
func ruledOut(a api.Change) string {
	fault, _ := charge(a)
	if fault == nil {
		return ""
	}
	var parts []string
	for _, s := range fault.Suspects {
		if late, vetoed := s.Terms[blame.TermVeto]; vetoed && len(parts) < mostEvidence {
			parts = append(parts, fmt.Sprintf("%s, which began %s after the fault", s.ChangeID, words.Span(-late)))
		}
	}
	return strings.Join(parts, "; ")
}

// blamedFor are the faults on other services that this change is the likely cause of.
func blamedFor(a api.Change) []correlate.Regression {
	var faults []correlate.Regression
	for _, r := range a.Regressions {
		likely := slices.ContainsFunc(r.Suspects, func(s correlate.Suspect) bool {
			return s.ChangeID == a.Change.ID && s.Probability >= 0.5
		})
		if likely && r.Service != a.Change.Service && len(faults) < mostEvidence {
			faults = append(faults, r)
		}
	}
	return faults
}

// answerOf is the verdict in capitals with its reason, or why there is none yet.
func answerOf(c correlate.ChangeRecord) string {
	switch {
	case c.Verdict != nil:
		return strings.ToUpper(string(c.Verdict.Outcome)) + " (" + words.Reason(c.Verdict.Reason) + ")"
	case c.Phase == correlate.PhaseRetracted:
		return "RETRACTED (nobody reports it any more)"
	case c.Phase == correlate.PhaseHistory:
		return "NOT JUDGED (it was reported after its time, without telemetry)"
	}
	return "NO VERDICT YET (observing until " + words.Instant(c.WindowEnd) + ")"
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
		return ", finished " + words.Instant(c.FinishedAt)
	case c.FinishedAt.IsZero():
		return ", " + words.Instant(c.StartedAt) + " and not finished"
	}
	return ", " + words.Instant(c.StartedAt) + " … " + words.Instant(c.FinishedAt)
}

func recovered(at *time.Time) string {
	if at == nil {
		return ", lasting"
	}
	return ", recovered " + words.Instant(*at)
}
