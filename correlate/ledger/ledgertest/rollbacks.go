package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// decision on a change at some seconds.
func decision(id, service, environment string, result correlate.RollbackResult, seconds int) correlate.Rollback {
	return correlate.Rollback{
		ID: correlate.RollbackID(id, 1), ChangeID: id, Revision: 1, Service: service, Environment: environment, Version: "v2", To: "v1", ToChange: "before",
		Mode: correlate.RollbackOn, Result: result, DecidedAt: epoch.Add(time.Duration(seconds) * time.Second), Grade: correlate.GradeA, Blame: 0.9,
	}
}

func decide(t *testing.T, l ledger.Ledger, all ...correlate.Rollback) {
	t.Helper()
	var effects []correlate.Effect
	for _, r := range all {
		effects = append(effects, correlate.Effect{Rollback: &r})
	}
	require.NoError(t, l.CommitEffects(t.Context(), effects, nil, 0))
}

func rollbacks(t *testing.T, open Opener) {
	l, place := start(t, open)
	a := decision("a", "cart", "production", correlate.RollbackRequested, 1)
	b := decision("b", "cart", "staging", correlate.RollbackRefused, 2)
	b.Reason = correlate.RollbackGrade
	c := decision("c", "checkout", "production", correlate.RollbackRequested, 2)
	decide(t, l, a, b, c)
	decide(t, l, a, b)
	a.AcknowledgedAt, a.DoneAt, a.DoneBy = epoch.Add(time.Minute), epoch.Add(time.Hour), "d"
	decide(t, l, a)
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	for name, e := range map[string]struct {
		q    ledger.RollbackFilter
		want []correlate.Rollback
	}{
		"all, the newest first":        {ledger.RollbackFilter{}, []correlate.Rollback{c, b, a}},
		"the first of them":            {ledger.RollbackFilter{Limit: 2}, []correlate.Rollback{c, b}},
		"of a change":                  {ledger.RollbackFilter{ChangeID: "a"}, []correlate.Rollback{a}},
		"of a service":                 {ledger.RollbackFilter{Service: "cart"}, []correlate.Rollback{b, a}},
		"of a place":                   {ledger.RollbackFilter{Service: "cart", Environment: "production"}, []correlate.Rollback{a}},
		"of an environment":            {ledger.RollbackFilter{Environment: "production"}, []correlate.Rollback{c, a}},
		"by what was decided":          {ledger.RollbackFilter{Result: correlate.RollbackRefused}, []correlate.Rollback{b}},
		"what nobody knows the end of": {ledger.RollbackFilter{Open: true}, []correlate.Rollback{c}},
		"of that, of another service":  {ledger.RollbackFilter{Open: true, Service: "cart"}, nil},
		"from an instant on":           {ledger.RollbackFilter{From: b.DecidedAt}, []correlate.Rollback{c, b}},
		"before an instant":            {ledger.RollbackFilter{To: b.DecidedAt}, []correlate.Rollback{a}},
	} {
		found, err := l.Rollbacks(t.Context(), e.q)
		require.NoError(t, err)
		require.Equal(t, e.want, found, name)
	}
}

func killSwitch(t *testing.T, open Opener) {
	l, place := start(t, open)
	is, err := l.KillSwitch(t.Context())
	require.NoError(t, err)
	require.Zero(t, is)
	on := correlate.KillSwitch{On: true, At: epoch, By: "ada", Why: "a game day"}
	off := correlate.KillSwitch{At: epoch.Add(-time.Hour), By: "ada"} // the clock went back
	require.NoError(t, l.CommitEffects(t.Context(), []correlate.Effect{{KillSwitch: &on}, {KillSwitch: &off}, {KillSwitch: &on}}, nil, 0))
	require.NoError(t, l.CommitEffects(t.Context(), []correlate.Effect{{KillSwitch: &off}}, nil, 0))
	require.NoError(t, l.Close())
	is, err = reopen(t, open, place).KillSwitch(t.Context())
	require.NoError(t, err)
	require.Equal(t, off, is, "the last turn counts, whatever its time")
}

func arrived(t *testing.T, open Opener) {
	l, _ := start(t, open)
	both := []string{"slack", "grafana"}
	send(t, l, message("slack", "b", "1"), message("grafana", "b", "2"), message("jira", "b", "2"))
	at := func(sinks []string, key string) time.Time {
		found, err := l.Arrived(t.Context(), sinks, key)
		require.NoError(t, err)
		return found
	}
	require.NoError(t, l.Delivered(t.Context(), "jira", "b", nil))
	require.Zero(t, at(both, "b"))
	require.Zero(t, at(nil, "b"))
	require.NoError(t, l.Delivered(t.Context(), "slack", "b", nil))
	first := at(both, "b")
	require.NotZero(t, first)
	require.NoError(t, l.Delivered(t.Context(), "grafana", "b", nil))
	require.Equal(t, first, at(both, "b"))
	require.Zero(t, at(both, "c"))
}
