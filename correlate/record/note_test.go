package record

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// note is a person's word on a change, at so many seconds.
func note(kind correlate.NoteKind, change string, at int64, opts ...func(*correlate.Note)) correlate.Fact {
	n := correlate.Note{Kind: kind, Change: change, Reason: "seen on the graph", By: "ada", At: after(at)}
	for _, opt := range opts {
		opt(&n)
	}
	return correlate.Fact{Note: &n}
}

func instead(id string) func(*correlate.Note) {
	return func(n *correlate.Note) { n.CausedBy = id }
}

func withdrawn(n *correlate.Note) { n.Withdrawn, n.CausedBy = true, "" }

func label(name, value string) func(*correlate.Note) {
	return func(n *correlate.Note) { n.Label, n.Value = name, value }
}

// linked is a person's word on what caused an incident.
func linked(incident, cause string, at int64, opts ...func(*correlate.Note)) correlate.Fact {
	f := note(correlate.NoteLink, "", at, append([]func(*correlate.Note){instead(cause)}, opts...)...)
	f.Note.Incident = incident
	return f
}

func drawNotes(t *rapid.T) (facts []fact) {
	for range rapid.IntRange(1, 8).Draw(t, "notes") {
		at := rapid.Int64Range(0, 20).Draw(t, "said at")
		change := fmt.Sprint("c", rapid.IntRange(0, 4).Draw(t, "of change"))
		var f correlate.Fact
		switch kind := rapid.SampledFrom(correlate.NoteKinds()).Draw(t, "kind"); kind {
		case correlate.NoteLink:
			f = linked(fmt.Sprint("i", rapid.IntRange(0, 2).Draw(t, "of incident")), rapid.SampledFrom([]string{"c0", "c1", "none"}).Draw(t, "cause"), at)
		case correlate.NoteOverrule:
			f = note(kind, change, at, instead(rapid.SampledFrom([]string{"", "c1", "c2", "unknown"}).Draw(t, "instead")))
			if f.Note.CausedBy == change {
				f.Note.CausedBy = "c3"
			}
		case correlate.NoteLabel:
			f = note(kind, change, at, label("class", rapid.SampledFrom([]string{"hotfix", "normal"}).Draw(t, "class")))
		default:
			f = note(kind, change, at)
		}
		if rapid.IntRange(0, 3).Draw(t, "withdrawn?") == 0 {
			withdrawn(f.Note)
		}
		facts = append(facts, fact{f, after(at)})
	}
	return facts
}

func snapshot(b *Book) map[string]string {
	all := map[string]string{}
	for id, c := range b.changes {
		all["change "+id] = text(c.Record)
	}
	for id, i := range b.incidents {
		all["incident "+id] = text(i.Record)
	}
	return all
}

// TestWhatPeopleSayIsAFunctionOfWhatWasSaid: neither the order of notes and reports nor repetition shows, nor where it is
// settled in between, nor that a note was taken back that came twice.
func TestWhatPeopleSayIsAFunctionOfWhatWasSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := append(drawFacts(t), drawNotes(t)...)
		tell := func(b *Book, order []fact) map[string]string {
			for _, f := range order {
				require.NoError(t, f.WithDefaults().Validate())
				b.Report(f.Fact, f.receivedAt)
				if rapid.Bool().Draw(t, "settle?") {
					b.Settle(noon.Unix())
				}
			}
			b.Settle(noon.Unix())
			return snapshot(b)
		}
		once := tell(newBook(config, small), facts)
		again := tell(newBook(config, small), rapid.Permutation(append(facts, facts[len(facts)/2:]...)).Draw(t, "order"))
		require.Equal(t, once, again, lines(facts))
	})
}

// TestNotesOutliveARestart: a Book that is recalled from its records, with the notes that wait for something, goes on as if it
// had not been away.
func TestNotesOutliveARestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.Permutation(append(drawFacts(t), drawNotes(t)...)).Draw(t, "order")
		cut := rapid.IntRange(0, len(facts)).Draw(t, "cut")
		whole, before := newBook(config, small), newBook(config, small)
		for n, f := range facts {
			whole.Report(f.Fact, f.receivedAt)
			if n < cut {
				before.Report(f.Fact, f.receivedAt)
			}
		}
		whole.Settle(noon.Unix())
		before.Settle(noon.Unix())
		var changes []correlate.ChangeRecord
		var incidents []correlate.IncidentRecord
		for _, c := range before.changes {
			changes = append(changes, c.Record)
		}
		for _, i := range before.incidents {
			incidents = append(incidents, i.Record)
		}
		rest := newBook(config, small)
		rest.Recall(Runs(changes, time.Time{}), incidents)
		for _, waiting := range before.notes.held {
			for _, n := range waiting {
				Hold(rest, n)
			}
		}
		require.Equal(t, snapshot(before), snapshot(rest), "nothing was said since")
		for _, f := range facts[cut:] {
			rest.Report(f.Fact, f.receivedAt)
		}
		rest.Settle(noon.Unix())
		require.Equal(t, snapshot(whole), snapshot(rest), lines(facts))
	})
}

