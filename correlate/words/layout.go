package words

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate"
)

// Line is one line of an explanation: what it is about, in a word or two, and what is said of it.
type Line struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// lines collects them.
type lines []Line

func (l *lines) add(about, format string, args ...any) {
	*l = append(*l, Line{about, fmt.Sprintf(format, args...)})
}

// some adds a line when there is something to say.
func (l *lines) some(about, text string) {
	if text != "" {
		l.add(about, "%s", text)
	}
}

// more says how many signals aren't shown.
func (l *lines) more(n int) {
	if n == 1 {
		l.add("and", "one more signal")
	} else if n > 1 {
		l.add("and", "%d more signals", n)
	}
}

// Lines are the parts of an explanation in the order in which they are read, without the headline.
func (e Explanation) Lines() []Line {
	var l lines
	l.some("in numbers", e.Told)
	l.some("change", e.Reported)
	l.some("brings", e.Brings)
	if e.Outcome != "" {
		e.decidedIn(&l)
		e.shownIn(&l)
		e.culpritsIn(&l)
	}
	l.some("heard in", e.HeardIn)
	l = append(l, e.ahead...)
	l.some("checks", strings.Join(e.Checks, "; "))
	l.some("incidents", strings.Join(e.Incidents, ", "))
	if e.TakenBackBy != "" {
		l.add("taken back", "by %s", e.TakenBackBy)
	}
	l.some("next", e.Next)
	return l
}

func (e Explanation) decidedIn(l *lines) {
	final := "final"
	if !e.Final {
		final = "may still change until " + Instant(e.OpenUntil)
	}
	l.add("decided", "%s, revision %d, %s", Instant(e.DecidedAt), e.Revision, final)
	if r := e.Corrects; r != nil {
		by := ""
		if r.By != "" {
			by = " (" + r.By + ")"
		}
		l.add("reopened", "%s%s; what was said from revision %d on no longer stands", r.Why, by, r.Since)
	}
	if e.Compared.Grade != "" {
		l.add("compared", "%s (grade %s)", e.Compared.With, e.Compared.Grade)
	}
}

func (e Explanation) shownIn(l *lines) {
	for _, f := range e.Shows {
		l.add(f.Name(), "%s", f.Line())
		for _, r := range f.Routes {
			l.add("  on route", "%s", r)
		}
	}
	l.more(e.More)
	l.some("exceptions", strings.Join(e.Exceptions, ", "))
	if e.CouldSee != "" {
		l.add("could see", "errors, had they become %s times as frequent or more", e.CouldSee)
	}
	switch {
	case e.Lasting:
		l.add("since", "%s, lasting", Instant(e.Since))
	case !e.Since.IsZero():
		l.add("since", "%s, recovered %s", Instant(e.Since), Instant(e.Recovered))
	}
}

func (e Explanation) culpritsIn(l *lines) {
	if e.Outcome == correlate.Regressed {
		l.add("blame", "%s this change%s", Percent(e.Blame.Probability), e.Blame.otherwise())
		if e.Blame.Now != "" {
			l.add("  by now", "%s, by what was learnt since it was decided", e.Blame.Now)
		}
		for _, t := range e.Blame.Terms {
			l.add("  because", "%s", t.Text())
		}
	}
	var late []string
	for _, r := range e.RuledOut {
		late = append(late, fmt.Sprintf("%s, which began %s after the fault", r.ChangeID, Span(r.After.Seconds())))
	}
	l.some("ruled out", strings.Join(late, "; "))
	for _, f := range e.WhoElse {
		l.add("seen at", "%s: %s since %s, suspected: %s", f.Service, f.Signal, Instant(f.Since), suspects(f.Suspects))
	}
}

// otherwise says who else may have done it.
func (b Blame) otherwise() string {
	switch {
	case b.Alone:
		return ", no other change is suspected"
	case len(b.Others) > 0:
		return "; also suspected: " + suspects(b.Others)
	}
	return ""
}

func suspects(all []correlate.Suspect) string {
	var parts []string
	for _, s := range all {
		parts = append(parts, s.ChangeID+" "+Percent(s.Probability))
	}
	return strings.Join(parts, ", ")
}

// Width is how wide Page is at most, in characters, but for words that are longer.
const Width = 80

// indent is where the second column of Page begins.
const indent = 14

// Page lays lines out in two columns for a terminal.
func Page(all []Line) string {
	var b strings.Builder
	for _, l := range all {
		at := 2 + max(utf8.RuneCountInString(l.About), indent-3)
		fmt.Fprintf(&b, "  %-*s", indent-3, l.About)
		for _, word := range strings.Split(together.ReplaceAllString(l.Text, "$1\u00a0$2"), " ") {
			if n := utf8.RuneCountInString(word); at+1+n > Width && at > indent {
				b.WriteString("\n" + strings.Repeat(" ", indent-1))
				at = indent - 1
			}
			b.WriteString(" " + word)
			at += 1 + utf8.RuneCountInString(word)
		}
		b.WriteString("\n")
	}
	return strings.ReplaceAll(b.String(), "\u00a0", " ")
}

// together is what isn't broken over two lines: a number with its unit, and a day with its time.
var together = regexp.MustCompile(`([0-9]) (%|[0-9]{2}:)`)
