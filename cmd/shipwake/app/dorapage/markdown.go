package dorapage

import (
	"fmt"
	"io"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/doratable"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
	"github.com/shipwake/shipwake/internal/figures"
)

// Markdown writes the page as text. Image gives the file that the chart of a metric is in; "" for none, then its trend is a
// line of signs.
func Markdown(out io.Writer, c Content, image func(Line) string) error {
	var b strings.Builder
	text := doratable.Text
	fmt.Fprintf(&b, "# %s\n\n%s\n\n## The five metrics\n\n", text(c.Heading()), text(c.Stands()))
	b.WriteString("| metric | this month | 95 % | counted from | month before | trend |\n|---|---:|---|---|---|---|\n")
	for _, l := range c.Lines() {
		fmt.Fprintf(&b, "| %s | **%s** | %s | %s | %s | %s |\n", l.Name, l.Now.Said, l.Now.Interval, text(l.Now.From),
			text(l.Before.Whole()), chart.Spark(figures.Values(figures.Past(c.Past, l.Metric, dora.Numbers{})), false))
	}
	b.WriteString("\n“–” is no data, which is not zero. A rate of fewer than five deployments is told as counts.\n\n## Against the own past\n")
	for _, l := range c.Lines() {
		if name := image(l); name != "" {
			fmt.Fprintf(&b, "\n![%s](%s)\n", text(l.Chart.Title+": "+l.Chart.Alternative()), name)
		} else {
			fmt.Fprintf(&b, "\n%s: %s\n", l.Chart.Title, text(l.Chart.Alternative()))
		}
	}
	c.changedMarkdown(&b)
	c.failuresMarkdown(&b)
	c.trustMarkdown(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

func (c Content) changedMarkdown(b *strings.Builder) {
	b.WriteString("\n## What became another number, and why\n\n")
	if len(c.Restated) == 0 {
		b.WriteString("No number of a week of this month is another than the one that was published.\n")
	}
	for _, r := range c.Changed() {
		fmt.Fprintf(b, "- %s: %s (of %s)\n", r.Restated, doratable.Text(r.Text), r.Published)
	}
}

func (c Content) failuresMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## The changes behind the failures\n\n%s\n", c.Counted())
	if len(c.Failures) == 0 {
		return
	}
	text := doratable.Text
	b.WriteString("\n| change | service | team | completed | what speaks against it |\n|---|---|---|---|---|\n")
	for _, f := range c.Listed() {
		fmt.Fprintf(b, "| [%s](<%s>) | %s | %s | %s | %s |\n", text(f.ID), f.Link, text(f.Service+" "+f.Version), text(f.Team), f.Finished, text(f.Why))
	}
}

func (c Content) trustMarkdown(b *strings.Builder) {
	b.WriteString("\n## How far the data can be trusted\n\n")
	if c.Quality == nil {
		b.WriteString("The daemon doesn't tell.\n")
	} else {
		b.WriteString("| what lacks something | share | such as |\n|---|---|---|\n")
		for _, check := range c.Quality.Checks {
			fmt.Fprintf(b, "| %s | %s | %s |\n", doratable.Text(check.Says()), words.Ratio(check.Share), doratable.Text(check.Such()))
		}
		for _, note := range c.Quality.Notes() {
			fmt.Fprintf(b, "\n%s\n", doratable.Text(note))
		}
	}
	fmt.Fprintf(b, "\n## Definitions\n\nPolicy %s. Intervals are Wilson's, at 95 %%.\n\n", c.Report.Policy.Title())
	for _, l := range c.Lines() {
		fmt.Fprintf(b, "- **%s**: %s Reference, DORA's survey of 2025: %s.\n", l.Name, l.Means, l.Reference)
	}
	b.WriteString("\nThe reference is of other companies and of answers on a scale, and no goal; the own past says more.\n")
}
