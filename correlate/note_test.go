package correlate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noteAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestNotesAreASet: also of more than are kept.
func TestNotesAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Note {
			return Note{
				Kind: rapid.SampledFrom(NoteKinds()).Draw(t, "kind"), Change: "c", Label: rapid.SampledFrom([]string{"", "class", "region"}).Draw(t, "label"),
				Withdrawn: rapid.Bool().Draw(t, "withdrawn"), At: noteAt.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "at")) * time.Second),
			}
		}), 0, 3*MaxNotes).Draw(t, "notes")
		fold := func(order []Note) (all []Note) {
			for _, n := range order {
				all = AddNote(all, n)
			}
			return all
		}
		all, again := fold(drawn), fold(rapid.Permutation(append(drawn, drawn...)).Draw(t, "order"))
		require.Equal(t, all, again)
		last := map[matter]Note{}
		for _, n := range drawn {
			if known, ok := last[n.matter()]; !ok || known.compare(n) < 0 {
				last[n.matter()] = n
			}
		}
		for _, n := range last {
			require.Contains(t, all, n, "the last word on a matter is never lost")
		}
		for _, n := range all {
			again = RemoveNote(again, n)
		}
		require.Empty(t, again)
	})
}

func TestAnAcknowledgedVerdictIsQuietUntilItGetsWorse(t *testing.T) {
	over := noteAt
	v := func(revision int, edit func(*Verdict)) Verdict {
		v := Verdict{Revision: revision, Outcome: Regressed, Reason: ReasonErrorRatio, Evidence: []Evidence{{Ratio: 4}}}
		edit(&v)
		return v
	}
	same := func(*Verdict) {}
	recovered := func(v *Verdict) { v.RecoveredAt = &over }
	healthy := func(v *Verdict) { v.Outcome, v.Reason = Healthy, ReasonWithinMargin }
	for name, c := range map[string]struct {
		prior []Verdict
		next  Verdict
		quiet bool
	}{
		"the same again":                   {[]Verdict{v(1, same)}, v(2, same), true},
		"a little more":                    {[]Verdict{v(1, same)}, v(2, func(v *Verdict) { v.Evidence[0].Ratio = 5.9 }), true},
		"half as much again":               {[]Verdict{v(1, same)}, v(2, func(v *Verdict) { v.Evidence[0].Ratio = 6 }), false},
		"for another reason":               {[]Verdict{v(1, same)}, v(2, func(v *Verdict) { v.Reason = ReasonLatency }), false},
		"over":                             {[]Verdict{v(1, same)}, v(2, recovered), true},
		"again after it was over":          {[]Verdict{v(1, same), v(2, recovered)}, v(3, same), false},
		"again after it was healthy":       {[]Verdict{v(1, same), v(2, healthy)}, v(3, same), false},
		"what was seen was not a fault":    {[]Verdict{v(1, healthy)}, v(2, same), false},
		"what was seen itself":             {nil, v(1, same), true},
		"nobody knows what was seen":       {nil, v(2, same), false},
		"what was said before it was seen": {[]Verdict{v(1, same)}, v(1, same), true},
	} {
		t.Run(name, func(t *testing.T) {
			r := ChangeRecord{Notes: []Note{{Kind: NoteAcknowledge, Change: "c", Revision: 1, At: noteAt}}}
			require.Equal(t, c.quiet, r.Quieted(c.next, c.prior))
			r.Notes = AddNote(r.Notes, Note{Kind: NoteAcknowledge, Change: "c", Withdrawn: true, At: noteAt.Add(time.Second)})
			require.False(t, r.Quieted(c.next, c.prior), "withdrawn")
		})
	}
}

func TestWhetherAChangeHurtIsWhatPeopleSay(t *testing.T) {
	overrule := []Note{{Kind: NoteOverrule, Change: "c", By: "ada", At: noteAt}}
	confirm := AddNote(overrule, Note{Kind: NoteConfirm, Change: "c", By: "bob", At: noteAt.Add(1)})
	bad := &Verdict{Outcome: Regressed}
	for name, c := range map[string]struct {
		record ChangeRecord
		want   bool
	}{
		"judged to hurt":                    {ChangeRecord{Verdict: bad}, true},
		"and overruled":                     {ChangeRecord{Verdict: bad, Notes: overrule}, false},
		"and confirmed after that":          {ChangeRecord{Verdict: bad, Notes: confirm}, true},
		"taken back, and overruled":         {ChangeRecord{RolledBackBy: "d", Notes: overrule}, false},
		"an incident is still held against": {ChangeRecord{Incidents: []string{"i"}, Notes: overrule}, true},
		"blamed in place of another":        {ChangeRecord{Verdict: &Verdict{Outcome: Healthy}, BlamedFor: []string{"d"}}, true},
		"confirmed without a verdict":       {ChangeRecord{Notes: confirm}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.record.Hurt()) })
	}
}
