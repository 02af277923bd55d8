package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Table writes a report for people: a line for each finding, and below those that aren't right what to do.
func (r Report) Table(out io.Writer) error {
	var b strings.Builder
	switch {
	case r.Configuration != "" && r.Daemon != "":
		fmt.Fprintf(&b, "Looked at %s on this machine, and asked the daemon at %s.\n\n", r.Configuration, r.Daemon)
	case r.Configuration != "":
		fmt.Fprintf(&b, "Looked at %s on this machine; no daemon was asked.\n\n", r.Configuration)
	default:
		fmt.Fprintf(&b, "Asked the daemon at %s; its machine was not looked at.\n\n", r.Daemon)
	}
	wide := 0
	for _, f := range r.Findings {
		wide = max(wide, len(f.Check))
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", f.State, wide, f.Check, visible(f.Says))
		if f.Mend != "" {
			fmt.Fprintf(&b, "%*s  → %s\n", wide+6, "", visible(f.Mend))
		}
	}
	fmt.Fprintf(&b, "\n%d ok, %s, %d failed, %d skipped\n", r.count(OK), counted(r.count(Warn), "warning", "warnings"), r.count(Fail), r.count(Skip))
	_, err := io.WriteString(out, b.String())
	return err
}

// visible is a text in which nothing moves the cursor of a terminal: parts of it come from outside.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return '�'
	}, text)
}
