package app

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/github/githubtest"
)

const pulled = `
receivers:
  change_pull:
    sources:
      github: {secret: token, repositories: [octo/shop], allow: [loopback], api_url: "%s", interval: 1s}
service:
  pipelines:
    logs/changes: {receivers: [change_webhook, change_pull]}
`

// A daemon imports the history of a repository and is killed again and again meanwhile; then a deployment fails. Every
// event is in the ledger once, and every deployment is one change, also the one of which the webhook tells too.
func TestAHistoryIsPulledThroughKills(t *testing.T) {
	github := githubtest.New("octo/shop")
	github.Token = "token"
	began := time.Now().Add(-24 * time.Hour)
	github.Now = func() time.Time { return began }
	events := 0
	const deployments = 150
	for i := range deployments {
		id, _ := github.Deploy("PROD", fmt.Sprintf("v1.%d", i), "9fceb02d0ae598e95dc970b74767f19372d61af8")
		github.Report(id, "success")
		began = began.Add(time.Minute)
		events += 2
	}
	github.Now = time.Now
	var asked, dieAt atomic.Int64
	die := make(chan struct{}, 1)
	github.Watch(func(*http.Request) {
		if asked.Add(1) == dieAt.Load() {
			die <- struct{}{}
		}
	})
	server := httptest.NewServer(github)
	defer server.Close()
	github.URL = server.URL

	p := newProcess(t)
	config := fmt.Sprintf(pulled, server.URL)
	for n := range 5 {
		dieAt.Store(asked.Load() + 7 + 17*int64(n))
		daemonWith(t, p, config, nil)
		<-die
		require.Error(t, p.end(syscall.SIGKILL))
	}
	dieAt.Store(0)
	daemonWith(t, p, config, nil)
	id, _ := github.Deploy("PROD", "v2.0", "1fceb02d0ae598e95dc970b74767f19372d61af8")
	hook := github.Report(id, "failure")
	status, _, err := ask(t, http.DefaultClient, "POST", "http://"+p.hooks+"/hooks/github", map[string]string{"X-GitHub-Event": hook.Name}, string(hook.Body))
	require.NoError(t, err)
	require.Equal(t, 202, status)
	var changes struct {
		Changes []struct{ ID, Environment, Status, Service string }
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := http.Get("http://" + p.w + "/api/v1/changes?limit=1000&since=48h")
		require.NoError(c, err)
		defer answer.Body.Close()
		require.Equal(c, 200, answer.StatusCode)
		require.NoError(c, json.NewDecoder(answer.Body).Decode(&changes))
		require.Len(c, changes.Changes, deployments+1)
		require.Equal(c, events+3, deliveries(t, p.dir))
	}, 30*time.Second, 200*time.Millisecond)
	for _, c := range changes.Changes {
		require.Equal(t, "production", c.Environment, "by the rules of names")
		require.Equal(t, "shop", c.Service)
		if c.ID == fmt.Sprintf("github-octo/shop-%d", id) {
			require.Equal(t, "failed", c.Status)
		} else {
			require.Equal(t, "succeeded", c.Status)
		}
	}
	require.NoError(t, p.end(syscall.SIGTERM))
}

// deliveries is how many are in the ledger.
func deliveries(t *testing.T, dir string) (n int) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "ledger.db")+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM deliveries").Scan(&n))
	return n
}
