package correlate

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// NoteKind says what a person says.
type NoteKind string

// The kinds of notes. NoteLink is of an incident, the others are of a change.
const (
	NoteAcknowledge NoteKind = "acknowledge" // the verdict was seen: it is told again only when it gets worse
	NoteOverrule    NoteKind = "overrule"    // not this change: its regression and its incidents are not its doing
	NoteConfirm     NoteKind = "confirm"     // it was this change
	NoteLabel       NoteKind = "label"       // the change has a label, whatever its sender says
	NoteLink        NoteKind = "link"        // a change, or CausedByNone, caused the incident
)

// NoteKinds lists every NoteKind.
func NoteKinds() []NoteKind {
	return []NoteKind{NoteAcknowledge, NoteOverrule, NoteConfirm, NoteLabel, NoteLink}
}

// Bounds of a note, in bytes.
const (
	MaxReason = 2000
	maxNoteID = 1000
	maxName   = 200
)

// MaxNotes is how many notes of one change or incident are kept in its record, the newest of them. Older ones are only as
// long as they are the last on their matter.
const MaxNotes = 64

// Note is what a person says of a change or of an incident. The last word on a matter counts, by At; a note that is
// withdrawn says that nothing said before on its matter counts. Notes are never edited: each is a fact of its own.
type Note struct {
	Kind NoteKind `json:"kind"`
	// Change or Incident is the id of what it is about; exactly one is set.
	Change   string `json:"change,omitempty"`
	Incident string `json:"incident,omitempty"`
	// Revision is that of the verdict that was seen, 0 when there was none.
	Revision int `json:"revision,omitempty"`
	// CausedBy is the change that did it: of NoteOverrule optional, of NoteLink required, and there it may be CausedByNone.
	CausedBy string `json:"caused_by,omitempty"`
	// Label and Value are those of NoteLabel.
	Label string `json:"label,omitempty"`
	Value string `json:"value,omitempty"`
	// Reason is why. NoteOverrule and NoteLink need one.
	Reason    string `json:"reason,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	// By is who said it: the name under which the request was authenticated, never a word of its body.
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// About is the id of what the note is about.
func (n Note) About() string { return cmp.Or(n.Change, n.Incident) }

// UTC is the note with its time in UTC, without a monotonic reading.
func (n Note) UTC() Note {
	n.At = n.At.UTC().Round(0)
	return n
}

// Validate returns a *FieldError that names the first field that is missing or wrong, and what would be right.
func (n Note) Validate() error {
	switch {
	case !known(n.Kind, NoteKinds()):
		return &FieldError{"kind", fmt.Sprintf("%q is unknown; use one of %v", clip(string(n.Kind)), NoteKinds())}
	case n.Kind == NoteLink && (n.Incident == "" || n.Change != ""):
		return &FieldError{"incident", "required, and no change: a link is of an incident"}
	case n.Kind != NoteLink && (n.Change == "" || n.Incident != ""):
		return &FieldError{"change", "required, and no incident: only a link is of an incident"}
	case n.Revision < 0:
		return &FieldError{"revision", "must be that of a verdict, 1 or more"}
	case strings.TrimSpace(n.By) == "":
		return &FieldError{"by", "required: who says so"}
	case n.At.IsZero():
		return &FieldError{"at", "required: an RFC 3339 time"}
	}
	for _, f := range []struct {
		field, text string
		most        int
	}{
		{"change", n.Change, maxNoteID}, {"incident", n.Incident, maxNoteID}, {"caused_by", n.CausedBy, maxNoteID}, {"label", n.Label, maxName},
		{"value", n.Value, maxName}, {"by", n.By, maxName}, {"reason", n.Reason, MaxReason},
	} {
		if len(f.text) > f.most {
			return &FieldError{f.field, fmt.Sprintf("must not be longer than %d bytes", f.most)}
		}
	}
	return n.validateMatter()
}

// validateMatter checks the fields that depend on the kind.
func (n Note) validateMatter() error {
	named := n.Kind == NoteOverrule || n.Kind == NoteLink
	switch {
	case n.Kind != NoteLabel && n.Label+n.Value != "":
		return &FieldError{"label", "only a note of kind label has a label"}
	case n.Kind == NoteLabel && strings.TrimSpace(n.Label) == "":
		return &FieldError{"label", "required: the name of a label, such as class"}
	case n.Kind == NoteLabel && n.Value == "" && !n.Withdrawn:
		return &FieldError{"value", "required: the value of the label, such as emergency"}
	case !named && n.CausedBy != "":
		return &FieldError{"caused_by", "only of an overruling or a link"}
	case n.Kind == NoteOverrule && (n.CausedBy == CausedByNone || n.CausedBy == n.Change && n.CausedBy != ""):
		return &FieldError{"caused_by", "must be the id of another change, or left out"}
	case n.Kind == NoteLink && n.CausedBy == "" && !n.Withdrawn:
		return &FieldError{"caused_by", `required: the id of the change that caused the incident, or "none"`}
	case named && strings.TrimSpace(n.Reason) == "" && !n.Withdrawn:
		return &FieldError{"reason", "required: why"}
	}
	return nil
}

// matter is what a note is on: of several notes on one matter the last counts. To overrule and to confirm are on the same.
type matter struct {
	about string
	kind  NoteKind
	label string
}

func (n Note) matter() matter {
	kind := n.Kind
	if kind == NoteConfirm {
		kind = NoteOverrule
	}
	return matter{n.About(), kind, n.Label}
}

// compare orders notes by when they were said, and those of one instant by what they say.
func (n Note) compare(o Note) int {
	return cmp.Or(n.At.Compare(o.At), bytes.Compare(content(n), content(o)))
}

// AddNote returns notes with another one among them, the oldest first. Neither order nor repetition shows in the result.
func AddNote(all []Note, n Note) []Note {
	n = n.UTC()
	at, found := slices.BinarySearchFunc(all, n, Note.compare)
	if found {
		return all
	}
	all = slices.Insert(slices.Clone(all), at, n)
	if len(all) <= MaxNotes {
		return all
	}
	later := map[matter]bool{}
	var kept []Note
	for i, n := range slices.Backward(all) {
		if i >= len(all)-MaxNotes || !later[n.matter()] {
			kept = append(kept, n)
		}
		later[n.matter()] = true
	}
	slices.Reverse(kept)
	return kept
}

// RemoveNote returns notes without one.
func RemoveNote(all []Note, n Note) []Note {
	at, found := slices.BinarySearchFunc(all, n.UTC(), Note.compare)
	if !found {
		return all
	}
	return slices.Delete(slices.Clone(all), at, at+1)
}

// NotesAbout are those of some notes that are about an id.
func NotesAbout(all []Note, id string) (own []Note) {
	for _, n := range all {
		if n.About() == id {
			own = append(own, n)
		}
	}
	return own
}

// lastWord is the note that counts of those of some kinds, nil when none does. Where notes of several ids came together,
// because they turned out to be one rollout or one incident, the last of all counts.
func lastWord(all []Note, kinds ...NoteKind) *Note {
	for i := len(all) - 1; i >= 0; i-- {
		if n := &all[i]; slices.Contains(kinds, n.Kind) {
			if n.Withdrawn {
				return nil
			}
			return n
		}
	}
	return nil
}

// judgement is what people say of who did it: that of kind, nil when they say nothing or something else.
func judgement(all []Note, kind NoteKind) *Note {
	if n := lastWord(all, NoteOverrule, NoteConfirm); n != nil && n.Kind == kind {
		return n
	}
	return nil
}

// CausedBySaid is the change that people say did it in place of the one that some notes are about; "" when they name none.
func CausedBySaid(all []Note) string {
	if n := judgement(all, NoteOverrule); n != nil {
		return n.CausedBy
	}
	return ""
}

// LinkSaid is what people say caused the incident that some notes are about; nil when they say nothing.
func LinkSaid(all []Note) *Note { return lastWord(all, NoteLink) }

// Labelled is the change with the labels that people pinned.
func (c Change) Labelled(all []Note) Change {
	pinned := map[string]string{}
	for _, n := range all {
		switch {
		case n.Kind != NoteLabel:
		case n.Withdrawn:
			delete(pinned, n.Label)
		default:
			pinned[n.Label] = n.Value
		}
	}
	c.Labels = mergedLabels(c.Labels, pinned)
	return c
}

// Acknowledged is who saw the verdict last, nil when nobody says so.
func (c *ChangeRecord) Acknowledged() *Note { return lastWord(c.Notes, NoteAcknowledge) }

// Overruled is who says that it was not this change, Confirmed who says that it was; nil when nobody does, or not any more.
func (c *ChangeRecord) Overruled() *Note { return judgement(c.Notes, NoteOverrule) }

// Confirmed: see Overruled.
func (c *ChangeRecord) Confirmed() *Note { return judgement(c.Notes, NoteConfirm) }

// Regressed: the change counts as one that was judged regressed. It does not when people say that it wasn't this change.
func (c *ChangeRecord) Regressed() bool { return c.Verdict.regressed() && c.Overruled() == nil }

// Hurt: the change hurt, as far as its record tells: an incident is held against it, people name it in place of another one, or
// it was judged regressed or taken back and people don't say that it was not this change.
func (c *ChangeRecord) Hurt() bool {
	return len(c.Incidents) > 0 || len(c.BlamedFor) > 0 || c.Overruled() == nil && (c.Verdict.regressed() || c.RolledBackBy != "")
}

// Pinned are the labels that people pinned and that stand, sorted by label.
func (c *ChangeRecord) Pinned() (all []Note) {
	last := map[string]Note{}
	for _, n := range c.Notes {
		if n.Kind == NoteLabel {
			last[n.Label] = n
		}
	}
	for _, n := range last {
		if !n.Withdrawn {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b Note) int { return cmp.Compare(a.Label, b.Label) })
	return all
}

// worseBy is how much more harm than at the revision that was acknowledged is worse.
const worseBy = 1.5

// Quieted: somebody acknowledged a verdict on the change, and the given one is no worse: it doesn't say regressed where that
// one didn't, or for another reason, or again after it had been over, or with an effect at least half again as large.
// The verdict that was acknowledged is that of Note.Revision, among the prior ones.
func (c *ChangeRecord) Quieted(v Verdict, prior []Verdict) bool {
	ack := c.Acknowledged()
	if ack == nil {
		return false
	}
	var seen *Verdict
	for i := range prior {
		if prior[i].Revision <= ack.Revision && (seen == nil || prior[i].Revision > seen.Revision) {
			seen = &prior[i]
		}
	}
	if v.Revision <= ack.Revision {
		return true
	}
	again := v.regressed() && v.RecoveredAt == nil && slices.ContainsFunc(prior, func(p Verdict) bool {
		return p.Revision > ack.Revision && p.Revision < v.Revision && (!p.regressed() || p.RecoveredAt != nil)
	})
	return seen != nil && !again && !v.worseThan(seen)
}

// worseThan: see ChangeRecord.Quieted.
func (v *Verdict) worseThan(seen *Verdict) bool {
	if !v.regressed() {
		return false
	}
	if !seen.regressed() || v.Reason != seen.Reason || seen.RecoveredAt != nil && v.RecoveredAt == nil {
		return true
	}
	return v.effect() >= worseBy*seen.effect() && seen.effect() > 0
}

// effect is the estimated ratio of what convicts the change, 0 when nothing does.
func (v *Verdict) effect() float64 {
	if len(v.Evidence) == 0 {
		return 0
	}
	return v.Evidence[0].Ratio
}
