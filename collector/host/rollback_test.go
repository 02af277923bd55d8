package host

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
	"github.com/shipwake/shipwake/sinks/webhook"
)

// pipeline is a receiver of requests for rollbacks, which writes down what it takes.
type pipeline struct {
	mu   sync.Mutex
	took []webhook.RollbackPayload
	url  string
}

func newPipeline(t *testing.T) *pipeline {
	p := &pipeline{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got webhook.RollbackPayload
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &got) != nil {
			w.WriteHeader(http.StatusBadRequest) // cut short by the death of the sender
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.took = append(p.took, got)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// types of what was taken, in order.
func (p *pipeline) types() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.took {
		all = append(all, m.Type)
	}
	return all
}

// on asks for rollbacks of everything.
var on = rollbacks.Config{Rules: []rollbacks.Rule{{Mode: correlate.RollbackOn}}}

// asker is a host that asks a pipeline, as sending is one that sends verdicts. Its clock is real, and may be set off by an hour
// and more.
type asker struct {
	*Host
	loop *loop
	// begin has it send what waits.
	begin func()
	stop  func() error
	off   time.Duration
}

func (a *asker) now() time.Time { return time.Now().Add(a.off) }

func newAsker(ctx context.Context, dir, url string, cfg rollbacks.Config) (*asker, error) {
	c := *createDefaultConfig().(*Config)
	c.Rollback = cfg
	c.Sinks = map[string]map[string]any{"webhook": {"allow": []any{"loopback"}, "endpoints": map[string]any{
		"pipeline": map[string]any{"url": url, "rollbacks_only": true, "secrets": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))},
	}}}
	a := &asker{}
	a.Host = newHost(componenttest.NewNopTelemetrySettings(), c, Options{Sinks: []sinks.Factory{webhook.Factory()}, Now: a.now})
	l, err := sqlite.Open(ctx, sqlite.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	a.keepIn(l)
	if err := a.startSinks(); err != nil {
		return nil, err
	}
	a.outbox = newOutbox(a.Host)
	a.loop = newLoop(a.Host)
	running, cancel := context.WithCancel(ctx)
	a.Host.stop = cancel
	a.begin = func() { a.done.Go(func() { a.outbox.run(running) }) }
	a.stop = func() error { return a.Shutdown(ctx) }
	return a, nil
}

func asks(t *testing.T, dir, url string, cfg rollbacks.Config) *asker {
	t.Helper()
	a := waits(t, dir, url, cfg)
	a.begin()
	return a
}

// waits is a host that sends nothing before begin.
func waits(t *testing.T, dir, url string, cfg rollbacks.Config) *asker {
	t.Helper()
	a, err := newAsker(t.Context(), dir, url, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.stop()) })
	return a
}

// deployed has a version of a service go live some minutes ago, and its verdict.
func (a *asker) deployed(service, version string, minutes int, o correlate.Outcome, edit ...func(*correlate.ChangeRecord)) []correlate.Effect {
	at := a.now().Add(-time.Duration(minutes) * time.Minute)
	c := correlate.ChangeRecord{
		Change: correlate.Change{ID: service + "-" + version, Service: service, Version: version, StartedAt: at, FinishedAt: at}.WithDefaults(), Phase: correlate.PhaseObserving,
	}
	c.Verdict = &correlate.Verdict{
		ChangeID: c.ID, Service: service, Environment: c.Environment, Version: version, Outcome: o, Revision: 1, Grade: correlate.GradeA, Blame: 0.95,
		DecidedAt: a.now(), Evidence: []correlate.Evidence{},
	}
	for _, e := range edit {
		e(&c)
	}
	c.Verdict.ChangeID = c.ID
	return []correlate.Effect{{Change: &c}, {Verdict: c.Verdict}}
}

// regress has v1 of a service be healthy and v2 regress.
func (a *asker) regress(t *testing.T, service string, edit ...func(*correlate.ChangeRecord)) {
	t.Helper()
	require.True(t, keep(a.loop, a.deployed(service, "v1", 120, correlate.Healthy)))
	require.True(t, keep(a.loop, a.deployed(service, "v2", 10, correlate.Regressed, edit...)))
}

