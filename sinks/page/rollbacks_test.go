package page

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// asked is a request for the rollback of payments-31 at noon, edited.
func asked(edit func(*correlate.Rollback)) correlate.Effect {
	r := correlate.Rollback{
		ID: "payments-31@1", ChangeID: "payments-31", Revision: 1, Service: "payments", Environment: "production", Version: "v31", To: "v30",
		ToChange: "payments-30", Mode: correlate.RollbackOn, Result: correlate.RollbackRequested, DecidedAt: sinktest.Noon.Add(-5 * time.Minute), Grade: correlate.GradeA, Blame: 0.88,
	}
	edit(&r)
	return correlate.Effect{Rollback: &r}
}

func TestADecisionOnARollbackIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*correlate.Rollback)
		list   []string
		change string
	}{
		"a request": {func(*correlate.Rollback) {}, []string{"requested payments v31 in production v30", "Grade A, blame 88 %."}, "A rollback to v30 was asked for at 2026-03-01 11:55:00Z; nobody has answered yet. ( all decisions )"},
		"a dry run": {func(r *correlate.Rollback) { r.Result = correlate.RollbackWould }, []string{"dry run"}, "would have been asked for"},
		"a refusal": {func(r *correlate.Rollback) {
			r.Result, r.Reason = correlate.RollbackRefused, correlate.RollbackMigration
		}, []string{"refused"}, "No rollback was asked for: it is labelled as a migration."},
		"the change that took it back, with its verdict": {func(r *correlate.Rollback) { r.DoneAt, r.DoneBy = sinktest.Noon, "cart-7" }, []string{"See how that went : H healthy"}, "and cart-7 took it back. ( all decisions ) cart-7"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, h := open(t, nil)
			r.Put(asked(c.edit))
			list := text(t, h, "/rollbacks")
			for _, want := range c.list {
				require.Contains(t, list, want)
			}
			require.Contains(t, text(t, h, "/rollbacks?change=payments-31"), "v30")
			require.Contains(t, text(t, h, "/rollbacks?change=cart-7"), "No decision was made.")
			require.Contains(t, text(t, h, "/changes/payments-31"), c.change)
			require.NotContains(t, text(t, h, "/changes/cart-7"), "all decisions")
		})
	}
	r, _, h := open(t, nil)
	later := asked(func(r *correlate.Rollback) {
		r.ID, r.DecidedAt, r.Result, r.Reason = "payments-31@2", sinktest.Noon, correlate.RollbackRefused, correlate.RollbackAsked
	})
	r.Put(asked(func(r *correlate.Rollback) { r.WithdrawnAt, r.WithdrawnFor = sinktest.Noon, correlate.RollbackBlame }), later)
	require.Contains(t, text(t, h, "/changes/payments-31"), "and withdrawn: another change may have done it.", "the request says more than the refusal after it")
	r.Put(correlate.Effect{KillSwitch: &correlate.KillSwitch{On: true, At: sinktest.Noon, By: "ada", Why: "a game day"}})
	require.Contains(t, text(t, h, "/rollbacks"), "The kill switch is on: nobody is asked for a rollback. By ada at 2026-03-01 12:00:00Z: a game day.")
}
