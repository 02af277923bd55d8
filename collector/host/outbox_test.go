package host

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/webhook"
)

// arrival is one message that a receiver has taken.
type arrival struct {
	id, life, change string
	revision         int
}

// inbox is a receiver that writes down what it takes.
type inbox struct {
	mu       sync.Mutex
	arrivals []arrival
	answer   int
	url      string
}

func newInbox(t *testing.T) *inbox {
	in := &inbox{answer: http.StatusAccepted}
	server := httptest.NewServer(http.HandlerFunc(in.take))
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

func (in *inbox) take(w http.ResponseWriter, r *http.Request) {
	var p webhook.Payload
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &p) != nil {
		w.WriteHeader(http.StatusBadRequest) // cut short by the death of the sender
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answer < 300 {
		in.arrivals = append(in.arrivals, arrival{
			r.Header.Get("webhook-id"), r.Header.Get("X-Life"), p.Data.Change.ID, p.Data.Verdict.Revision,
		})
	}
	w.WriteHeader(in.answer)
}

func (in *inbox) answers(code int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answer = code
}

func (in *inbox) taken() []arrival {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]arrival{}, in.arrivals...)
}

// sending is a host with a ledger and a webhook, and nothing else. Its outbox runs until stop is called.
func sending(ctx context.Context, dir, url, life string) (h *Host, stop func() error, err error) {
	return sendingFrom(ctx, sqlite.Options{Dir: dir}, url, life)
}

func sendingFrom(ctx context.Context, options sqlite.Options, url, life string) (h *Host, stop func() error, err error) {
	return sendingBy(ctx, options, webhook.Factory(), map[string]any{
		"allow": []any{"loopback"}, "endpoints": map[string]any{"inbox": map[string]any{
			"url": url, "headers": map[string]any{"X-Life": life},
			"secrets": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
		}},
	})
}

// sendingBy is such a host with any sink.
func sendingBy(ctx context.Context, options sqlite.Options, f sinks.Factory, settings map[string]any) (h *Host, stop func() error, err error) {
	cfg := *createDefaultConfig().(*Config)
	cfg.Sinks = map[string]map[string]any{f.Name: settings}
	h = newHost(componenttest.NewNopTelemetrySettings(), cfg, Options{Sinks: []sinks.Factory{f}})
	l, err := sqlite.Open(ctx, options)
	if err != nil {
		return nil, nil, err
	}
	h.keepIn(l)
	if err := h.startSinks(); err != nil {
		return nil, nil, err
	}
	h.outbox = newOutbox(h)
	running, cancel := context.WithCancel(ctx)
	h.done.Go(func() { h.outbox.run(running) })
	h.stop = cancel
	return h, func() error { return h.Shutdown(ctx) }, nil
}

// decide commits one more revision of the verdict on a change, as the loop does.
func decide(l *loop, id string, revision int) bool { return keep(l, revised(id, revision)) }

func revised(id string, revision int) []correlate.Effect {
	v := correlate.Verdict{
		ChangeID: id, Service: "checkout", Environment: "production", Revision: revision, Final: true,
		Outcome: correlate.Regressed, DecidedAt: time.Now(), Evidence: []correlate.Evidence{},
	}
	c := correlate.ChangeRecord{Change: correlate.Change{ID: id, Service: "checkout", FinishedAt: time.Now()}, Verdict: &v}
	return []correlate.Effect{{Verdict: &v}, {Change: &c}}
}

// keep commits and publishes effects, as the engine's driver does.
func keep(l *loop, effects []correlate.Effect) bool {
	if l.Commit(effects, 0) != nil {
		return false
	}
	l.Publish(effects)
	return true
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 20*time.Second, 5*time.Millisecond, what)
}

func TestAVerdictReachesItsReceiverAndSurvivesARestart(t *testing.T) {
	in, dir := newInbox(t), t.TempDir()
	h, stop, err := sending(t.Context(), dir, in.url, "1")
	require.NoError(t, err)
	l := newLoop(h)
	require.True(t, decide(l, "a", 1))
	eventually(t, "the message arrives", func() bool { return len(in.taken()) == 1 })

	in.answers(http.StatusServiceUnavailable)
	require.True(t, decide(l, "a", 2))
	require.True(t, decide(l, "b", 1))
	eventually(t, "two wait", func() bool {
		h.outbox.count(t.Context())
		q := reader{h}.Status().Outbox
		return len(q) == 1 && q[0].Waiting == 2 && q[0].Name == "webhook/inbox" && time.Since(q[0].Oldest) < time.Minute
	})
	require.NoError(t, stop())

	in.answers(http.StatusNoContent)
	h, stop, err = sending(t.Context(), dir, in.url, "2")
	require.NoError(t, err)
	eventually(t, "the rest arrives", func() bool { return len(in.taken()) == 3 })
	require.NoError(t, stop())
	got := in.taken()
	for i := range got {
		require.Regexp(t, "^msg_[0-9a-f]{32}$", got[i].id)
		got[i].id = ""
	}
	require.Equal(t, []arrival{{"", "1", "a", 1}, {"", "2", "a", 2}, {"", "2", "b", 1}}, got)
	_ = h
}