// revised is the next revision of the verdict on a change, edited.
func (a *asker) revised(t *testing.T, id string, edit func(*correlate.ChangeRecord)) {
	t.Helper()
	c, _, err := a.ledger.Change(t.Context(), id)
	require.NoError(t, err)
	v := *c.Verdict
	v.Revision++
	c.Verdict = &v
	edit(&c)
	require.True(t, keep(a.loop, []correlate.Effect{{Change: &c}, {Verdict: c.Verdict}}))
}

// look lets the daemon look what became of its requests, as every second.
func (a *asker) look() {
	a.loop.ticked = a.now()
	a.loop.followRollbacks(a.now())
}

// kept are the decisions on a change, the newest first.
func (a *asker) kept(t *testing.T, id string) []correlate.Rollback {
	t.Helper()
	found, err := reader{a.Host}.Rollbacks(t.Context(), sinks.RollbackQuery{ChangeID: id})
	require.NoError(t, err)
	return found
}

func (a *asker) state(t *testing.T, id string) correlate.RollbackState {
	t.Helper()
	all := a.kept(t, id)
	require.NotEmpty(t, all)
	return all[0].State()
}

// waits: nothing is left to be sent.
func (a *asker) emptied(t *testing.T) {
	t.Helper()
	eventually(t, "the queue is empty", func() bool {
		state, err := a.ledger.OutboxState(t.Context())
		return err == nil && len(state) == 0
	})
}

func TestARequestIsSentOnceAndFollowedToItsEnd(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, on)
	a.regress(t, "checkout")
	eventually(t, "it is asked", func() bool { return len(p.types()) == 1 })
	a.emptied(t)
	a.look()
	require.Equal(t, correlate.RollbackStateAcknowledged, a.state(t, "checkout-v2"))
	got := p.took[0]
	require.Equal(t, "rollback.requested", got.Type)
	require.Equal(t, "v1", got.Data.Rollback.To)
	require.Equal(t, "checkout-v2", got.Data.Change.ID)
	require.Equal(t, got.Data.Rollback.DecidedAt.Add(5*time.Minute), got.Data.ValidUntil)

	back := a.deployed("checkout", "v1", 0, correlate.Inconclusive, func(c *correlate.ChangeRecord) {
		c.ID, c.Kind, c.Rollback = "checkout-back", correlate.KindRollback, true
	})
	require.True(t, keep(a.loop, back))
	a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.RolledBackBy = "checkout-back" })
	is := a.kept(t, "checkout-v2")[1]
	require.Equal(t, correlate.RollbackStateDone, is.State())
	require.Equal(t, "checkout-back", is.DoneBy)
	a.revised(t, "checkout-back", func(c *correlate.ChangeRecord) { c.Verdict.Outcome = correlate.Regressed })
	require.Equal(t, correlate.RollbackIsRollback, a.kept(t, "checkout-back")[0].Reason, "a rollback is never taken back")
	a.emptied(t)
	require.Equal(t, []string{"rollback.requested"}, p.types())
}

func TestADryRunSendsNothing(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, rollbacks.Config{Rules: []rollbacks.Rule{{}}})
	a.regress(t, "checkout")
	is := a.kept(t, "checkout-v2")
	require.Len(t, is, 1)
	require.Equal(t, correlate.RollbackStateWould, is[0].State())
	require.Equal(t, "v1", is[0].To)
	queued, err := a.ledger.Outbox(t.Context(), "webhook/pipeline", 0, 0)
	require.NoError(t, err)
	require.Empty(t, queued)
	a.look()
	require.Empty(t, p.types())
}

func TestTheFirstRuleThatAChangeIsOfCounts(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, rollbacks.Config{Rules: []rollbacks.Rule{
		{Mode: correlate.RollbackOff, Place: route.Place{Services: []string{"ads"}}},
		{Mode: correlate.RollbackOn, Place: route.Place{Services: []string{"check*", "ads"}}},
		{Place: route.Place{Environments: []string{"production"}}},
	}})
	for _, service := range []string{"ads", "checkout", "cart"} {
		a.regress(t, service)
	}
	require.Empty(t, a.kept(t, "ads-v2"))
	require.Equal(t, correlate.RollbackOn, a.kept(t, "checkout-v2")[0].Mode)
	require.Equal(t, correlate.RollbackDryRun, a.kept(t, "cart-v2")[0].Mode)
	off := rollbacks.Config{}
	require.Equal(t, correlate.RollbackOff, off.Mode(correlate.Change{}), "without rules nothing is asked")
}

