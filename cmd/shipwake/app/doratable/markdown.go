package doratable

import (
	"fmt"
	"io"
	"strings"

	"github.com/shipwake/shipwake/cmd/shipwake/app/screen"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/figures"
)

// Markdown writes a report as tables: the whole, and each metric by group or by period.
func Markdown(out io.Writer, r dora.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", Text(Title(r)))
	t := table{r, screen.Screen{Width: screen.Narrowest}}
	if r.By != "" {
		t.markdownSplit(&b, t.groups)
	} else {
		Rows(&b, "", t.rows(figures.Five()))
		Rows(&b, "", t.rows(figures.Further()))
		if len(r.Periods) > 0 {
			t.markdownSplit(&b, t.periods)
		}
	}
	for _, note := range Notes(r) {
		fmt.Fprintf(&b, "\n%s\n", Text(note))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t table) markdownSplit(b *strings.Builder, rows func(figures.Metric) []row) {
	for _, m := range figures.Five() {
		Rows(b, m.Name, rows(m))
	}
}

// Rows writes a table of figures under a title.
func Rows(b *strings.Builder, title string, rows []row) {
	fmt.Fprintf(b, "\n| %s | value | 95 %% | counted from | trend |\n|---|---:|---|---|---|\n", Text(title))
	for _, r := range rows {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", Text(r.name), Text(r.value), Text(r.interval), Text(r.from), r.trend)
	}
}

// Five are the five metrics of numbers as a table with their trend.
func Five(b *strings.Builder, r dora.Report) {
	Rows(b, "", table{r, screen.Screen{}}.rows(figures.Five()))
}

// Text is text as Markdown shows it, whatever is in it.
func Text(text string) string {
	return escapes.Replace(strings.Join(strings.Fields(text), " "))
}

var escapes = strings.NewReplacer(
	`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "#", `\#`)
