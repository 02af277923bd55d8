package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/host/people"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

// says has somebody say something, while the loop goes on.
func (d *daemon) says(n correlate.Note) (correlate.Note, error) {
	type answer struct {
		note correlate.Note
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		kept, err := sinks.Say(d.t.Context(), reader{d.h}, n)
		done <- answer{kept, err}
	}()
	for {
		select {
		case <-d.h.wake:
			d.l.facts()
		case a := <-done:
			return a.note, a.err
		}
	}
}

// noted is a note that must be taken.
func (d *daemon) noted(n correlate.Note) correlate.Note {
	kept, err := d.says(n)
	require.NoError(d.t, err)
	return kept
}

// failures are those that DORA numbers count over the records.
func (d *daemon) failures() int {
	q := dora.Query{From: lastDays.AddDate(-2, 0, 0), To: d.now.Add(time.Hour), Scope: dora.Scope{Environment: "production"}}
	r, err := reader{d.h}.counted(d.t.Context(), q, d.now)
	require.NoError(d.t, err)
	require.NotNil(d.t, r.Total.ChangeFailRate)
	return r.Total.ChangeFailRate.Numerator
}

// regressed is a daemon in whose story shop-2 was judged to hurt, and whose window is over.
func regressed(t *testing.T) *daemon {
	t.Helper()
	d := startDaemon(t, t.TempDir(), lastDays)
	d.live(lastDays, rollout, serving(2, 300))
	for _, c := range []correlate.Change{{ID: "shop-2", Service: "shop", Version: "v2"}, {ID: "cart-8", Service: "cart"}} {
		c.StartedAt, c.FinishedAt = rollout, rollout.Add(time.Minute)
		d.tell(c.WithDefaults())
	}
	d.live(rollout, over, serving(2, 300))
	c, _ := d.change("shop-2")
	require.Equal(t, correlate.Regressed, c.Verdict.Outcome)
	require.True(t, c.Hurt())
	return d
}

func TestTheVerdictStaysAndTheNumbersFollowWhatPeopleSay(t *testing.T) {
	d := regressed(t)
	defer func() { d.end() }()
	judged, revisions := d.change("shop-2")
	require.Equal(t, 1, d.failures())

	kept := d.noted(correlate.Note{Kind: correlate.NoteOverrule, Change: "shop-2", CausedBy: "cart-8", Reason: "the cart's cache was cold", By: "ada"})
	require.Equal(t, judged.Verdict.Revision, kept.Revision, "that of the verdict that was seen")
	check := func() {
		c, now := d.change("shop-2")
		require.Equal(t, revisions, now, "what was judged is not judged anew")
		require.Equal(t, judged.Verdict, c.Verdict)
		require.Equal(t, judged.Phase, c.Phase)
		require.False(t, c.Rejudging)
		require.False(t, c.Hurt())
		require.Equal(t, []correlate.Note{kept}, c.Notes)
		instead, _ := d.change("cart-8")
		require.Equal(t, []string{"shop-2"}, instead.BlamedFor)
		require.Equal(t, 1, d.failures(), "the other one's")
	}
	check()
	d.restart(time.Minute)
	d.live(d.now, d.now.Add(5*time.Minute), serving(2, 300))
	check()

	d.noted(correlate.Note{Kind: correlate.NoteOverrule, Change: "shop-2", Reason: "of nobody", By: "bob"})
	require.Zero(t, d.failures())
	withdrawn := d.noted(correlate.Note{Kind: correlate.NoteOverrule, Change: "shop-2", Withdrawn: true, By: "bob"})
	c, _ := d.change("shop-2")
	require.True(t, c.Hurt())
	require.Equal(t, withdrawn, c.Notes[2])
	require.Equal(t, 1, d.failures())

	was, err := d.h.ledger.ChangeRevisions(t.Context(), "shop-2", time.Time{}, 0)
	require.NoError(t, err)
	last := was[len(was)-3:]
	require.Equal(t, []correlate.Cause{correlate.CauseNoted, correlate.CauseNoted, correlate.CauseNoted}, []correlate.Cause{last[0].Cause, last[1].Cause, last[2].Cause})
	before, err := d.h.ledger.ChangeRevisions(t.Context(), "shop-2", last[0].RecordedAt.Add(-time.Microsecond), 1)
	require.NoError(t, err)
	require.Empty(t, before[0].Record.Notes, "as of then nobody had said anything")
}

