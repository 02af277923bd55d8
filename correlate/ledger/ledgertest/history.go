package ledgertest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// ClockedOpener is an Opener of a ledger that takes the time from a clock.
type ClockedOpener func(ctx context.Context, place string, now func() time.Time) (ledger.Ledger, error)

// RunHistory holds a ledger to what it promises of the history of records.
func RunHistory(t *testing.T, open ClockedOpener) {
	for name, test := range map[string]func(*testing.T, ClockedOpener){
		"a record that is as it was adds nothing, one that moved adds one revision":      revisionsOfRecords,
		"an incident that moved adds one revision":                                       revisionsOfIncidents,
		"a commit adds one revision, whatever it went through":                           oneForACommit,
		"what was before the history is told":                                            beforeHistory,
		"a clock that goes back doesn't turn the history around":                         clockGoesBack,
		"long lists are kept once, and again when they are others":                       longLists,
		"random effects, restarts and clocks: any instant is as the maps were just then": historyModel,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// clock is a wall clock that only tests move.
type clock struct{ now time.Time }

func (c *clock) read() time.Time             { return c.now }
func (c *clock) move(d time.Duration)        { c.now = c.now.Add(d) }
func (c *clock) after(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }

func startClocked(t *testing.T, open ClockedOpener) (ledger.Ledger, *clock) {
	t.Helper()
	c := &clock{epoch}
	l, err := open(t.Context(), t.TempDir(), c.read)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l, c
}

// storeAt commits effects some minutes after the epoch.
func storeAt(t *testing.T, l ledger.Ledger, c *clock, minutes int, effects ...correlate.Effect) {
	t.Helper()
	c.now = c.after(minutes)
	store(t, l, effects...)
}

func causes(t *testing.T, l ledger.Ledger, id string) []string {
	t.Helper()
	revisions, err := l.ChangeRevisions(t.Context(), id, time.Time{}, 0)
	require.NoError(t, err)
	var all []string
	for i, r := range revisions {
		require.Equal(t, i+1, r.Revision)
		all = append(all, fmt.Sprintf("%d %s", int(r.RecordedAt.Sub(epoch).Minutes()), r.Cause))
	}
	return all
}

func revisionsOfRecords(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	c := record("a", epoch)
	c.Phase = correlate.PhaseObserving
	change := func() correlate.Effect { told := c; return correlate.Effect{Change: &told} }
	for range 2 {
		storeAt(t, l, clock, 1, change())
	}
	first := verdict("a", 1, correlate.Regressed)
	for minute := range 3 { // the verdict may come again, in the record and by itself
		storeAt(t, l, clock, 2+minute, correlate.Effect{Verdict: &first})
		c.Verdict = &first
		storeAt(t, l, clock, 2+minute, change())
	}
	c.Phase = correlate.PhaseClosed
	storeAt(t, l, clock, 5, change())
	c.Incidents = []string{"i"}
	storeAt(t, l, clock, 6, change())
	c.Incidents = []string{"j"}
	storeAt(t, l, clock, 7, change())
	c.Incidents, c.RolledBackBy = nil, "b"
	storeAt(t, l, clock, 8, change())
	c.RolledBackBy = ""
	storeAt(t, l, clock, 9, change())
	c.RecoveredAt = epoch.Add(time.Hour)
	storeAt(t, l, clock, 10, change())
	c.Version = "1.4.3"
	storeAt(t, l, clock, 11, change())
	c.Phase, c.MergedInto = correlate.PhaseMerged, "b"
	storeAt(t, l, clock, 12, change())
	want := []string{
		"1 reported", "2 verdict", "5 verdict", "6 linked", "7 relinked", "8 unlinked", "9 rollback", "10 recovered", "11 late_fact", "12 merged",
	}
	require.Equal(t, want, causes(t, l, "a"))
	storeAt(t, l, clock, 13, change())
	require.Equal(t, want, causes(t, l, "a"), "stored again, nothing is new")

	requireSelected(t, l, clock)
}

// requireSelected: of the ten revisions those asked for.
func requireSelected(t *testing.T, l ledger.Ledger, clock *clock) {
	t.Helper()
	for name, c := range map[string]struct {
		id    string
		until time.Time
		limit int
		want  []int
	}{
		"the newest two":                  {"a", time.Time{}, 2, []int{9, 10}},
		"until an instant":                {"a", clock.after(5), 0, []int{1, 2, 3}},
		"the one of an instant":           {"a", clock.after(6).Add(-time.Second), 1, []int{3}},
		"none before it was known":        {"a", epoch, 0, nil},
		"none of what nobody has told of": {"nobody", time.Time{}, 0, nil},
	} {
		found, err := l.ChangeRevisions(t.Context(), c.id, c.until, c.limit)
		require.NoError(t, err)
		var got []int
		for _, r := range found {
			got = append(got, r.Revision)
		}
		require.Equal(t, c.want, got, name)
	}
}

func revisionsOfIncidents(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	i := incident("i", epoch, time.Time{})
	incidentAt := func(minute int) { told := i; storeAt(t, l, clock, minute, correlate.Effect{Incident: &told}) }
	incidentAt(1)
	i.AttributedTo = "a"
	incidentAt(2)
	incidentAt(3)
	i.AttributedTo = "b"
	incidentAt(4)
	i.AttributedTo = ""
	incidentAt(5)
	i.ResolvedAt = epoch.Add(time.Hour)
	incidentAt(6)
	i.Title = "Checkout fails"
	incidentAt(7)
	revisions, err := l.IncidentRevisions(t.Context(), "i", time.Time{}, 0)
	require.NoError(t, err)
	var got []correlate.Cause
	for _, r := range revisions {
		got = append(got, r.Cause)
	}
	require.Equal(t, []correlate.Cause{
		correlate.CauseReported, correlate.CauseLinked, correlate.CauseRelinked, correlate.CauseUnlinked, correlate.CauseRecovered, correlate.CauseLateFact,
	}, got)
	require.Equal(t, i, revisions[5].Record)
	last, err := l.IncidentRevisions(t.Context(), "i", time.Time{}, 1)
	require.NoError(t, err)
	require.Equal(t, 6, last[0].Revision)
}

func oneForACommit(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	one, two := record("a", epoch), record("a", epoch)
	two.Version = "2"
	v := verdict("a", 1, correlate.Healthy)
	effects := []correlate.Effect{{Change: &one}, {Verdict: &v}, {Change: &two}}
	storeAt(t, l, clock, 1, effects...)
	storeAt(t, l, clock, 2, effects...)
	two.Verdict = &v
	revisions, err := l.ChangeRevisions(t.Context(), "a", time.Time{}, 0)
	require.NoError(t, err)
	require.Equal(t, []correlate.ChangeRevision{{Revision: 1, RecordedAt: clock.after(1), Cause: correlate.CauseReported, Record: two}}, revisions)
}

func beforeHistory(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	since, err := l.HistorySince(t.Context())
	require.NoError(t, err)
	require.Equal(t, epoch, since)
	storeAt(t, l, clock, 1, changeEffects(record("a", epoch))...)

	var early *correlate.HistoryError
	_, err = l.Changes(t.Context(), ledger.ChangeFilter{AsOf: epoch.Add(-time.Second)})
	require.ErrorAs(t, err, &early)
	require.Equal(t, epoch, early.Since)
	_, err = l.Incidents(t.Context(), ledger.IncidentFilter{AsOf: epoch.Add(-time.Second)})
	require.ErrorAs(t, err, &early)
	found, err := l.Changes(t.Context(), ledger.ChangeFilter{AsOf: epoch})
	require.NoError(t, err)
	require.Empty(t, found)
	_, err = l.Changes(t.Context(), ledger.ChangeFilter{AsOf: epoch, Before: "a"})
	require.ErrorIs(t, err, ledger.ErrNotFound, "it wasn't known yet")
}

func clockGoesBack(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	c := record("a", epoch)
	storeAt(t, l, clock, 9, changeEffects(c)...)
	c.Version = "2"
	storeAt(t, l, clock, 3, changeEffects(c, record("b", epoch))...)
	require.Equal(t, []string{"9 reported", "9 late_fact"}, causes(t, l, "a"))
	require.Equal(t, []string{"9 reported"}, causes(t, l, "b"))
	found, err := l.Changes(t.Context(), ledger.ChangeFilter{Version: "2", AsOf: clock.after(9)})
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, ids(found))
}

func longLists(t *testing.T, open ClockedOpener) {
	l, clock := startClocked(t, open)
	c := record("a", epoch)
	var want []correlate.ChangeRecord
	for n := range 6 {
		if n%3 == 0 {
			c.Commits = nil
			for i := range 300 {
				c.Commits = append(c.Commits, correlate.Commit{SHA: fmt.Sprintf("%040d", 1000*n+i)})
			}
		}
		c.Team = strings.Repeat("t", n)
		want = append(want, c)
		storeAt(t, l, clock, n, changeEffects(c)...)
	}
	revisions, err := l.ChangeRevisions(t.Context(), "a", time.Time{}, 0)
	require.NoError(t, err)
	var got []correlate.ChangeRecord
	for _, r := range revisions {
		got = append(got, r.Record)
	}
	require.Equal(t, want, got)
}

// moment is what maps held after a commit.
type moment struct {
	at        time.Time
	changes   []correlate.ChangeRecord // oldest completion first
	incidents []correlate.IncidentRecord
}

func historyModel(t *testing.T, open ClockedOpener) {
	places := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		place, err := os.MkdirTemp(places, "history")
		require.NoError(t, err)
		clock := &clock{epoch}
		m := &machine{
			changes: map[string]correlate.ChangeRecord{}, verdicts: map[string]map[int]correlate.Verdict{},
			incidents: map[string]correlate.IncidentRecord{}, regressions: map[string]correlate.Regression{},
			idle: map[time.Time]correlate.Idle{}, rollups: map[int64]correlate.Rollup{},
		}
		m.l, err = open(t.Context(), place, clock.read)
		require.NoError(t, err)
		defer func() { require.NoError(t, m.l.Close()) }()
		moments := []moment{{at: epoch}}
		newest := epoch
		for range rapid.IntRange(1, 12).Draw(t, "commits") {
			clock.move(time.Duration(rapid.IntRange(-2, 5).Draw(t, "seconds later")) * time.Second)
			var effects []correlate.Effect
			for range rapid.IntRange(0, 5).Draw(t, "effects") {
				effects = append(effects, m.effect(t))
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				require.NoError(t, m.l.CommitEffects(t.Context(), effects, nil, 0))
			}
			then, now := moments[len(moments)-1], moment{newest, m.current(), m.currentIncidents()}
			if clock.now.After(newest) && (text(t, then.changes) != text(t, now.changes) || text(t, then.incidents) != text(t, now.incidents)) {
				newest = clock.now
				now.at = newest
			}
			moments = append(moments, now)
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				require.NoError(t, m.l.Close())
				m.l, err = open(t.Context(), place, clock.read)
				require.NoError(t, err)
			}
		}
		for range 8 {
			askAsOf(t, m.l, moments)
		}
		compareRevisions(t, m.l, moments)
	})
}

