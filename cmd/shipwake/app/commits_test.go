package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits/git/gittest"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

const followed = `
receivers:
  change_pull:
    sources:
      github-commits: {secret: canary-token, repositories: [octo/*], allow: [loopback], api_url: "%s", interval: 1s}
      git-commits:
        folders: {local/mono: "%s"}
        services: {cart: {repository: local/mono, paths: [cart]}}
        interval: 1s
service:
  pipelines:
    logs/changes: {receivers: [change_webhook, change_pull]}
`

// Deployments are told without their commits. The daemon asks GitHub for those of one service, and a repository on the disk for
// those of another; it counts the lead times, and a restart asks for nothing twice.
func TestCommitsAreFoundForChangesThatLackThem(t *testing.T) {
	r := gittest.New(t)
	old := r.Commit("cart/a.go", "1")
	r.Commit("checkout/a.go", "1")
	own := r.Commit("cart/a.go", "1", "2")

	finished := time.Now().Add(-20 * time.Minute).UTC().Truncate(time.Second)
	var asked atomic.Int64
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer canary-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintf(w, `{"status":"ahead","total_commits":1,"merge_base_commit":{"sha":"%040x"},
			"commits":[{"sha":"%040x","commit":{"author":{"date":"%s"},"committer":{"date":"%s"}}}],
			"files":[{"filename":"a.go","additions":5,"deletions":2}]}`, 1, 2, finished.Add(-time.Hour).Format(time.RFC3339), finished.Format(time.RFC3339))
	}))
	defer github.Close()

	p := newProcess(t)
	config := fmt.Sprintf(followed, github.URL, r.Dir)
	daemonWith(t, p, config, nil)
	told := 0
	tell := func(service string, n int, commit string, labels map[string]string) {
		told++
		body, err := json.Marshal(correlate.Change{
			ID: fmt.Sprintf("%s-%d", service, n), Service: service, Version: fmt.Sprint("v", n), Commit: commit, Labels: labels,
			FinishedAt: finished.Add(time.Duration(n-2) * time.Minute),
		})
		require.NoError(t, err)
		status, _, err := ask(t, http.DefaultClient, "POST", "http://"+p.hooks+"/hooks/generic", nil, string(body))
		require.NoError(t, err)
		require.Equal(t, 202, status)
	}
	shop := map[string]string{"repository": "octo/shop"}
	tell("shop", 1, fmt.Sprintf("%040x", 1), shop)
	tell("shop", 2, fmt.Sprintf("%040x", 2), shop)
	tell("cart", 1, old.SHA, nil)
	tell("cart", 2, own.SHA, nil)

	sized := func(c *assert.CollectT, id string) correlate.ChangeRecord {
		var answer api.Change
		get(c, "http://"+p.w+"/api/v1/changes/"+id, &answer)
		require.NotNil(c, answer.Change.Size)
		return answer.Change
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, correlate.Size{Commits: 1, Files: 1, Added: 5, Removed: 2, Since: fmt.Sprintf("%040x", 1)}, *sized(c, "shop-2").Size)
		cart := sized(c, "cart-2")
		require.Equal(c, correlate.Size{Commits: 1, Files: 1, Added: 1, Since: old.SHA}, *cart.Size)
		require.Equal(c, []correlate.Commit{own}, cart.Commits)
		require.Equal(c, "generic", cart.Source)
		var report api.DORA
		get(c, "http://"+p.w+"/api/v1/dora?since=24h&service=shop", &report)
		require.NotNil(c, report.Total.LeadTime)
		require.InDelta(c, 3600, report.Total.LeadTime.Median, 0.1)
	}, 60*time.Second, 100*time.Millisecond)
	require.EqualValues(t, 1, asked.Load())

	require.Error(t, p.end(syscall.SIGKILL))
	daemonWith(t, p, config, nil)
	tell("shop", 3, fmt.Sprintf("%040x", 3), shop)
	require.EventuallyWithT(t, func(c *assert.CollectT) { sized(c, "shop-3") }, 60*time.Second, 100*time.Millisecond)
	require.EqualValues(t, 2, asked.Load(), "what was found isn't asked for again")
	require.Equal(t, told+3, deliveries(t, p.dir))
	log, err := os.ReadFile(p.log)
	require.NoError(t, err)
	require.False(t, strings.Contains(string(log), "canary-token"))
	require.NoError(t, p.end(syscall.SIGTERM))
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(receivers:.*?)```")

// TestTheConfigurationsOfLeadTimeAreRight lays each one over the default.
func TestTheConfigurationsOfLeadTimeAreRight(t *testing.T) {
	page, err := os.ReadFile("../../../docs/lead-time.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 3)
	for _, block := range blocks {
		file := filepath.Join(t.TempDir(), "mine.yaml")
		require.NoError(t, os.WriteFile(file, []byte(block[1]), 0o600))
		code, _, stderr := shipwake(t, "validate", "--config", builtinDefault, "--config", file)
		require.Zero(t, code, stderr)
	}
}

// TestEveryCaveatIsExplained: what may be in the size of a change is in the page.
func TestEveryCaveatIsExplained(t *testing.T) {
	page, err := os.ReadFile("../../../docs/lead-time.md")
	require.NoError(t, err)
	for _, c := range correlate.Caveats() {
		require.Contains(t, string(page), "| `"+string(c)+"` |")
	}
}

// get reads an answer of the API.
func get(c *assert.CollectT, address string, into any) {
	answer, err := http.Get(address)
	require.NoError(c, err)
	defer answer.Body.Close()
	require.Equal(c, http.StatusOK, answer.StatusCode)
	require.NoError(c, json.NewDecoder(answer.Body).Decode(into))
}