func TestTheBudgetOfAnEnvironmentIsKeptAcrossARestart(t *testing.T) {
	p, dir := newPipeline(t), t.TempDir()
	a, err := newAsker(t.Context(), dir, p.url, on)
	require.NoError(t, err)
	a.begin()
	for _, service := range []string{"a", "b"} {
		a.regress(t, service)
	}
	a.emptied(t)
	require.NoError(t, a.stop())
	a = asks(t, dir, p.url, on)
	for _, service := range []string{"c", "d"} {
		a.regress(t, service)
	}
	require.Equal(t, correlate.RollbackRequested, a.kept(t, "c-v2")[0].Result)
	require.Equal(t, correlate.RollbackEnvironmentBudget, a.kept(t, "d-v2")[0].Reason)
	a.off = -2 * time.Hour
	a.regress(t, "e")
	require.Equal(t, correlate.RollbackEnvironmentBudget, a.kept(t, "e-v2")[0].Reason, "a clock that goes back opens nothing")
	a.off = time.Hour + time.Minute
	a.regress(t, "f")
	require.Equal(t, correlate.RollbackRequested, a.kept(t, "f-v2")[0].Result, "an hour later there is a budget again")
}

func TestOneTransactionSpendsTheBudgetOnce(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, on)
	services := []string{"a", "b", "c", "d", "e"}
	var effects []correlate.Effect
	for _, service := range services {
		require.True(t, keep(a.loop, a.deployed(service, "v1", 120, correlate.Healthy)))
		effects = append(effects, a.deployed(service, "v2", 10, correlate.Regressed)...)
	}
	require.True(t, keep(a.loop, effects))
	asked, err := a.ledger.Rollbacks(t.Context(), ledger.RollbackFilter{Result: correlate.RollbackRequested})
	require.NoError(t, err)
	require.Len(t, asked, 3)
	a.emptied(t)
	require.Len(t, p.types(), 3)
}

func TestTheSameEffectsCommittedTwiceAskOnce(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, on)
	require.True(t, keep(a.loop, a.deployed("checkout", "v1", 120, correlate.Healthy)))
	bad := a.deployed("checkout", "v2", 10, correlate.Regressed)
	require.NoError(t, a.loop.Commit(bad, 0), "and nobody knows that it worked")
	require.True(t, keep(a.loop, bad))
	a.emptied(t)
	require.Equal(t, []string{"rollback.requested"}, p.types())
	require.Len(t, a.kept(t, "checkout-v2"), 1)
}

func TestARequestThatWasNotSentYetIsDropped(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(*testing.T, *asker)
		why     correlate.RollbackReason
	}{
		"when the verdict is corrected": {func(t *testing.T, a *asker) {
			a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.Verdict.Outcome = correlate.Healthy })
		}, correlate.RollbackNotRegressed},
		"when it recovers": {func(t *testing.T, a *asker) {
			now := a.now()
			a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.Verdict.RecoveredAt = &now })
		}, correlate.RollbackOver},
		"when another change is the likelier one": {func(t *testing.T, a *asker) {
			a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.Verdict.Blame = 0.4 })
		}, correlate.RollbackBlame},
		"when another change comes": {func(t *testing.T, a *asker) {
			require.True(t, keep(a.loop, a.deployed("checkout", "v3", 0, correlate.Inconclusive)))
		}, correlate.RollbackNotNewest},
		"when somebody turns the kill switch": {func(t *testing.T, a *asker) {
			require.True(t, keep(a.loop, []correlate.Effect{{KillSwitch: &correlate.KillSwitch{On: true, At: a.now(), By: "ada"}}}))
			a.look()
		}, correlate.RollbackKilled},
		"when there is the file": {func(t *testing.T, a *asker) {
			require.NoError(t, os.WriteFile(a.cfg.Rollback.KillSwitchFile, nil, 0o600))
			a.look()
		}, correlate.RollbackKilled},
	} {
		t.Run(name, func(t *testing.T) {
			p, cfg := newPipeline(t), on
			cfg.KillSwitchFile = filepath.Join(t.TempDir(), "stop")
			a := waits(t, t.TempDir(), p.url, cfg)
			a.regress(t, "checkout")
			require.Equal(t, correlate.RollbackStateRequested, a.state(t, "checkout-v2"))
			c.happens(t, a)
			var withdrawn []correlate.Rollback
			for _, r := range a.kept(t, "checkout-v2") {
				if r.State() == correlate.RollbackStateWithdrawn {
					withdrawn = append(withdrawn, r)
				}
			}
			require.Len(t, withdrawn, 1)
			require.Equal(t, c.why, withdrawn[0].WithdrawnFor)
			a.begin()
			a.emptied(t)
			require.Empty(t, p.types(), "neither the request nor that it was withdrawn")
		})
	}
}

