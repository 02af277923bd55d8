package ledgertest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// current is every change with its current verdict, oldest completion first.
func (m *machine) current() []correlate.ChangeRecord {
	var all []correlate.ChangeRecord
	for id, c := range m.changes {
		if revisions := slices.Sorted(maps.Keys(m.verdicts[id])); len(revisions) > 0 {
			v := m.verdicts[id][revisions[len(revisions)-1]]
			c.Verdict = &v
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b correlate.ChangeRecord) int {
		return cmp.Or(completion(a).Compare(completion(b)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func completion(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

func within(at, from, to time.Time) bool {
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

func asked[T ~string](filter, value T) bool { return filter == "" || filter == value }

func askedService(filter, service string, namesakes bool) bool {
	return asked(filter, service) || (namesakes && correlate.GoesBy(service, filter))
}

// askedIncident: one of the services that an incident is about is asked for.
func askedIncident(i correlate.IncidentRecord, filter string, namesakes bool) bool {
	return filter == "" || slices.ContainsFunc(i.About(), func(service string) bool { return askedService(filter, service, namesakes) })
}

func limited[T any](all []T, limit int) []T {
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}

func (m *machine) listChanges(t *rapid.T) {
	m.allRecorded(t)
	q := ledger.ChangeFilter{
		Service: drawMaybe(t, "service", "cart", "checkout"), Environment: drawMaybe(t, "environment", "staging"),
		Version: drawMaybe(t, "version", "1"), Outcome: drawMaybe(t, "outcome", correlate.Regressed, correlate.Healthy),
		Phase: drawMaybe(t, "phase", correlate.PhaseClosed), From: maybeTime.Draw(t, "from"), To: maybeTime.Draw(t, "to"),
		Limit: rapid.IntRange(0, 4).Draw(t, "limit"),
	}
	all := m.current()
	slices.Reverse(all)
	if len(all) > 0 && rapid.Bool().Draw(t, "next page") {
		i := rapid.IntRange(0, len(all)-1).Draw(t, "before")
		q.Before, all = all[i].ID, all[i+1:]
	}
	want := slices.DeleteFunc(slices.Clone(all), func(c correlate.ChangeRecord) bool {
		var outcome correlate.Outcome
		if c.Verdict != nil {
			outcome = c.Verdict.Outcome
		}
		return !askedService(q.Service, c.Service, q.Namesakes) || !asked(q.Environment, c.Environment) || !asked(q.Version, c.Version) ||
			!asked(q.Outcome, outcome) || !asked(q.Phase, c.Phase) || !within(completion(c), q.From, q.To)
	})
	got, err := m.l.Changes(t.Context(), q)
	require.NoError(t, err)
	same(t, limited(want, q.Limit), got)
	for id := range m.changes {
		_, verdicts, err := m.l.Change(t.Context(), id)
		require.NoError(t, err)
		var revisions []correlate.Verdict
		for _, n := range slices.Sorted(maps.Keys(m.verdicts[id])) {
			revisions = append(revisions, m.verdicts[id][n])
		}
		same(t, revisions, verdicts)
	}
}

// same compares lists, of which an empty one may be nil.
func same[T any](t require.TestingT, want, got []T) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

func (m *machine) sortedIncidents() []correlate.IncidentRecord {
	return slices.SortedFunc(maps.Values(m.incidents), func(a, b correlate.IncidentRecord) int {
		return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
}

func (m *machine) sortedRegressions() []correlate.Regression {
	return slices.SortedFunc(maps.Values(m.regressions), func(a, b correlate.Regression) int {
		return cmp.Or(a.OnsetAt.Compare(b.OnsetAt), cmp.Compare(a.ID, b.ID))
	})
}

func (m *machine) listRest(t *rapid.T) {
	i := ledger.IncidentFilter{
		Service: drawMaybe(t, "service", "cart"), Environment: drawMaybe(t, "environment", "staging"),
		From: maybeTime.Draw(t, "from"), To: maybeTime.Draw(t, "to"), Open: rapid.Bool().Draw(t, "open"), Limit: rapid.IntRange(0, 3).Draw(t, "limit"),
		Namesakes: rapid.Bool().Draw(t, "namesakes"),
	}
	incidents := slices.DeleteFunc(m.sortedIncidents(), func(r correlate.IncidentRecord) bool {
		return !askedIncident(r, i.Service, i.Namesakes) || !asked(i.Environment, r.Environment) || !within(r.OpenedAt, i.From, i.To) ||
			i.Open && !r.ResolvedAt.IsZero()
	})
	slices.Reverse(incidents)
	gotIncidents, err := m.l.Incidents(t.Context(), i)
	require.NoError(t, err)
	same(t, limited(incidents, i.Limit), gotIncidents)

	r := ledger.RegressionFilter{
		Service: i.Service, Environment: i.Environment, ChangeID: drawMaybe(t, "suspect", "a", "b"), From: i.From, To: i.To, Limit: i.Limit,
	}
	regressions := slices.DeleteFunc(m.sortedRegressions(), func(of correlate.Regression) bool {
		suspected := r.ChangeID == "" || slices.ContainsFunc(of.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == r.ChangeID })
		return !suspected || !asked(r.Service, of.Service) || !asked(r.Environment, of.Environment) || !within(of.OnsetAt, r.From, r.To)
	})
	slices.Reverse(regressions)
	gotRegressions, err := m.l.Regressions(t.Context(), r)
	require.NoError(t, err)
	same(t, limited(regressions, r.Limit), gotRegressions)
}

func (m *machine) restore(t *rapid.T) {
	since := maybeTime.Draw(t, "since")
	saved, err := m.l.Restore(t.Context(), since)
	require.NoError(t, err)
	latest := map[[2]string]int{}
	current := m.current()
	slices.Reverse(current)
	current = slices.DeleteFunc(current, func(c correlate.ChangeRecord) bool {
		over := c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted
		open := c.Phase == correlate.PhaseObserving || c.FinishedAt.IsZero() && !over
		times := []time.Time{c.StartedAt, c.FinishedAt, c.WindowEnd, c.RecoveredAt}
		for _, v := range m.verdicts[c.ID] {
			times = append(times, v.DecidedAt)
		}
		of := [2]string{c.Service, c.Environment}
		latest[of]++
		return !open && latest[of] > correlate.Lineage && !slices.ContainsFunc(times, func(t time.Time) bool { return !t.Before(since) })
	})
	slices.Reverse(current)
	changes := current
	same(t, ids(changes), ids(saved.Changes))
	same(t, changes, saved.Changes)
	var revisions []correlate.Verdict
	for _, id := range slices.Sorted(maps.Keys(m.verdicts)) {
		numbers := slices.Sorted(maps.Keys(m.verdicts[id]))
		if slices.Max(numbers) == 1 || !slices.Contains(ids(changes), id) {
			continue
		}
		for _, n := range numbers {
			revisions = append(revisions, m.verdicts[id][n])
		}
	}
	same(t, revisions, saved.Revisions)
	same(t, slices.DeleteFunc(m.sortedIncidents(), func(i correlate.IncidentRecord) bool {
		return i.OpenedAt.Before(since) && i.ResolvedAt.Before(since) && !i.ResolvedAt.IsZero()
	}), saved.Incidents)
	same(t, slices.DeleteFunc(m.sortedRegressions(), func(r correlate.Regression) bool { return r.DecidedAt.Before(since) }), saved.Regressions)
	require.Equal(t, m.applied, saved.AppliedSeq)
	require.Equal(t, m.alive, saved.LastAlive)
	if len(m.idle) == 0 {
		require.Nil(t, saved.Idle)
		return
	}
	last := slices.MaxFunc(slices.Collect(maps.Keys(m.idle)), time.Time.Compare)
	require.Equal(t, m.idle[last], *saved.Idle)
}

func (m *machine) readStreams(t *rapid.T) {
	same(t, m.checkpoints, readCheckpoints(t, m.l, t))
	var rollups []correlate.Rollup
	for _, at := range slices.Sorted(maps.Keys(m.rollups)) {
		rollups = append(rollups, m.rollups[at])
	}
	same(t, rollups, readRollups(t, m.l, t))

	var left []ledger.Fact
	for _, f := range m.facts {
		if f.Seq > m.applied {
			left = append(left, f)
		}
	}
	most := rapid.IntRange(0, 5).Draw(t, "at most")
	got, err := m.l.Unapplied(t.Context(), most)
	require.NoError(t, err)
	same(t, limited(left, most), got)

	m.readOutbox(t)
	for stream, next := range m.cursors {
		at, err := m.l.Cursor(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, next, at)
	}
}
