package gate

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestFlaggerTakesBackOnlyWhatIsAskedFor(t *testing.T) {
	asked := func(edit func(*correlate.Rollback)) []correlate.Effect {
		r := correlate.Rollback{ID: "cart-8@1", ChangeID: "cart-8", Service: "cart", Environment: "production", Result: correlate.RollbackRequested, DecidedAt: sinktest.Noon}
		edit(&r)
		return []correlate.Effect{{Rollback: &r}}
	}
	for name, c := range map[string]struct {
		mode  correlate.RollbackMode
		known []correlate.Effect
		yes   bool
		says  string
	}{
		"no rule names it: the verdict is enough": {correlate.RollbackOff, nil, true, ""},
		"it is asked for":                         {correlate.RollbackOn, asked(func(*correlate.Rollback) {}), true, ""},
		"it isn't asked for":                      {correlate.RollbackOn, nil, false, "no rollback of it is asked for"},
		"it was refused":                          {correlate.RollbackOn, asked(func(r *correlate.Rollback) { r.Result = correlate.RollbackRefused }), false, "no rollback of it is asked for"},
		"it no longer is":                         {correlate.RollbackOn, asked(func(r *correlate.Rollback) { r.WithdrawnAt = sinktest.Noon }), false, "no rollback of it is asked for"},
		"another change is asked for":             {correlate.RollbackOn, asked(func(r *correlate.Rollback) { r.ChangeID = "cart-7" }), false, "no rollback of it is asked for"},
		"a dry run":                               {correlate.RollbackDryRun, asked(func(r *correlate.Rollback) { r.Result = correlate.RollbackWould }), false, "dry run"},
		"the kill switch, with a request":         {correlate.RollbackOn, append(asked(func(*correlate.Rollback) {}), correlate.Effect{KillSwitch: &correlate.KillSwitch{On: true}}), false, "kill switch"},
		"the kill switch, without rules":          {correlate.RollbackOff, []correlate.Effect{{KillSwitch: &correlate.KillSwitch{On: true}}}, false, "kill switch"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, nil)
			d.begin(judged(correlate.Regressed, correlate.ReasonLatency))
			d.SetRollbackMode(c.mode)
			d.Put(c.known...)
			yes, event := flaggerWould(d.request(http.MethodPost, "/gate/flagger/rollback", `{"name": "cart", "metadata": {"version": "v8"}}`))
			require.Equal(t, c.yes, yes, event)
			require.Contains(t, event, c.says)
			confirm, _ := flaggerWould(d.request(http.MethodPost, "/gate/flagger/confirm", `{"name": "cart", "metadata": {"version": "v8"}}`))
			require.False(t, confirm, "whatever is asked for, it doesn't go further")
		})
	}
}