// TestWhatAPersonsWordDoesToLinks has an incident of a service at 100 s, after checkout-1 of it and before nothing else.
func TestWhatAPersonsWordDoesToLinks(t *testing.T) {
	incident := correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "a", OpenedAt: after(100)}}
	said := correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "a", OpenedAt: after(100), CausedBy: "c1"}}
	for name, c := range map[string]struct {
		facts []correlate.Fact
		to    string
		why   correlate.Unlinked
		blame []string // what c2 is blamed for
	}{
		"nothing: the service and the time tell":            {[]correlate.Fact{incident}, "c1", "", nil},
		"it was not this change":                            {[]correlate.Fact{incident, note(correlate.NoteOverrule, "c1", 200)}, "", correlate.UnlinkedOverruled, nil},
		"it was another one":                                {[]correlate.Fact{incident, note(correlate.NoteOverrule, "c1", 200, instead("c2"))}, "c2", "", []string{"c1"}},
		"it was one that nobody reported yet":               {[]correlate.Fact{incident, note(correlate.NoteOverrule, "c1", 200, instead("c9"))}, "c9", "", nil},
		"that was withdrawn":                                {[]correlate.Fact{incident, note(correlate.NoteOverrule, "c1", 200, instead("c2")), note(correlate.NoteOverrule, "c1", 300, withdrawn)}, "c1", "", nil},
		"withdrawn before it was said":                      {[]correlate.Fact{incident, note(correlate.NoteOverrule, "c1", 200, instead("c2")), note(correlate.NoteOverrule, "c1", 150, withdrawn)}, "c2", "", []string{"c1"}},
		"two people disagree: the last word counts":         {[]correlate.Fact{incident, note(correlate.NoteConfirm, "c1", 300), note(correlate.NoteOverrule, "c1", 200)}, "c1", "", nil},
		"to see it is not to judge it":                      {[]correlate.Fact{incident, note(correlate.NoteAcknowledge, "c1", 300), note(correlate.NoteOverrule, "c1", 200)}, "", correlate.UnlinkedOverruled, nil},
		"what the incident's reporter says stands":          {[]correlate.Fact{said, note(correlate.NoteOverrule, "c1", 200)}, "c1", "", nil},
		"the incident is linked to another change":          {[]correlate.Fact{said, linked("i", "c2", 200)}, "c2", "", nil},
		"no change caused the incident":                     {[]correlate.Fact{said, linked("i", correlate.CausedByNone, 200)}, "", correlate.UnlinkedSaid, nil},
		"that was withdrawn: what its reporter says counts": {[]correlate.Fact{said, linked("i", "c2", 200), linked("i", "", 300, withdrawn)}, "c1", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			facts := append([]correlate.Fact{shipped("c1", "a", 0, nil), shipped("c2", "b", 50, nil)}, c.facts...)
			for range 2 {
				b := settled(facts...)
				i := b.Incident("i").Record
				require.Equal(t, []any{c.to, c.why}, []any{i.AttributedTo, i.UnlinkedReason})
				require.Equal(t, c.blame, b.Change("c2").Record.BlamedFor)
				require.Equal(t, c.to == "c1", slices.Contains(b.Change("c1").Record.Incidents, "i"))
				slices.Reverse(facts)
			}
		})
	}
}

func TestAPinnedLabelIsThatOfTheChangeUntilItIsWithdrawn(t *testing.T) {
	sender := shipped("c1", "a", 0, func(c *correlate.Change) { c.Labels = map[string]string{"class": "normal", "region": "eu"} })
	pin := note(correlate.NoteLabel, "c1", 100, label("class", "emergency"))
	b := settled(sender, pin)
	require.Equal(t, map[string]string{"class": "emergency", "region": "eu"}, b.Change("c1").Record.Labels)
	require.Equal(t, map[string]string{"class": "normal", "region": "eu"}, sender.Change.Labels)

	again := shipped("c1", "a", 0, func(c *correlate.Change) { c.Labels, c.UpdatedAt = map[string]string{"class": "standard"}, after(200) })
	b.Report(again, after(200))
	b.Settle(noon.Unix())
	require.Equal(t, "emergency", b.Change("c1").Record.Labels["class"], "whatever its sender says since")

	b.Report(note(correlate.NoteLabel, "c1", 300, label("class", ""), withdrawn), after(300))
	b.Settle(noon.Unix())
	require.Equal(t, map[string]string{"class": "standard", "region": "eu"}, b.Change("c1").Record.Labels)
}

func TestANoteThatNobodyStatesAnyMoreIsGone(t *testing.T) {
	overruled := note(correlate.NoteOverrule, "c1", 200, instead("c2"))
	plain := settled(shipped("c1", "a", 0, nil), shipped("c2", "b", 50, nil))
	b := settled(shipped("c1", "a", 0, nil), shipped("c2", "b", 50, nil), overruled)
	require.NotEqual(t, snapshot(plain), snapshot(b))
	b.Retract(overruled)
	b.Settle(noon.Unix())
	require.Equal(t, snapshot(plain), snapshot(b))
}
