package app

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// why says in about ten lines what a change did and how that is known.
func why(a api.Change) string {
	c := a.Change
	e := words.Explain(c, a.Regressions)
	p := &page{}
	fmt.Fprintf(p, "%s: %s (%s)\n", e.Subject, strings.ToUpper(e.Answer), e.Why)
	p.line("change", "%s, %s by %s%s", c.ID, c.Kind, words.Or(c.Source), timesOf(c))
	if e.Outcome == "" {
		return p.String()
	}
	p.decided(e)
	p.evidence(e)
	p.culprits(e)
	p.list("incidents", e.Incidents)
	if e.TakenBackBy != "" {
		p.line("taken back", "by %s", e.TakenBackBy)
	}
	if e.Next != "" {
		p.line("next", "%s", e.Next)
	}
	return p.String()
}

// page is text in two columns.
type page struct{ strings.Builder }

func (p *page) line(name, format string, args ...any) {
	fmt.Fprintf(p, "  %-11s "+format+"\n", append([]any{name}, args...)...)
}

func (p *page) list(name string, items []string) {
	if len(items) > 0 {
		p.line(name, "%s", strings.Join(items, ", "))
	}
}

func (p *page) decided(e words.Explanation) {
	final := "final"
	if !e.Final {
		final = "may still change until " + words.Instant(e.OpenUntil)
	}
	p.line("decided", "%s, revision %d, %s", words.Instant(e.DecidedAt), e.Revision, final)
	if r := e.Corrects; r != nil {
		by := ""
		if r.By != "" {
			by = " (" + r.By + ")"
		}
		p.line("reopened", "%s%s; what was said from revision %d on no longer stands", r.Why, by, r.Since)
	}
}

func (p *page) evidence(e words.Explanation) {
	if e.Compared.Grade != "" {
		p.line("compared", "%s (grade %s)", e.Compared.With, e.Compared.Grade)
	}
	for _, f := range e.Shows {
		p.line(f.Name(), "%s (n %s)", f.Text(), f.N)
	}
	if e.CouldSee != "" {
		p.line("could see", "a rise of errors to ×%s or more", e.CouldSee)
	}
	switch {
	case e.Lasting:
		p.line("since", "%s, lasting", words.Instant(e.Since))
	case !e.Since.IsZero():
		p.line("since", "%s, recovered %s", words.Instant(e.Since), words.Instant(e.Recovered))
	}
}

func (p *page) culprits(e words.Explanation) {
	if e.Outcome == correlate.Regressed {
		p.line("blame", "%.0f %% this change%s", 100*e.Blame.Probability, because(e.Blame.Terms))
	}
	var late []string
	for _, r := range e.RuledOut {
		late = append(late, fmt.Sprintf("%s, which began %s after the fault", r.ChangeID, words.Span(r.After.Seconds())))
	}
	if len(late) > 0 {
		p.line("ruled out", "%s", strings.Join(late, "; "))
	}
	for _, f := range e.WhoElse {
		p.line("seen at", "%s: %s since %s, suspected: %s", f.Service, f.Signal, words.Instant(f.Since), suspects(f.Suspects))
	}
}

// because lists what the blame is made of, in log-odds.
func because(terms []words.Term) string {
	var parts []string
	for _, t := range terms {
		parts = append(parts, fmt.Sprintf("%s %+.1f", t.Name, t.LogOdds))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func suspects(all []correlate.Suspect) string {
	var parts []string
	for _, s := range all {
		parts = append(parts, fmt.Sprintf("%s %.0f %%", s.ChangeID, 100*s.Probability))
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
