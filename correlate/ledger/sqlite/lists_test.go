package sqlite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// planned is how a statement is run.
func planned(t *testing.T, l *Ledger, query string, args []any) string {
	t.Helper()
	var steps []string
	require.NoError(t, each(t.Context(), l.readers, func(scan func(...any) error) error {
		var id, parent, unused int
		var step string
		err := scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, "EXPLAIN QUERY PLAN "+query, args...))
	return strings.Join(steps, "; ")
}

// A page is read from an index that has the order of the list: nothing is sorted, and no table is gone through.
func TestAPageOfAListIsReadFromAnIndex(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	when := time.Unix(1, 0)
	for want, all := range map[string][]ledger.ChangeFilter{
		"changes_by_time":        {{}, {From: when}, {From: when, To: when}},
		"changes_by_service":     {{Service: "shop/cart"}, {Service: "shop/cart", Outcome: "regressed", Namesakes: true, From: when}},
		"changes_by_name":        {{Service: "cart", Namesakes: true}, {Service: "cart", Namesakes: true, Version: "1", Environment: "production", Phase: "closed"}},
		"changes_by_version":     {{Version: "1"}, {Version: "1", Outcome: "healthy", Environment: "production", From: when}},
		"changes_by_verdict":     {{Outcome: "regressed"}, {Outcome: "regressed", Environment: "production", Phase: "closed"}},
		"changes_by_phase":       {{Phase: "observing"}, {Phase: "observing", Environment: "production", To: when}},
		"changes_by_environment": {{Environment: "staging"}, {Environment: "staging", From: when}},
	} {
		for _, q := range all {
			q.Limit = 100
			query, args := changeList(q, nil)
			plan := planned(t, l, query, args)
			require.Contains(t, plan, "INDEX "+want, "%+v: %s", q, plan)
			require.NotContains(t, plan, "TEMP B-TREE", "%+v", q)
		}
	}
	for want, all := range map[string][]ledger.RollbackFilter{
		"rollbacks_by_time":        {{}, {From: when}},
		"rollbacks_by_change":      {{ChangeID: "a"}, {ChangeID: "a", Environment: "production", Result: "refused"}},
		"rollbacks_by_service":     {{Service: "cart"}, {Service: "cart", Environment: "production", From: when}},
		"rollbacks_by_environment": {{Environment: "production"}, {Environment: "production", Result: "requested", From: when}},
		"rollbacks_by_result":      {{Result: "requested"}, {Result: "refused", To: when}},
		"rollbacks_open":           {{Open: true}, {Open: true, Service: "cart", From: when}},
	} {
		for _, q := range all {
			q.Limit = 100
			query, args := rollbackList(q)
			plan := planned(t, l, query, args)
			require.Contains(t, plan, "INDEX "+want, "%+v: %s", q, plan)
			require.NotContains(t, plan, "TEMP B-TREE", "%+v", q)
		}
	}
	for want, all := range map[string][]ledger.IncidentFilter{
		"incidents_by_time":            {{}, {From: when}},
		"incident_services_by_service": {{Service: "shop/cart"}, {Service: "shop/cart", Open: true}},
		"incident_services_by_name":    {{Service: "cart", Namesakes: true}, {Service: "cart", Namesakes: true, Environment: "staging"}},
		"incidents_open_by_time":       {{Open: true}, {Open: true, Environment: "staging", To: when}},
		"incidents_by_environment":     {{Environment: "staging"}},
	} {
		for _, q := range all {
			q.Limit = 100
			query, args := incidentList(q)
			plan := planned(t, l, query, args)
			require.Contains(t, plan, "INDEX "+want, "%+v: %s", q, plan)
			require.NotContains(t, plan, "TEMP B-TREE", "%+v", q)
		}
	}
}

func TestAServiceIsIndexedByItsName(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	for _, service := range []string{"cart", "shop/cart", "a/b/cart", "cart/", "/cart", "/", "", "кассы/корзина", "aa", "b/aab/aa"} {
		names := texts(t, l, "SELECT "+nameOf("'"+service+"'"))
		require.Equal(t, []string{service[strings.LastIndex(service, "/")+1:]}, names, service)
		require.True(t, strings.Contains(names[0], "/") || names[0] == "" || correlate.GoesBy(service, names[0]))
	}
}

// BenchmarkList is a page of a list of 50,000 changes, of which what is asked for has few, or none.
func BenchmarkList(b *testing.B) {
	l, err := Open(b.Context(), Options{Dir: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close()) })
	for from := 0; from < 50_000; from += 1000 {
		var effects []correlate.Effect
		for i := from; i < from+1000; i++ {
			c := correlate.ChangeRecord{Phase: correlate.PhaseHistory, Change: correlate.Change{
				ID: fmt.Sprint("c", i), Service: fmt.Sprint("shop/service-", i%1000), Version: fmt.Sprint(i), FinishedAt: time.Unix(int64(i), 0),
			}.WithDefaults()}
			effects = append(effects, correlate.Effect{Change: &c})
		}
		require.NoError(b, l.CommitEffects(b.Context(), effects, nil, 0))
	}
	for name, q := range map[string]ledger.ChangeFilter{
		"all": {}, "environment": {Environment: "nowhere"}, "phase": {Phase: correlate.PhaseObserving}, "version": {Version: "1"},
		"name": {Service: "service-7", Namesakes: true},
	} {
		q.Limit = 100
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := l.Changes(b.Context(), q)
				require.NoError(b, err)
			}
		})
	}
}
