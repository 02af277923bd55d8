package app

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/github/githubtest"
)

func TestASystemIsAskedForItsHistory(t *testing.T) {
	api := githubtest.New("octo/shop")
	id, _ := api.Deploy("production", "v2", "9fceb02d0ae598e95dc970b74767f19372d61af8")
	api.Report(id, "in_progress")
	api.Report(id, "success")
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	h := openDoors(t)
	t.Setenv("SHIPWAKE_GITHUB_SECRET", "hush")
	state := filepath.Join(t.TempDir(), "state")
	args := []string{"import", "github", "--since", "1y", "--url", server.URL, "--allow", "loopback", "--of", "repositories=octo/shop",
		"--hooks", h.URL + "/hooks/generic", "--state", state}
	code, stdout, stderr := shipwake(t, args...)
	require.Zero(t, code, stdout+stderr)
	require.Contains(t, stdout, "3 records: 0 facts and 3 messages sent in 3 deliveries")
	require.Len(t, h.take("/hooks/github"), 3)
	require.Contains(t, h.header.Get("X-Hub-Signature-256"), "sha256=", "signed as GitHub would")
	require.Contains(t, h.header.Get("X-Github-Event"), "deployment")
	require.NoFileExists(t, state, "everything is sent")

	code, stdout, stderr = shipwake(t, append(args, "--dry-run")...)
	require.Zero(t, code, stdout+stderr)
	require.Equal(t, 2, strings.Count(stdout, `"id":"github-octo/shop-1"`))
	require.Empty(t, h.take("/hooks/github"))

	h.answer.Store(503)
	code, _, stderr = shipwake(t, append(args, "--timeout", "0s")...)
	require.Equal(t, exitUnfinished, code)
	require.Contains(t, stderr, "run it again to go on")
}

func TestWhyNothingIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a time that is none":       {[]string{"github", "--since", "long"}, "--since: must be so long ago as 1y"},
		"nothing to ask for":        {[]string{"github"}, "repositories: at least one owner/name is required"},
		"a key that isn't":          {[]string{"github", "--of", "repos=octo/shop"}, "repos: there is no such key; the known ones are"},
		"no pair":                   {[]string{"github", "--of", "octo/shop"}, "want key=value"},
		"an API in the clear":       {[]string{"github", "--of", "repositories=octo/shop", "--url", "http://canary.example.com"}, "api_url: must begin with https://"},
		"what can't be asked":       {[]string{"datadog"}, "datadog: there is no such format; the formats are ndjson, csv, cdevents, alertmanager, pagerduty, devlake, fourkeys, pelorus, and "},
		"a state of something else": {[]string{"github", "--of", "repositories=octo/shop", "--state", "importpull.go"}, "isn't the state of an import"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := shipwake(t, append([]string{"import"}, c.args...)...)
			require.Equal(t, exitNotImported, code)
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "canary")
		})
	}
}

func TestHowFarBack(t *testing.T) {
	now := time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"1y": now.AddDate(-1, 0, 0), "6m": now.AddDate(0, -6, 0), "2w": now.AddDate(0, 0, -14), "90d": now.AddDate(0, 0, -90),
		"36h": now.Add(-36 * time.Hour), "2026-03-01T10:00:00Z": time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	} {
		got, err := sinceOf(text, now)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	_, err := os.Stat("shipwake-github.import")
	require.Error(t, err, "no test leaves a state behind")
}
