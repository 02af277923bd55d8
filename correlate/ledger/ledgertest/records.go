package ledgertest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

func store(t *testing.T, l ledger.Ledger, effects ...correlate.Effect) {
	t.Helper()
	require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0))
}

func effectsTwice(t *testing.T, open Opener) {
	l, place := start(t, open)
	c, v := record("a", epoch), verdict("a", 1, correlate.Regressed)
	i, r := incident("i", epoch, time.Time{}), regression("r", epoch, "a", "b")
	idle := correlate.Idle{From: epoch.Add(time.Nanosecond)}
	rollup := correlate.Rollup{Start: epoch.Unix(), Cells: []correlate.Measurement{cell("checkout", epoch.Unix())}}
	effects := []correlate.Effect{{Change: &c}, {Verdict: &v}, {Incident: &i}, {Regression: &r}, {Idle: &idle}, {Rollup: &rollup},
		{Judged: &correlate.Judged{To: epoch.Add(time.Hour)}}, {Judged: &correlate.Judged{To: epoch}}}
	rows := []ledger.OutboxRow{{Sink: "slack", Key: "a/1", Payload: []byte("p")}}
	for range 2 {
		require.NoError(t, l.CommitEffects(t.Context(), effects, rows, 4))
	}
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	saved, err := l.Restore(t.Context(), epoch)
	require.NoError(t, err)
	c.Verdict = &v
	require.Equal(t, ledger.Saved{
		Changes: []correlate.ChangeRecord{c}, Incidents: []correlate.IncidentRecord{i},
		Regressions: []correlate.Regression{r}, Idle: &idle, AppliedSeq: 4, JudgedTo: epoch,
	}, saved)
	require.Equal(t, rows, queued(t, l, "slack", 0))
	var rollups []correlate.Rollup
	require.NoError(t, l.Rollups(t.Context(), func(r correlate.Rollup) error {
		rollups = append(rollups, r)
		return nil
	}))
	require.Equal(t, []correlate.Rollup{rollup}, rollups)
	require.Error(t, l.CommitEffects(t.Context(), []correlate.Effect{{}}, nil, 0), "an empty effect is refused")
}

