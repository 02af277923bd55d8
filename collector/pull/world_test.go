package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/github"
	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "canary-token"

// world is a repository on GitHub and a ledger, in virtual time, with what the webhooks would have told.
type world struct {
	t      *testing.T
	server *githubtest.Server
	ledger *ledger
	tally  correlate.Tally
	config *Config
	told   []githubtest.Event
	open   []int64 // deployments that have not come to an end
}

// newWorld must be made inside a synctest bubble.
func newWorld(t *testing.T) *world {
	w := &world{t: t, server: githubtest.New("Octo/shop"), ledger: &ledger{}}
	w.server.Token = token
	w.config = defaultConfig([]source.Source{github.Source()})
	w.config.Sources = map[string]SourceConfig{"github": {
		Secret: configopaque.String(token), Keys: map[string]any{"repositories": []any{"octo/shop"}},
	}}
	return w
}

// set changes the configuration of the source.
func (w *world) set(change func(*SourceConfig)) {
	s := w.config.Sources["github"]
	change(&s)
	w.config.Sources["github"] = s
}

// start runs a receiver until the test ends, or until it is killed.
func (w *world) start() *puller {
	require.NoError(w.t, w.config.Validate())
	p := newPuller(receivertest.NewNopSettings(Type), w.config, &w.tally)
	p.network = func(context.Context, SourceConfig) (*http.Client, error) {
		return &http.Client{Transport: githubtest.Transport{Handler: w.server}}, nil
	}
	require.NoError(w.t, p.Start(w.t.Context(), sourcetest.Host{component.MustNewID("correlate"): w.ledger}))
	w.t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return p
}

// deploy creates deployments, most of which have come to an end.
func (w *world) deploy(n int) {
	for i := range n {
		id, event := w.server.Deploy([]string{"production", "staging"}[i%2], "main", fmt.Sprintf("%040x", len(w.told)))
		w.told = append(w.told, event)
		w.report(id, "in_progress")
		if i%7 == 3 {
			w.open = append(w.open, id)
			continue
		}
		w.report(id, []string{"success", "failure", "error"}[i%3])
	}
}

func (w *world) report(id int64, state string) {
	event := w.server.Report(id, state)
	if state != "inactive" {
		w.told = append(w.told, event)
	}
}

// finish brings the open deployments to an end.
func (w *world) finish() {
	for _, id := range w.open {
		w.report(id, "success")
	}
	w.open = nil
}

// facts are those of deliveries, as text, sorted. Each delivery that was told twice shows twice.
func (w *world) facts(entries []correlate.Entry) []string {
	var all []string
	for _, e := range entries {
		require.Empty(w.t, e.Problem)
		require.Equal(w.t, "github", e.Source)
		for _, f := range e.Facts {
			text, err := json.Marshal(f)
			require.NoError(w.t, err)
			all = append(all, string(text))
		}
	}
	slices.Sort(all)
	return all
}

// expected is what the webhooks' deliveries say.
func (w *world) expected() []string {
	configured, err := github.Source().Configure("github", nil)
	require.NoError(w.t, err)
	var all []correlate.Entry
	for _, event := range w.told {
		items, err := configured.Read(source.Request{
			Header: http.Header{"X-Github-Event": {event.Name}, "Content-Type": {"application/json"}}, Body: event.Body, ReceivedAt: time.Now(),
		})
		require.NoError(w.t, err)
		all = append(all, source.Entries(items)...)
	}
	return w.facts(all)
}

// requireOnce waits, at most for some time, until everything told is stored, and then a while longer to see that nothing
// more comes.
func (w *world) requireOnce(within time.Duration) {
	w.t.Helper()
	want := w.expected()
	for began := time.Now(); len(w.ledger.Entries()) < len(want) && time.Since(began) < within; {
		time.Sleep(30 * time.Second)
	}
	time.Sleep(5 * time.Minute)
	require.Equal(w.t, want, w.facts(w.ledger.Entries()))
}

func (w *world) count(result following.Result) int64 {
	for _, v := range w.tally.Values() {
		if v.Count == result.Of("github") {
			return v.Value
		}
	}
	return -1
}

// ledger is an intake that can do its work and lose the answer.
type ledger struct {
	sourcetest.Intake
	mu     sync.Mutex
	after  func() error // called after a commit
	broken error        // what Cursor says
	moves  []correlate.Move
}

func (l *ledger) Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	receipt, err := l.Intake.Commit(ctx, entries, move)
	if err != nil {
		return receipt, err
	}
	l.mu.Lock()
	l.moves = append(l.moves, *move)
	after := l.after
	l.mu.Unlock()
	if after != nil {
		err = after()
	}
	return receipt, err
}

func (l *ledger) Cursor(ctx context.Context, stream string) ([]byte, error) {
	l.mu.Lock()
	broken := l.broken
	l.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	return l.Intake.Cursor(ctx, stream)
}

func (l *ledger) set(after func() error, broken error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.after, l.broken = after, broken
}

// commits is how many there were.
func (l *ledger) commits() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.moves)
}

func status(code int, header map[string]string, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for _, key := range slices.Sorted(maps.Keys(header)) {
			w.Header().Set(key, header[key])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
		return true
	}
}