func TestWhatTheFullDiskWouldNotTakeIsNotSentBeforeItDoes(t *testing.T) {
	in, dir := newInbox(t), t.TempDir()
	h, stop, err := sendingFrom(t.Context(), sqlite.Options{Dir: dir, MaxBytes: 1 << 20}, in.url, "1")
	require.NoError(t, err)
	l, committed := newLoop(h), 0
	sent := func() bool {
		waiting, err := h.ledger.OutboxState(t.Context())
		return err == nil && len(waiting) == 0
	}
	for {
		taken := decide(l, "a", committed+1)
		if !taken { // what is sent leaves room, so that it may fit once all is
			eventually(t, "what was committed is sent", sent)
			taken = decide(l, "a", committed+1)
		}
		if !taken {
			break
		}
		committed++
		d := correlate.Entry{Raw: correlate.Raw{Source: "generic", ID: fmt.Sprint(committed), ReceivedAt: time.Now(), Body: make([]byte, 30<<10)}}
		_, _, _ = h.ledger.Append(t.Context(), []correlate.Entry{d}, nil) // until the disk is full
	}
	last := revised("a", committed+1)
	require.False(t, keep(l, last), "it is still full")
	eventually(t, "what was committed arrives", func() bool { return len(in.taken()) == committed })
	require.NoError(t, stop())
	require.Len(t, in.taken(), committed)

	h, stop, err = sendingFrom(t.Context(), sqlite.Options{Dir: dir}, in.url, "2")
	require.NoError(t, err)
	require.True(t, keep(newLoop(h), last), "there is space again")
	eventually(t, "the rest arrives", func() bool { return len(in.taken()) == committed+1 })
	require.NoError(t, stop())
	for i, a := range in.taken() {
		require.Equal(t, i+1, a.revision)
	}
}

func TestAHungReceiverHoldsUpNeitherTheLoopNorAnotherEndpoint(t *testing.T) {
	release := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hung.Close)
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	in := newInbox(t)
	cfg := *createDefaultConfig().(*Config)
	endpoint := func(url string) map[string]any {
		return map[string]any{"url": url, "secrets": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
	}
	cfg.Sinks = map[string]map[string]any{"webhook": {
		"allow": []any{"127.0.0.0/8"}, "endpoints": map[string]any{"hung": endpoint(hung.URL), "inbox": endpoint(in.url)},
	}}
	h := newHost(componenttest.NewNopTelemetrySettings(), cfg, Options{Sinks: []sinks.Factory{webhook.Factory()}})
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	h.keepIn(l)
	require.NoError(t, h.startSinks())
	h.outbox = newOutbox(h)
	running, cancel := context.WithCancel(t.Context())
	h.done.Go(func() { h.outbox.run(running) })
	loop := newLoop(h)
	const many = 200
	for n := range many {
		require.True(t, decide(loop, fmt.Sprint(n), 1))
	}
	eventually(t, "the other endpoint has all", func() bool { return len(in.taken()) == many })
	letGo()
	cancel()
	h.done.Wait()
	require.NoError(t, h.Shutdown(t.Context()))
}

func TestNoSecretOfAnEndpointIsLogged(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	set := componenttest.NewNopTelemetrySettings()
	set.Logger = zap.New(core)
	key := base64.StdEncoding.EncodeToString([]byte("hush, says the secret to the log"))
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/hush")
		w.WriteHeader(http.StatusMovedPermanently)
	}))
	t.Cleanup(refusing.Close)
	cfg := *createDefaultConfig().(*Config)
	endpoints := map[string]any{}
	for name, at := range map[string]string{"away": "127.0.0.1:1", "inside": "localhost:1", "moved": refusing.Listener.Addr().String(), "unknown": "no-such-host.invalid"} {
		endpoints[name] = map[string]any{
			"url": "http://user:hush@" + at + "/hush?token=hush", "secrets": "whsec_" + key,
			"headers": map[string]any{"Authorization": "Bearer hush"},
		}
	}
	cfg.Sinks = map[string]map[string]any{"webhook": {"allow": []any{"127.0.0.1/32"}, "endpoints": endpoints}}
	h := newHost(set, cfg, Options{Sinks: []sinks.Factory{webhook.Factory()}})
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	h.keepIn(l)
	require.NoError(t, h.startSinks())
	h.outbox = newOutbox(h)
	running, cancel := context.WithCancel(t.Context())
	h.stop = cancel
	h.done.Go(func() { h.outbox.run(running) })
	require.True(t, decide(newLoop(h), "a", 1))
	eventually(t, "each fails", func() bool { return logs.FilterLevelExact(zapcore.WarnLevel).Len() == len(endpoints) })
	require.NoError(t, h.Shutdown(t.Context()))
	for _, entry := range logs.All() {
		text := fmt.Sprint(entry.Message, entry.ContextMap())
		require.NotContains(t, text, "hush")
		require.NotContains(t, text, key)
	}
}

func TestAWrongSinkIsFoundByTheCheckOfTheConfiguration(t *testing.T) {
	cfg := knowing(createDefaultConfig(), []sinks.Factory{webhook.Factory()}).(*Config)
	require.NoError(t, cfg.Validate())
	cfg.Sinks["webhook"] = map[string]any{"endpoints": map[string]any{"ci": map[string]any{"url": "hush"}}}
	require.EqualError(t, cfg.Validate(), "sinks::webhook: endpoints::ci::url: it must begin with https:// or http://")
}
