package words

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// Note says in a sentence what a person said, who and when.
func Note(n correlate.Note) string {
	said := fmt.Sprintf("%s, at %s: %s", n.By, Instant(n.At), NoteText(n))
	if n.Reason != "" {
		said += ": " + n.Reason
	}
	return said
}

// NoteText is what a note says, without who, when and why.
func NoteText(n correlate.Note) string {
	if n.Withdrawn {
		return "withdrawn: " + withdrawn(n)
	}
	switch n.Kind {
	case correlate.NoteAcknowledge:
		return fmt.Sprintf("%s was seen, as of revision %d of its verdict", n.Change, n.Revision)
	case correlate.NoteOverrule:
		if n.CausedBy != "" {
			return fmt.Sprintf("it was not %s, it was %s", n.Change, n.CausedBy)
		}
		return "it was not " + n.Change
	case correlate.NoteConfirm:
		return "it was " + n.Change
	case correlate.NoteLabel:
		return fmt.Sprintf("%s has the label %s=%s", n.Change, n.Label, n.Value)
	case correlate.NoteLink:
		if n.CausedBy == correlate.CausedByNone {
			return fmt.Sprintf("no change caused %s", n.Incident)
		}
		return fmt.Sprintf("%s caused %s", n.CausedBy, n.Incident)
	}
	return string(n.Kind)
}

// withdrawn is what a note takes back.
func withdrawn(n correlate.Note) string {
	switch n.Kind {
	case correlate.NoteAcknowledge:
		return "that the verdict on " + n.Change + " was seen"
	case correlate.NoteLabel:
		return "the label " + n.Label + " of " + n.Change
	case correlate.NoteLink:
		return "what caused " + n.Incident
	}
	return "who did what " + n.Change + " was judged for"
}