func TestWhatCannotBeSaidIsRefused(t *testing.T) {
	d := regressed(t)
	defer d.end()
	d.tell(correlate.Change{ID: "new", Service: "shop", StartedAt: d.now, FinishedAt: d.now}.WithDefaults())
	of := func(edit func(*correlate.Note)) correlate.Note {
		n := correlate.Note{Kind: correlate.NoteOverrule, Change: "shop-2", Reason: "seen", By: "ada"}
		edit(&n)
		return n
	}
	for name, c := range map[string]struct {
		edit        func(*correlate.Note)
		field, want string
	}{
		"in the future":                    {func(n *correlate.Note) { n.At = time.Now().Add(time.Minute) }, "at", "must not lie in the future"},
		"instead of it a change unknown":   {func(n *correlate.Note) { n.CausedBy = "nobody knows" }, "caused_by", "nobody reported a change with this id"},
		"without a reason":                 {func(n *correlate.Note) { n.Reason = " " }, "reason", "required"},
		"by nobody":                        {func(n *correlate.Note) { n.By = "" }, "by", "required"},
		"a verdict seen that there is not": {func(n *correlate.Note) { n.Kind, n.Change = correlate.NoteAcknowledge, "new" }, "change", "there is no verdict"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.says(of(c.edit))
			var field *correlate.FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, c.field, field.Field)
			require.Contains(t, field.Want, c.want)
		})
	}
	_, err := d.says(of(func(n *correlate.Note) { n.Change = "nobody knows" }))
	require.ErrorIs(t, err, sinks.ErrNotFound)
	_, err = d.says(correlate.Note{Kind: correlate.NoteLink, Incident: "nobody knows", CausedBy: "shop-2", Reason: "seen", By: "ada"})
	require.ErrorIs(t, err, sinks.ErrNotFound)
	c, _ := d.change("shop-2")
	require.Empty(t, c.Notes)
}

// TestANoteWaitsForItsChange: as a fact that came before what it is about, be there a restart in between.
func TestANoteWaitsForItsChange(t *testing.T) {
	d := startDaemon(t, t.TempDir(), lastDays)
	defer func() { d.end() }()
	n := correlate.Note{Kind: correlate.NoteLabel, Change: "late", Label: "class", Value: "emergency", By: "ada", At: lastDays}
	link := correlate.Note{Kind: correlate.NoteLink, Incident: "trouble", CausedBy: "late", Reason: "seen", By: "ada", At: lastDays}
	for range 2 { // a duplicate changes nothing
		_, _, err := d.h.ledger.Append(t.Context(), []correlate.Entry{{
			Raw:        correlate.Raw{Source: people.Source, ID: "1", ReceivedAt: d.now, Body: []byte("{}")},
			Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Note: &n}, {Note: &link}}},
		}}, nil)
		require.NoError(t, err)
	}
	d.l.facts()
	d.restart(time.Minute)
	d.tell(correlate.Change{ID: "late", Service: "shop", StartedAt: lastDays, FinishedAt: lastDays}.WithDefaults())
	c, _ := d.change("late")
	require.Equal(t, []correlate.Note{n}, c.Notes)
	require.Equal(t, "emergency", c.Labels["class"])
	i := correlate.Incident{ID: "trouble", Service: "cart", Environment: "production", OpenedAt: lastDays, CausedBy: correlate.CausedByNone}
	_, _, err := d.h.ledger.Append(t.Context(), []correlate.Entry{{
		Raw:        correlate.Raw{Source: "generic", ID: "2", ReceivedAt: d.now, Body: []byte("{}")},
		Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Incident: &i}}},
	}}, nil)
	require.NoError(t, err)
	d.l.facts()
	c, _ = d.change("late")
	require.Equal(t, []string{"trouble"}, c.Incidents)
}

// TestWhatPeopleSayOfAHistory: of changes that were told as history, and have left memory.
func TestWhatPeopleSayOfAHistory(t *testing.T) {
	d := startDaemon(t, t.TempDir(), lastDays)
	defer func() { d.end() }()
	lastYears(d, 2000, lastDays.AddDate(0, -1, 0))
	for d.waiting() > 0 {
		d.l.facts()
	}
	d.restart(time.Minute)
	require.False(t, d.h.engine.Knows("old-100"), "it has left memory")
	was, _ := d.change("old-100")
	n := d.noted(correlate.Note{Kind: correlate.NoteLabel, Change: "old-100", Label: "class", Value: "emergency", By: "ada"})
	is, _ := d.change("old-100")
	require.Equal(t, []correlate.Note{n}, is.Notes)
	is.Notes, is.Reports, is.Labels = nil, nil, nil
	require.Equal(t, text(t, was), text(t, is), "nothing else of it is another")
	d.noted(correlate.Note{Kind: correlate.NoteLabel, Change: "old-100", Label: "class", Withdrawn: true, By: "ada"})
	is, _ = d.change("old-100")
	require.Empty(t, is.Labels)
	require.Len(t, is.Notes, 2)
}

func TestANoteIsReadAgainAsItWas(t *testing.T) {
	d := regressed(t)
	defer d.end()
	people.Register(d.h)
	n := d.noted(correlate.Note{Kind: correlate.NoteAcknowledge, Change: "shop-2", By: "ada"})
	require.NoError(t, d.h.projectStale(t.Context(), time.Now()))
	d.l.facts()
	c, _ := d.change("shop-2")
	require.Equal(t, []correlate.Note{n}, c.Notes)
	for name, body := range map[string]string{"no JSON": "{", "no note": "{}", "a note that says nothing": `{"note":{"kind":"label"}}`} {
		t.Run(name, func(t *testing.T) {
			require.NotEmpty(t, d.h.registered()[people.Source].Project(correlate.Raw{Body: []byte(body)}).Problem)
		})
	}
}