func revisions(t *testing.T, open Opener) {
	l, _ := start(t, open)
	first, second, third := verdict("a", 1, correlate.Inconclusive), verdict("a", 2, correlate.Regressed), verdict("a", 3, correlate.Healthy)
	store(t, l, correlate.Effect{Verdict: &second})
	_, _, err := l.Change(t.Context(), "a")
	require.ErrorIs(t, err, ledger.ErrNotFound, "a verdict alone makes no change")

	c := record("a", epoch)
	c.Verdict = &first
	store(t, l, changeEffects(c)...)
	got, all, err := l.Change(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, &second, got.Verdict)
	require.Equal(t, []correlate.Verdict{first, second}, all)

	edited := second
	edited.Outcome = correlate.Healthy
	store(t, l, correlate.Effect{Verdict: &third}, correlate.Effect{Verdict: &edited})
	c.Verdict = nil
	store(t, l, changeEffects(c)...)
	got, all, err = l.Change(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, &third, got.Verdict)
	require.Equal(t, []correlate.Verdict{first, second, third}, all, "a revision is never edited")
	healthy, err := l.Changes(t.Context(), ledger.ChangeFilter{Outcome: correlate.Healthy})
	require.NoError(t, err)
	require.Equal(t, []correlate.ChangeRecord{got}, healthy)
	_, _, err = l.Change(t.Context(), "b")
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func ids(records []correlate.ChangeRecord) []string {
	all := []string{}
	for _, r := range records {
		all = append(all, r.ID)
	}
	return all
}

func changePages(t *testing.T, open Opener) {
	l, _ := start(t, open)
	unfinished := record("e", epoch)
	unfinished.StartedAt, unfinished.FinishedAt, unfinished.Status = epoch.Add(90*time.Second), time.Time{}, correlate.StatusStarted
	store(t, l, changeEffects(record("c", epoch), record("a", epoch), record("b", epoch), record("d", epoch.Add(time.Minute)),
		unfinished, record("z", epoch.Add(-time.Minute)))...)
	want := []string{"e", "d", "c", "b", "a", "z"}
	for size := 1; size <= len(want)+1; size++ {
		t.Run(fmt.Sprintf("pages of %d", size), func(t *testing.T) {
			var got []string
			for before := ""; ; {
				page, err := l.Changes(t.Context(), ledger.ChangeFilter{Service: "checkout", Before: before, Limit: size})
				require.NoError(t, err)
				if len(page) == 0 {
					break
				}
				require.LessOrEqual(t, len(page), size)
				got, before = append(got, ids(page)...), page[len(page)-1].ID
			}
			require.Equal(t, want, got)
		})
	}
	_, err := l.Changes(t.Context(), ledger.ChangeFilter{Before: "nobody"})
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func changeFilters(t *testing.T, open Opener) {
	l, _ := start(t, open)
	cart := record("cart", epoch.Add(time.Second))
	cart.Service = "cart"
	staging := record("staging", epoch.Add(2*time.Second))
	staging.Environment = "staging"
	two := record("two", epoch.Add(3*time.Second))
	two.Version = "2"
	watched := record("watched", epoch.Add(4*time.Second))
	watched.Phase = correlate.PhaseObserving
	bad := record("bad", epoch.Add(5*time.Second))
	worse := verdict("bad", 1, correlate.Regressed)
	bad.Verdict = &worse
	store(t, l, changeEffects(cart, staging, two, watched, bad)...)
	for name, c := range map[string]struct {
		filter ledger.ChangeFilter
		want   []string
	}{
		"nothing asked":     {ledger.ChangeFilter{}, []string{"bad", "watched", "two", "staging", "cart"}},
		"a service":         {ledger.ChangeFilter{Service: "cart"}, []string{"cart"}},
		"an environment":    {ledger.ChangeFilter{Environment: "staging"}, []string{"staging"}},
		"a version":         {ledger.ChangeFilter{Version: "2"}, []string{"two"}},
		"a phase":           {ledger.ChangeFilter{Phase: correlate.PhaseObserving}, []string{"watched"}},
		"an outcome":        {ledger.ChangeFilter{Outcome: correlate.Regressed}, []string{"bad"}},
		"from is included":  {ledger.ChangeFilter{From: epoch.Add(4 * time.Second)}, []string{"bad", "watched"}},
		"to is not":         {ledger.ChangeFilter{To: epoch.Add(3 * time.Second)}, []string{"staging", "cart"}},
		"several at once":   {ledger.ChangeFilter{Service: "checkout", Version: "1.4.2", To: epoch.Add(5 * time.Second)}, []string{"watched", "staging"}},
		"what nobody has":   {ledger.ChangeFilter{Service: "cart", Version: "2"}, []string{}},
		"a limit and older": {ledger.ChangeFilter{Before: "two", Limit: 1}, []string{"staging"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := l.Changes(t.Context(), c.filter)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(got))
		})
	}
}

func otherFilters(t *testing.T, open Opener) {
	l, _ := start(t, open)
	old, now, late := incident("old", epoch, epoch.Add(time.Hour)), incident("now", epoch.Add(time.Minute), time.Time{}), incident("late", epoch.Add(time.Minute), time.Time{})
	late.Service, late.Environment = "cart", "staging"
	for _, i := range []correlate.IncidentRecord{now, late, old} {
		store(t, l, correlate.Effect{Incident: &i})
	}
	for name, c := range map[string]struct {
		filter ledger.IncidentFilter
		want   []correlate.IncidentRecord
	}{
		"all, newest first": {ledger.IncidentFilter{}, []correlate.IncidentRecord{now, late, old}},
		"a service":         {ledger.IncidentFilter{Service: "cart"}, []correlate.IncidentRecord{late}},
		"an environment":    {ledger.IncidentFilter{Environment: "production"}, []correlate.IncidentRecord{now, old}},
		"a time":            {ledger.IncidentFilter{From: epoch, To: epoch.Add(time.Minute)}, []correlate.IncidentRecord{old}},
		"open ones, one":    {ledger.IncidentFilter{Open: true, Limit: 1}, []correlate.IncidentRecord{now}},
	} {
		t.Run("incidents: "+name, func(t *testing.T) {
			got, err := l.Incidents(t.Context(), c.filter)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}

	one, two := regression("1", epoch, "a", "b", "a"), regression("2", epoch, "b")
	two.Service, two.Environment = "cart", "staging"
	store(t, l, correlate.Effect{Regression: &one}, correlate.Effect{Regression: &two})
	relieved := regression("3", epoch.Add(time.Second), "a")
	store(t, l, correlate.Effect{Regression: &relieved})
	relieved.Suspects = relieved.Suspects[:0:0]
	relieved.RecoveredAt = &relieved.DecidedAt
	store(t, l, correlate.Effect{Regression: &relieved})
	for name, c := range map[string]struct {
		filter ledger.RegressionFilter
		want   []correlate.Regression
	}{
		"all, newest first": {ledger.RegressionFilter{}, []correlate.Regression{relieved, two, one}},
		"a service":         {ledger.RegressionFilter{Service: "cart"}, []correlate.Regression{two}},
		"an environment":    {ledger.RegressionFilter{Environment: "production", Limit: 1}, []correlate.Regression{relieved}},
		"a suspect":         {ledger.RegressionFilter{ChangeID: "a"}, []correlate.Regression{one}},
		"another suspect":   {ledger.RegressionFilter{ChangeID: "b"}, []correlate.Regression{two, one}},
		"a time":            {ledger.RegressionFilter{From: epoch.Add(time.Second), To: epoch.Add(time.Minute)}, []correlate.Regression{relieved}},
	} {
		t.Run("regressions: "+name, func(t *testing.T) {
			got, err := l.Regressions(t.Context(), c.filter)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func restore(t *testing.T, open Opener) {
	l, place := start(t, open)
	since := epoch.Add(time.Hour)
	past := record("past", epoch)
	watched := record("watched", epoch.Add(-time.Hour))
	watched.Phase = correlate.PhaseObserving
	unfinished := record("unfinished", epoch)
	unfinished.FinishedAt = time.Time{}
	merged := record("merged", epoch)
	merged.FinishedAt, merged.Phase = time.Time{}, correlate.PhaseMerged
	retracted := record("retracted", epoch)
	retracted.FinishedAt, retracted.Phase = time.Time{}, correlate.PhaseRetracted
	recovered := record("recovered", epoch)
	recovered.RecoveredAt = since
	judged := record("judged", epoch)
	late := verdict("judged", 1, correlate.Regressed)
	late.DecidedAt = since.Add(time.Second)
	future := record("future", since.Add(time.Hour))
	var newer []correlate.ChangeRecord // as many as are restored whatever their age
	for i := range correlate.Lineage {
		newer = append(newer, record(fmt.Sprintf("newer %d", i), since.Add(time.Duration(2+i)*time.Hour)))
	}
	elsewhere := record("elsewhere", epoch)
	elsewhere.Environment = "staging"
	store(t, l, changeEffects(append(newer, elsewhere)...)...)
	store(t, l, append(changeEffects(past, watched, unfinished, merged, retracted, recovered, judged, future), correlate.Effect{Verdict: &late})...)
	for _, i := range []correlate.IncidentRecord{
		incident("over", epoch, epoch.Add(time.Minute)), incident("open", epoch, time.Time{}), incident("just over", epoch, since),
	} {
		store(t, l, correlate.Effect{Incident: &i})
	}
	done, back := regression("done", epoch, "a"), regression("back", epoch, "a")
	back.RecoveredAt = &since
	store(t, l, correlate.Effect{Regression: &done}, correlate.Effect{Regression: &back})
	store(t, l, correlate.Effect{Idle: &correlate.Idle{From: since}}, correlate.Effect{Idle: &correlate.Idle{From: epoch, Until: since}})
	store(t, l, correlate.Effect{Idle: &correlate.Idle{From: since, Until: since.Add(time.Second)}})
	require.NoError(t, l.Checkpoint(t.Context(), since.Add(time.Minute), nil))
	require.NoError(t, l.Expire(t.Context(), since.Add(time.Hour), since))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	saved, err := l.Restore(t.Context(), since)
	require.NoError(t, err)
	require.Equal(t, []string{"watched", "unfinished", "elsewhere", "judged", "recovered", "future"}, ids(saved.Changes[:6]))
	require.Len(t, saved.Changes, 6+correlate.Lineage)
	require.Equal(t, &late, saved.Changes[3].Verdict)
	require.Equal(t, []correlate.IncidentRecord{incident("just over", epoch, since), incident("open", epoch, time.Time{})}, saved.Incidents)
	require.Equal(t, []correlate.Regression{back}, saved.Regressions)
	require.Equal(t, &correlate.Idle{From: since, Until: since.Add(time.Second)}, saved.Idle)
	require.Equal(t, since.Add(time.Minute), saved.LastAlive, "known also when the checkpoint has expired")
	requireRevisions(t, l, since, late)
}

// requireRevisions: those of a change with one verdict and then with two, and everything of all time.
func requireRevisions(t *testing.T, l ledger.Ledger, since time.Time, late correlate.Verdict) {
	t.Helper()
	saved, err := l.Restore(t.Context(), since)
	require.NoError(t, err)
	require.Empty(t, saved.Revisions, "the record holds the only verdict")

	later := verdict("judged", 2, correlate.Healthy)
	store(t, l, correlate.Effect{Verdict: &later})
	saved, err = l.Restore(t.Context(), since)
	require.NoError(t, err)
	require.Equal(t, []correlate.Verdict{late, later}, saved.Revisions)

	all, err := l.Restore(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, all.Changes, 9+correlate.Lineage)
	require.Len(t, all.Incidents, 3)
	require.Len(t, all.Regressions, 2)
}

func namesakes(t *testing.T, open Opener) {
	l, _ := start(t, open)
	var effects []correlate.Effect
	for n, service := range []string{"api", "shop/api", "shop/myapi", "api/shop", "shop/Ümlaut"} {
		c := record(service, epoch.Add(time.Duration(n)*time.Second))
		c.Service = service
		effects = append(effects, changeEffects(c)...)
		effects = append(effects, correlate.Effect{Incident: &correlate.IncidentRecord{Incident: correlate.Incident{
			ID: service, Service: service, Environment: "production", OpenedAt: epoch.Add(time.Duration(n) * time.Second),
		}}})
	}
	store(t, l, effects...)
	for name, want := range map[string][]string{
		"api": {"shop/api", "api"}, "shop/api": {"shop/api"}, "shop": {"api/shop"}, "Ümlaut": {"shop/Ümlaut"}, "pi": {},
	} {
		changes, err := l.Changes(t.Context(), ledger.ChangeFilter{Service: name, Namesakes: true})
		require.NoError(t, err)
		require.Equal(t, want, ids(changes), name)
		incidents, err := l.Incidents(t.Context(), ledger.IncidentFilter{Service: name, Namesakes: true})
		require.NoError(t, err)
		got := []string{}
		for _, i := range incidents {
			got = append(got, i.ID)
		}
		require.Equal(t, want, got, name)
	}
	changes, err := l.Changes(t.Context(), ledger.ChangeFilter{Service: "api"})
	require.NoError(t, err)
	require.Equal(t, []string{"api"}, ids(changes), "unless that is asked for, the very name alone")
}
