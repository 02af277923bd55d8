package host

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/gate"
)

// askedVariable says to the process that is killed that it is asked, and which of its lives it is.
const (
	askedVariable = "SHIPWAKE_ASKED_LIFE"
	askSecret     = "a secret of the App in a test"
)

// gated is a host with a gate that a GitHub App asks. What goes to production must be healthy in staging.
func gated(ctx context.Context, dir, url string) (h *Host, mux *http.ServeMux, stop func() error, err error) {
	h, stop, err = sendingBy(ctx, sqlite.Options{Dir: dir}, gate.Factory(), map[string]any{
		"allow": []any{"loopback"}, "github": map[string]any{
			"app_id": "1", "private_key_file": filepath.Join(dir, "..", "key.pem"), "secrets": askSecret, "api_url": url,
			"after": map[string]any{"production": "staging"},
		},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	mux = http.NewServeMux()
	for pattern, handler := range sinks.Routes(h.sinks[0]) {
		mux.Handle(pattern, handler)
	}
	return h, mux, stop, nil
}

// askFor posts what GitHub posts for one run, and says whether it was kept.
func askFor(mux http.Handler, url, run, environment string) bool {
	body := fmt.Appendf(nil, `{"action": "requested", "environment": %q, "repository": {"name": "checkout"}, "installation": {"id": 1},
		"deployment": {"id": 1, "sha": "9fceb02d0ae598e95dc970b74767f19372d61af8"},
		"deployment_callback_url": "%s/repos/acme/checkout/actions/runs/%s/deployment_protection_rule"}`, environment, url, run)
	mac := hmac.New(sha256.New, []byte(askSecret))
	mac.Write(body)
	r := httptest.NewRequest(http.MethodPost, "/gate/github", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", "deployment_protection_rule")
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code == http.StatusOK
}

// TestAskUntilKilled is the process that dies: it is asked for one run after the other, and says which it has kept.
func TestAskUntilKilled(t *testing.T) {
	dir, url, life := os.Getenv(dirVariable), os.Getenv(urlVariable), os.Getenv(askedVariable)
	if life == "" {
		return // it is the process that another test kills
	}
	_, mux, _, err := gated(context.Background(), dir, url)
	require.NoError(t, err)
	for n := 0; ; n++ {
		run, environment := life+fmt.Sprintf("%05d", n), []string{"production", "testing"}[n%2]
		if n < 40 && askFor(mux, url, run, environment) {
			fmt.Println("kept " + run + " " + environment)
			continue
		}
		time.Sleep(time.Millisecond)
	}
}

// reviews are what GitHub was told, by run.
type reviews struct {
	mu  sync.Mutex
	all map[string][]string
}

func (v *reviews) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/app/") {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"token": "ghs_1", "expires_at": "2100-01-01T00:00:00Z"}`)
		return
	}
	var body struct{ State string }
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(http.StatusBadRequest) // cut short by the death of the sender
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if run := strings.Split(r.URL.Path, "/")[6]; body.State != "" {
		v.all[run] = append(v.all[run], body.State)
	}
	w.WriteHeader(http.StatusNoContent)
}

// TestNoAskIsLostByAKill: whatever was kept before a kill is answered in the end, as long as it waits for an answer only then.
func TestNoAskIsLostByAKill(t *testing.T) {
	told := &reviews{all: map[string][]string{}}
	hub := httptest.NewServer(told)
	t.Cleanup(hub.Close)
	base := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(base, "key.pem"),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600))
	dir := filepath.Join(base, "data")
	require.NoError(t, os.Mkdir(dir, 0o700))

	kept := map[string]string{}
	kills := killsOf(t, 6)
	for life := range kills {
		for run, environment := range askAndDie(t, dir, hub.URL, life+1) {
			kept[run] = environment
		}
	}
	require.NotEmpty(t, kept)
	h, _, stop, err := gated(t.Context(), dir, hub.URL)
	require.NoError(t, err)
	told.mu.Lock()
	for run, environment := range kept {
		require.False(t, environment == "production" && len(told.all[run]) > 0, "nobody has reported it in staging yet")
	}
	told.mu.Unlock()
	c := correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "staged", Service: "checkout", Environment: "staging", Commit: "9fceb02d0ae598e95dc970b74767f19372d61af8",
			Status: correlate.StatusSucceeded, FinishedAt: time.Now(),
		},
		Phase: correlate.PhaseObserving, Verdict: &correlate.Verdict{ChangeID: "staged", Revision: 1, Outcome: correlate.Healthy},
	}
	require.True(t, keep(newLoop(h), []correlate.Effect{{Verdict: c.Verdict}, {Change: &c}}))
	eventually(t, "all is answered", func() bool {
		state, err := h.ledger.OutboxState(t.Context())
		return err == nil && len(state) == 0
	})
	require.NoError(t, stop())
	twice := 0
	for run := range kept {
		require.NotEmpty(t, told.all[run], "run %s is answered", run)
		twice += len(told.all[run]) - 1
		for _, state := range told.all[run] {
			require.Equal(t, "approved", state)
		}
	}
	require.LessOrEqual(t, twice, kills, "at most one a kill")
	t.Logf("%d kills, %d asks, each answered; %d twice", kills, len(kept), twice)
}

// askAndDie runs the process for a moment and returns what it has kept, by run.
func askAndDie(t *testing.T, dir, url string, life int) map[string]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAskUntilKilled$")
	cmd.Env = append(os.Environ(), dirVariable+"="+dir, urlVariable+"="+url, askedVariable+"="+fmt.Sprint(life))
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	text, err := lines.ReadString('\n')
	require.NoError(t, err, "%s%s", text, &trouble)
	time.Sleep(time.Duration(life*23) * time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	rest, _ := lines.ReadString(0) // the pipe is read to its end before Wait closes it
	text += rest
	require.ErrorContains(t, cmd.Wait(), "killed", "%s%s", text, &trouble)
	kept := map[string]string{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		require.Len(t, fields, 3, line)
		kept[fields[1]] = fields[2]
	}
	return kept
}
