package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// report prints what was deployed and what Shipwake found, and the DORA numbers. It returns ErrWrong when a verdict
// differs from what was injected, ErrBusy when one can't be told.
func (d *demo) report(ctx context.Context) error {
	scenes := d.board.all()
	fmt.Fprint(d.Out, table(scenes, d.board.style), "\n", summary(scenes, d.shop.Pace()), "\n")
	if err := d.numbers(ctx); err != nil {
		return err
	}
	switch n := tally(scenes); {
	case n[wrong] > 0:
		return ErrWrong
	case n[untold] > 0:
		return ErrBusy
	}
	return nil
}

// tally counts the scenes by how they ended.
func tally(scenes []scene) map[mark]int {
	n := map[mark]int{}
	for _, s := range scenes {
		n[s.mark()]++
	}
	return n
}

// table has two lines a scene: what was deployed and found, and the evidence.
func table(scenes []scene, in style) string {
	var b strings.Builder
	b.WriteString("\n" + in.in(bold, row("  CHANGE", "INJECTED", pad("VERDICT", verdictWidth), "AFTER")) + "\n")
	for _, s := range scenes {
		b.WriteString(s.result(in))
	}
	return b.String()
}

// verdictWidth holds the longest reason for a regression.
const verdictWidth = 25

// row puts the columns of a line side by side; the verdict must be as wide as its column.
func row(change, injected, verdict, after string) string {
	return fmt.Sprintf("%s %s %s %5s", pad(change, 2+serviceWidth+1+versionWidth), pad(injected, nameWidth), verdict, after)
}

// result is the two lines of a scene.
func (s *scene) result(in style) string {
	sign := map[mark]string{right: "✓", wrong: "✗", untold: "?"}[s.mark()]
	change := sign + " " + pad(s.service, serviceWidth) + " " + s.versions()
	return row(change, s.name, s.verdictCell(in), s.detected()) + "\n    " + s.because() + "\n"
}

// verdictCell is the verdict as wide as its column.
func (s *scene) verdictCell(in style) string {
	switch {
	case s.mark() == untold:
		return in.in(yellow, pad("can't be told", verdictWidth))
	case s.verdict == nil:
		return pad(words.None, verdictWidth)
	}
	return in.outcome(s.verdict.Outcome, pad(headline(*s.verdict, verdictWidth), verdictWidth))
}

// because is what the verdict rests on, after what is wrong with it.
func (s *scene) because() string {
	m := s.mark()
	switch {
	case m == untold:
		return "this machine was too busy: " + percent(1-s.pace.Share()) + " of requests were reported late"
	case s.verdict == nil:
		return "expected " + string(s.expected)
	case m == wrong && s.verdict.Outcome == s.expected:
		return "wrong at first; " + effect(s.verdict)
	case m == wrong:
		return "expected " + string(s.expected) + "; " + effect(s.verdict)
	case s.verdict.Outcome == correlate.Regressed:
		return fmt.Sprintf("%s; blame %.0f %%", effect(s.verdict), 100*s.verdict.Blame)
	}
	return effect(s.verdict)
}

// detected is the time from the first new instance to the answer, as somebody who watches the API sees it.
func (s *scene) detected() string {
	if s.answered.IsZero() || s.mark() == untold {
		return words.None
	}
	return fmt.Sprintf("%.0f s", s.answered.Sub(s.began).Seconds())
}

// smooth is the share of requests reported in time from which there is nothing to say of the machine.
const smooth = 0.99

// summary is how many verdicts are right, and whether the machine was short of CPU.
func summary(scenes []scene, pace shop.Pace) string {
	n := tally(scenes)
	said := fmt.Sprintf("%d of %d verdicts are what was injected", n[right], len(scenes))
	if n[untold] > 0 {
		said += fmt.Sprintf(", %d can't be told", n[untold])
	}
	said += ".\n"
	if pace.Share() < smooth {
		said += fmt.Sprintf("This machine was short of CPU: %s of requests were reported late, up to %s.\n",
			percent(1-pace.Share()), words.Span(pace.Worst.Seconds()))
	}
	return said
}

// percent is a share in whole percents, more than none when there is any.
func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "under 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// numbers prints the DORA numbers of the demo's past and present.
func (d *demo) numbers(ctx context.Context) error {
	rows := [][]string{{"DORA, production"}, {"deployments"}, {"per day"}, {"change fail rate"}, {"recovery (median)"}, {"lead time (median)"}, {"rework rate"}}
	for _, since := range []string{"7d", "30d", "90d"} {
		r, err := d.api.DORA(ctx, url.Values{"since": {since}})
		if err != nil {
			return fmt.Errorf("asking for the DORA numbers: %w", err)
		}
		n := r.Total
		for i, said := range []string{strings.TrimSuffix(since, "d") + " days", words.Count(int64(n.Deployments)), words.Rate(n.DeploymentsPerDay),
			words.Ratio(n.ChangeFailRate), words.Median(n.Recovery), words.Median(n.LeadTime), words.Ratio(n.ReworkRate)} {
			rows[i] = append(rows[i], said)
		}
	}
	for i, r := range rows {
		line := strings.TrimRight(fmt.Sprintf("%s  %s %s %s", pad(r[0], 18), pad(r[1], 18), pad(r[2], 19), r[3]), " ")
		if i == 0 {
			line = d.board.style.in(bold, line)
		}
		fmt.Fprintln(d.Out, line)
	}
	return nil
}
