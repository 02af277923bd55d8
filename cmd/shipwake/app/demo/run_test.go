package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

func TestTheLogOfADaemonThatDoesNotStartIsShown(t *testing.T) {
	var out bytes.Buffer
	failed := errors.New("no room")
	var data string
	err := Run(t.Context(), Options{Out: &out, Exit: true, Daemon: func(_ context.Context, sets []string, dataDir string) error {
		data = dataDir
		for _, set := range sets {
			if path, ok := strings.CutPrefix(set, "service.telemetry.logs.output_paths=["); ok {
				return errors.Join(failed, os.WriteFile(strings.TrimSuffix(path, "]"), []byte("the ledger is damaged\n"), 0o600))
			}
		}
		return errors.New("nobody said where to log")
	}})
	require.ErrorIs(t, err, failed)
	require.Contains(t, out.String(), "the ledger is damaged\n")
	require.NoDirExists(t, data, "nothing is left behind")
}

func TestEveryRunHasPortsAndSecretsOfItsOwn(t *testing.T) {
	p, err := freePorts()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, address := range []string{p.grpc, p.http, p.hooks, p.web} {
		require.True(t, strings.HasPrefix(address, "127.0.0.1:"))
		require.False(t, seen[address])
		seen[address] = true
	}
	require.Equal(t, shop.Endpoints{GRPC: p.grpc, HTTP: p.http}, p.otlp())
	require.NotEqual(t, newSecrets(), newSecrets())
	require.Contains(t, p.sets(secrets{github: "hush"}, "log"), "receivers.change_webhook.sources.github.secrets=[hush]")
}

// outside is a daemon as the demo sees it: it takes webhooks, unless they are refused, and answers with a verdict on each
// change that was reported.
type outside struct {
	refused  bool
	verdicts map[string]correlate.Verdict // by change id
	mu       sync.Mutex
	reports  []string // source and body
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if source, ok := strings.CutPrefix(r.URL.Path, "/hooks/"); ok {
		body, _ := io.ReadAll(r.Body)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.reports = append(o.reports, source+" "+string(body))
		if o.refused {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	id, _ := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/api/v1/changes/"))
	verdict := o.verdicts[id]
	_ = json.NewEncoder(w).Encode(api.Change{Change: correlate.ChangeRecord{Verdict: &verdict}})
}

// onStage is a demo of some acts before that daemon, in a shop whose services have no instances.
func onStage(t *testing.T, o *outside, acts ...act) (*demo, *bytes.Buffer) {
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	plain := &http.Client{}
	t.Cleanup(plain.CloseIdleConnections)
	asking, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	t.Cleanup(asking.Close)
	services := []shop.Service{{Name: "catalog"}, {Name: "payment"}}
	s, err := shop.Open(t.Context(), shop.Options{Rate: 1, Services: services, Visits: []shop.Visit{{Service: "catalog", Share: 1}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	var out bytes.Buffer
	d := &demo{Options: Options{Out: &out}, api: asking, shop: s, hooks: &hooks{base: server.URL, client: plain}}
	d.board = newBoard(&out, false, style{}, acts, time.Now())
	return d, &out
}

func TestAPlay(t *testing.T) {
	bad := act{name: "bad", service: "payment", from: running, release: shop.Release{Version: "v2"}, by: cdevents, number: 7, expected: correlate.Regressed}
	rollback := act{name: "rollback", service: "payment", from: "v2", release: shop.Release{Version: running}, kind: correlate.KindRollback,
		by: github, number: 8, after: "payment", expected: correlate.Healthy}
	o := &outside{verdicts: map[string]correlate.Verdict{
		bad.id():      {Revision: 1, Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio},
		rollback.id(): {Revision: 1, Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin},
	}}
	d, out := onStage(t, o, bad, rollback)
	require.NoError(t, d.play(t.Context()))
	for _, s := range d.board.all() {
		require.Equal(t, right, s.mark(), s.name)
		require.False(t, s.ended.Before(s.began))
	}
	for _, happened := range []string{"payment          v1 → v2 begins, CDEvents (bad)", "payment          v1 → v2 complete",
		"payment          verdict: regressed (error ratio)", "payment          v2 → v1 begins, GitHub (rollback)", "payment          verdict: healthy"} {
		require.Contains(t, out.String(), happened)
	}
	require.Less(t, strings.Index(out.String(), "verdict: regressed"), strings.Index(out.String(), "(rollback)"), "it answers the regression")
	require.Len(t, o.reports, 5, "two by CDEvents; a deployment and two statuses by GitHub")
	require.Contains(t, d.status(), "0 instances")
}

func TestAPlayEndsWhenADeploymentCannotBeReported(t *testing.T) {
	first := act{name: "first", service: "catalog", from: running, release: shop.Release{Version: "v2"}, by: github, number: 7}
	never := act{name: "never", service: "payment", from: running, release: shop.Release{Version: "v2"}, by: github, number: 8, at: time.Hour}
	d, _ := onStage(t, &outside{refused: true}, first, never)
	require.ErrorContains(t, d.play(t.Context()), "deploying catalog: /hooks/github answered 503")
}