func TestThatARequestNoLongerStandsIsToldToWhoHadIt(t *testing.T) {
	p := newPipeline(t)
	a := asks(t, t.TempDir(), p.url, on)
	a.regress(t, "checkout")
	a.emptied(t)
	a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.Verdict.Outcome = correlate.Healthy })
	a.emptied(t)
	require.Equal(t, []string{"rollback.requested", "rollback.withdrawn"}, p.types())
	is := a.kept(t, "checkout-v2")[0]
	require.Equal(t, correlate.RollbackStateWithdrawn, is.State())
	require.False(t, is.AcknowledgedAt.IsZero(), "that it was taken is known all the same")
}

func TestWithoutAnAnswerPeopleAreToldAndNothingIsAskedAnyMore(t *testing.T) {
	p := newPipeline(t)
	a := waits(t, t.TempDir(), p.url, on)
	a.regress(t, "checkout")
	a.off = 4 * time.Minute
	a.look()
	require.Equal(t, correlate.RollbackStateRequested, a.state(t, "checkout-v2"))
	a.off = 5 * time.Minute
	a.look()
	require.Equal(t, correlate.RollbackStateUnanswered, a.state(t, "checkout-v2"))
	a.begin()
	a.emptied(t)
	require.Equal(t, []string{"rollback.unanswered"}, p.types())
	a.revised(t, "checkout-v2", func(c *correlate.ChangeRecord) { c.RolledBackBy = "people" })
	require.Equal(t, "people", a.kept(t, "checkout-v2")[1].DoneBy, "that people took it back is tied to it all the same")
}

func TestAClockThatGoesBackSendsNothing(t *testing.T) {
	p := newPipeline(t)
	a := waits(t, t.TempDir(), p.url, on)
	a.regress(t, "checkout")
	a.off = -time.Hour
	a.look()
	a.begin()
	a.emptied(t)
	require.Equal(t, []string{"rollback.unanswered"}, p.types())
}

// TestTheKillSwitchHoldsWhatIsOnItsWay: a request that was read from the queue before the switch was turned isn't sent.
func TestTheKillSwitchHoldsWhatIsOnItsWay(t *testing.T) {
	p, cfg := newPipeline(t), on
	cfg.KillSwitchFile = filepath.Join(t.TempDir(), "stop")
	a := waits(t, t.TempDir(), p.url, cfg)
	a.regress(t, "checkout")
	rows, err := a.ledger.Outbox(t.Context(), "webhook/pipeline", 0, 0)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.NoError(t, os.WriteFile(cfg.KillSwitchFile, nil, 0o600))
	out := rollbacks.Guard{Outgoing: a.outbox.sinks[0], Desk: a.rollbacks}
	m := sinks.Message{Queue: "pipeline", Subject: rows[0].Subject, Key: rows[0].Key, Payload: rows[0].Payload}
	_, err = out.Deliver(t.Context(), m)
	require.ErrorIs(t, err, rollbacks.ErrNoLonger)
	require.Empty(t, p.types())
	a.look()
	require.NoError(t, os.Remove(cfg.KillSwitchFile))
	receipt, err := out.Deliver(t.Context(), m)
	require.NoError(t, err)
	require.Nil(t, receipt, "withdrawn while it was stopped, it stays so")
	require.Empty(t, p.types())
}

func TestTheKillSwitchOutlivesARestart(t *testing.T) {
	p, dir := newPipeline(t), t.TempDir()
	a, err := newAsker(t.Context(), dir, p.url, on)
	require.NoError(t, err)
	go func() { a.loop.answer(<-a.questions) }()
	require.NoError(t, a.turn(t.Context(), correlate.KillSwitch{On: true, At: a.now(), By: "ann"}))
	require.NoError(t, a.stop())
	a = asks(t, dir, p.url, on)
	is, err := reader{a.Host}.KillSwitch(t.Context())
	require.NoError(t, err)
	require.True(t, is.On)
	require.Equal(t, "ann", is.By)
	a.regress(t, "checkout")
	require.Equal(t, correlate.RollbackKilled, a.kept(t, "checkout-v2")[0].Reason)
}
