package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// report prints what was deployed and what Shipwake found, and the DORA numbers. It returns ErrWrong when a verdict
// differs from what was injected.
func (d *demo) report(ctx context.Context) error {
	right := 0
	scenes := d.board.all()
	w := tabwriter.NewWriter(d.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nCHANGE\tINJECTED\tVERDICT\tEFFECT (INTERVAL)\tDETECTED AFTER\tCULPRIT\t")
	for _, s := range scenes {
		mark := "✗ expected " + string(s.expected)
		switch {
		case s.right():
			right, mark = right+1, "✓"
		case s.strayed:
			mark = "✗ was wrong at first"
		}
		fmt.Fprintf(w, "%s %s → %s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			s.service, s.from, s.release.Version, s.name, s.verdictWord(), s.effect(), s.detected(), s.culprit(), mark)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "\n%d of %d verdicts are what was injected.\n", right, len(scenes))
	if err := d.numbers(ctx); err != nil {
		return err
	}
	if right < len(scenes) {
		return ErrWrong
	}
	return nil
}

// right: the verdict is what was injected, and was never the opposite.
func (s *scene) right() bool {
	return s.verdict != nil && s.verdict.Outcome == s.expected && !s.strayed
}

func (s *scene) verdictWord() string {
	if s.verdict == nil {
		return "none"
	}
	return headline(*s.verdict)
}

// effect is the strongest evidence of errors or latency: which signal, how much, how sure.
func (s *scene) effect() string {
	if s.verdict == nil {
		return words.None
	}
	for _, e := range s.verdict.Evidence {
		if e.Signal == "error_ratio" || strings.HasPrefix(e.Signal, "latency") {
			return words.Plain(e.Signal) + " " + words.Effect(e)
		}
	}
	return words.None
}

// detected is the time from the first new instance to the answer, as somebody who watches the API sees it.
func (s *scene) detected() string {
	if s.answered.IsZero() {
		return words.None
	}
	return fmt.Sprintf("%.0f s", s.answered.Sub(s.began).Seconds())
}

// culprit is the change that the regression of this service is blamed on.
func (s *scene) culprit() string {
	if s.verdict == nil || s.verdict.Outcome != correlate.Regressed {
		return words.None
	}
	return fmt.Sprintf("%s %s (%.0f %%)", s.service, s.release.Version, 100*s.verdict.Blame)
}

// numbers prints the DORA numbers of the demo's past and present.
func (d *demo) numbers(ctx context.Context) error {
	fmt.Fprintln(d.Out, "\nDORA, production")
	w := tabwriter.NewWriter(d.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WINDOW\tDEPLOYMENTS\tPER DAY\tCHANGE FAIL RATE\tRECOVERY (MEDIAN)\tLEAD TIME (MEDIAN)\tREWORK RATE")
	for _, since := range []string{"7d", "30d", "90d"} {
		r, err := d.api.DORA(ctx, url.Values{"since": {since}})
		if err != nil {
			return fmt.Errorf("asking for the DORA numbers: %w", err)
		}
		n := r.Total
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", since, n.Deployments, words.Rate(n.DeploymentsPerDay),
			words.Ratio(n.ChangeFailRate), words.Median(n.Recovery), words.Median(n.LeadTime), words.Ratio(n.ReworkRate))
	}
	return w.Flush()
}
