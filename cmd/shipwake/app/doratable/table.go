// Package doratable answers: how are DORA numbers laid out for a terminal, a spreadsheet and a text?
//
// One metric is shown at a time: next to each other stand a number's own past and what it was counted from, not the numbers
// of several metrics, which are no sum and no score.
package doratable

import (
	"fmt"
	"io"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
	"github.com/shipwake/shipwake/internal/figures"
)

// Table writes a report for a terminal: the whole, and each metric by group or by period.
func Table(out io.Writer, r dora.Report, s screen.Screen) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", Title(r))
	t := table{r, s}
	switch {
	case r.By != "":
		t.split(&b, t.groups)
	default:
		t.whole(&b)
		if len(r.Periods) > 0 {
			t.split(&b, t.periods)
		}
	}
	for _, note := range Notes(r) {
		b.WriteString("\n" + strings.Join(wrapped(note, s.Width), "\n") + "\n")
	}
	_, err := io.WriteString(out, s.Signs(b.String()))
	return err
}

// Title says what a report is of: "production, 2026-01-30 … 2026-03-01 UTC, policy shipwake v1".
func Title(r dora.Report) string {
	environment := r.Environment
	if environment == "" {
		environment = "all environments"
	}
	return fmt.Sprintf("%s, %s … %s, policy %s", environment, words.Instant(r.From), words.Instant(r.To), r.Policy.Title())
}

// Notes are what must be known beside the numbers.
func Notes(r dora.Report) []string {
	var all []string
	add := func(n int, format string) {
		if n > 0 {
			all = append(all, fmt.Sprintf(format, n))
		}
	}
	if len(r.OtherEnvironments) > 0 {
		all = append(all, fmt.Sprintf("This is %s. Not counted is what was rolled out in: %s (see --environment, and --by environment)",
			r.Environment, strings.Join(r.OtherEnvironments, ", ")))
	}
	add(r.Total.DeployFailed, "rollouts that failed before they reached users, in no fail rate: %d")
	add(r.Total.Unattributed, "incidents held against no change: %d (shipwake incidents says why)")
	return all
}

type table struct {
	dora.Report
	screen.Screen
}

// whole lists every metric of all there is.
func (t table) whole(b *strings.Builder) {
	five, further := t.rows(figures.Five()), t.rows(figures.Further())
	c := columnsOf(append(five[:len(five):len(five)], further...), t.Width)
	t.head(b, c, "")
	for _, r := range five {
		c.write(b, t.Screen, r)
	}
	b.WriteString("\n")
	for _, r := range further {
		c.write(b, t.Screen, r)
	}
}

// rows are the figures of all there is, one a metric.
func (t table) rows(metrics []figures.Metric) []row {
	var all []row
	for _, m := range metrics {
		all = append(all, t.row(m.Name, m, t.Total, m.Of(t.Policy, &t.Total)))
	}
	return all
}

// row is a figure with how it moved in the group that it is of.
func (t table) row(name string, m figures.Metric, of dora.Numbers, f figures.Figure) row {
	trend := ""
	if len(t.Periods) > 0 {
		trend = chart.Spark(figures.Values(figures.Past(t.Report, m, of)), t.Plain)
	}
	return row{name, f.Said, f.Interval, f.From, trend}
}

func (t table) head(b *strings.Builder, c columns, first string) {
	trend := ""
	if c.trend > 0 {
		trend = "by " + string(t.Series)
	}
	var line strings.Builder
	c.write(&line, screen.Screen{Width: t.Width}, row{first, "value", "95 %", "counted from", trend})
	rest := strings.TrimPrefix(strings.TrimRight(line.String(), "\n"), first)
	fmt.Fprintf(b, "\n%s%s\n", t.Styled(screen.Bold, first), t.Styled(screen.Faint, rest))
}

// split writes a block for each of the five metrics.
func (t table) split(b *strings.Builder, rows func(figures.Metric) []row) {
	blocks := make([][]row, 0, len(figures.Five()))
	var all []row
	for _, m := range figures.Five() {
		block := rows(m)
		blocks, all = append(blocks, block), append(append(all, block...), row{name: m.Name})
	}
	c := columnsOf(all, t.Width)
	for i, m := range figures.Five() {
		t.head(b, c, m.Name)
		for _, r := range blocks[i] {
			c.write(b, t.Screen, r)
		}
	}
}

// groups are a metric's figures in each group and, last, in all.
func (t table) groups(m figures.Metric) []row {
	var all []row
	for _, n := range t.Groups {
		all = append(all, t.row(words.Or(n.Group), m, n, m.Of(t.Policy, &n)))
	}
	return append(all, t.row(figures.Whole, m, t.Total, m.Of(t.Policy, &t.Total)))
}

// periods are a metric's figures in each period.
func (t table) periods(m figures.Metric) []row {
	var all []row
	for _, p := range t.Periods {
		f := m.Of(t.Policy, p.Total)
		name := p.Name
		if p.Partial {
			name += " (part)"
		}
		all = append(all, row{name, f.Said, f.Interval, f.From, ""})
	}
	return all
}