func (m *machine) currentIncidents() []correlate.IncidentRecord {
	var all []correlate.IncidentRecord
	for _, i := range m.incidents {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b correlate.IncidentRecord) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// askAsOf asks for an instant: that of a moment, or one in between.
func askAsOf(t *rapid.T, l ledger.Ledger, moments []moment) {
	asOf := rapid.SampledFrom(moments).Draw(t, "moment").at.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
	var then moment
	for _, m := range moments {
		if !m.at.After(asOf) {
			then = m
		}
	}
	q := ledger.ChangeFilter{
		AsOf: asOf, Service: drawMaybe(t, "service", "cart"), Environment: drawMaybe(t, "environment", "staging"),
		Version: drawMaybe(t, "version", "1"), Outcome: drawMaybe(t, "outcome", correlate.Regressed),
		Phase: drawMaybe(t, "phase", correlate.PhaseClosed), From: maybeTime.Draw(t, "from"), To: maybeTime.Draw(t, "to"),
		Limit: rapid.IntRange(0, 3).Draw(t, "limit"),
	}
	known := slices.Clone(then.changes)
	slices.Reverse(known)
	if len(known) > 0 && rapid.Bool().Draw(t, "next page") {
		i := rapid.IntRange(0, len(known)-1).Draw(t, "before")
		q.Before, known = known[i].ID, known[i+1:]
	}
	var changes []correlate.ChangeRecord
	for _, c := range known {
		if askedService(q.Service, c.Service, q.Namesakes) && asked(q.Environment, c.Environment) && asked(q.Version, c.Version) && asked(q.Phase, c.Phase) &&
			(q.Outcome == "" || c.Verdict != nil && c.Verdict.Outcome == q.Outcome) && within(completion(c), q.From, q.To) {
			changes = append(changes, c)
		}
	}
	got, err := l.Changes(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, limited(changes, q.Limit), got)

	f := ledger.IncidentFilter{
		AsOf: asOf, Service: q.Service, Environment: q.Environment, From: q.From, To: q.To, Open: rapid.Bool().Draw(t, "open"), Limit: q.Limit,
		Namesakes: q.Namesakes,
	}
	var incidents []correlate.IncidentRecord
	for _, i := range slices.Backward(then.incidents) {
		if askedIncident(i, f.Service, f.Namesakes) && asked(f.Environment, i.Environment) && within(i.OpenedAt, f.From, f.To) && (!f.Open || i.ResolvedAt.IsZero()) {
			incidents = append(incidents, i)
		}
	}
	found, err := l.Incidents(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, limited(incidents, f.Limit), found)
}

// compareRevisions expects one revision for each moment at which a record was another than before.
func compareRevisions(t *rapid.T, l ledger.Ledger, moments []moment) {
	changes, incidents := map[string][]correlate.ChangeRevision{}, map[string][]correlate.IncidentRevision{}
	for _, m := range moments {
		for _, c := range m.changes {
			var before *correlate.ChangeRecord
			n := len(changes[c.ID])
			if n > 0 {
				before = &changes[c.ID][n-1].Record
			}
			if before == nil || text(t, *before) != text(t, c) {
				changes[c.ID] = append(changes[c.ID], correlate.ChangeRevision{
					Revision: n + 1, RecordedAt: m.at, Cause: correlate.ChangeCause(before, c), Record: c,
				})
			}
		}
		for _, i := range m.incidents {
			var before *correlate.IncidentRecord
			n := len(incidents[i.ID])
			if n > 0 {
				before = &incidents[i.ID][n-1].Record
			}
			if before == nil || text(t, *before) != text(t, i) {
				incidents[i.ID] = append(incidents[i.ID], correlate.IncidentRevision{
					Revision: n + 1, RecordedAt: m.at, Cause: correlate.IncidentCause(before, i), Record: i,
				})
			}
		}
	}
	for id, want := range changes {
		got, err := l.ChangeRevisions(t.Context(), id, time.Time{}, 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for id, want := range incidents {
		got, err := l.IncidentRevisions(t.Context(), id, time.Time{}, 0)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func text(t *rapid.T, record any) string {
	b, err := json.Marshal(record)
	require.NoError(t, err)
	return string(b)
}
