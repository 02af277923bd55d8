package app

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// history says, a line for each revision, when and why a record became what it is; nothing for none.
func history(revisions []api.Revision) string {
	var b strings.Builder
	if len(revisions) == 0 {
		return ""
	}
	b.WriteString("  history\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, r := range revisions {
		fmt.Fprintf(w, "    %d\t%s\t%s\t%s\n", r.Revision, words.Instant(r.RecordedAt), words.Cause(r.Cause), steps(r.Changed))
	}
	_ = w.Flush() // a strings.Builder takes everything
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func steps(changed []correlate.FieldChange) string {
	var parts []string
	for _, c := range changed {
		parts = append(parts, fmt.Sprintf("%s %s → %s", words.Plain(c.Field), words.Or(c.From), words.Or(c.To)))
	}
	return strings.Join(parts, ", ")
}
