package app

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits/git/gittest"
	"github.com/shipwake/shipwake/correlate"
)

// tellAt runs a command that tells at noon, with an environment of its own.
func tellAt(t *testing.T, of func(telling) *cobra.Command, env map[string]string, args ...string) (string, error) {
	t.Helper()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cmd := of(telling{now: func() time.Time { return noon }, env: func(key string) string { return env[key] }})
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(append([]string{"--timeout", "0"}, args...))
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// hooks takes the generic format, and keeps what it got.
func hooks(t *testing.T, status int, answer string) (url string, got *[]correlate.Fact) {
	got = &[]correlate.Fact{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f correlate.Fact
		if json.NewDecoder(r.Body).Decode(&f) == nil {
			*got = append(*got, f)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func TestAPipelineTellsOfItsDeployment(t *testing.T) {
	url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
	run := map[string]string{"GITLAB_CI": "true", "CI_JOB_ID": "7", "CI_COMMIT_SHA": "abc", "GITLAB_USER_LOGIN": "jo"}
	for _, status := range []string{"started", "succeeded"} {
		out, err := tellAt(t, changeCommandOf, run, "--hooks", url, "--service", "shop", "--version", "v2", "--status", status, "--label", "ring=1")
		require.NoError(t, err)
		require.Equal(t, "The daemon has it.\n", out)
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	want := correlate.Change{
		ID: "shop-production-7", Kind: "deployment", Status: "started", Service: "shop", Environment: "production", Version: "v2",
		Commit: "abc", Actor: "jo", StartedAt: noon, Labels: map[string]string{"ring": "1"},
	}
	require.Equal(t, want, *(*got)[0].Change)
	want.Status, want.StartedAt, want.FinishedAt = "succeeded", time.Time{}, noon
	require.Equal(t, want, *(*got)[1].Change, "the same change")
}

func TestAPipelineTellsWhatItBrings(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	head := r.Commit("a.go", "1", "2")
	url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
	var asked atomic.Value
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		_ = json.NewEncoder(w).Encode(map[string]any{"changes": []correlate.Change{
			{ID: "failed", Kind: "deployment", Status: "failed", Commit: "0123456"}, {ID: "a flag", Kind: "feature_flag", Status: "succeeded"},
			{ID: "live", Kind: "deployment", Status: "succeeded", Commit: base.SHA},
		}})
	}))
	t.Cleanup(daemon.Close)
	run := map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_SHA": head.SHA, "GITHUB_REPOSITORY": "octo/shop"}
	args := []string{"--hooks", url, "--service", "shop", "--version", "v2", "--git", r.Dir}
	out, err := tellAt(t, changeCommandOf, run, append(args, "--api", daemon.URL)...)
	require.NoError(t, err)
	require.Equal(t, "1 commit, +1 -0 in 1 file since "+base.SHA[:12]+"\nThe daemon has it.\n", out)
	require.Equal(t, "/api/v1/changes?environment=production&limit=100&service=shop&to=2026-03-01T12%3A00%3A00Z", asked.Load())
	c := (*got)[0].Change
	require.Equal(t, []correlate.Commit{head}, c.Commits)
	require.Equal(t, base.SHA, c.Size.Since)
	require.Equal(t, map[string]string{"repository": "octo/shop"}, c.Labels)

	daemon.Close()
	out, err = tellAt(t, changeCommandOf, run, append(args, "--api", daemon.URL)...)
	require.NoError(t, err, "a deployment doesn't fail for it")
	require.Contains(t, out, "No commits are told: asking the daemon")
	require.Contains(t, out, "The daemon has it.")
	require.Nil(t, (*got)[1].Change.Size)

	out, err = tellAt(t, changeCommandOf, run, append(args, "--api", daemon.URL, "--status", "failed")...)
	require.NoError(t, err)
	require.Equal(t, "The daemon has it.\n", out, "what didn't arrive brings nothing")
}

func TestWhatAnImportBroughtIsToldAfterwards(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	head := r.Commit("a.go", "1", "2")
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	labels := map[string]string{"repository": "Octo/shop"}
	changes := []correlate.Change{
		{ID: "2", Kind: "deployment", Status: "succeeded", Service: "shop", Environment: "production", Commit: head.SHA, FinishedAt: noon.Add(time.Hour), Labels: labels},
		{ID: "1", Kind: "deployment", Status: "succeeded", Service: "shop", Environment: "production", Commit: base.SHA, FinishedAt: noon, Labels: labels},
	}
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := changes
		if r.URL.Query().Get("before") == "1" {
			page = []correlate.Change{}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"changes": page})
	}))
	t.Cleanup(daemon.Close)
	url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
	out, err := tellAt(t, commitsCommandOf, nil, "--hooks", url, "--api", daemon.URL, "--git", r.Dir, "--repository", "octo/shop", "--since", "365d")
	require.NoError(t, err)
	require.Equal(t, "1 told what they bring; of 0 the commit isn't there; before 1 nothing was live, as far as was looked.\n", out)
	require.Len(t, *got, 1)

	quarantined, _ := hooks(t, 202, `{"status":"accepted","problem":"unmapped"}`)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no clone":               {nil, "--git is required"},
		"of no changes":          {[]string{"--git", r.Dir}, "Give --service or --repository"},
		"a folder that is none":  {[]string{"--git", t.TempDir(), "--service", "shop"}, "not a git repository"},
		"hooks that are none":    {[]string{"--git", r.Dir, "--service", "shop", "--hooks", "here"}, "--hooks: \"here\" is not where a daemon takes webhooks"},
		"what isn't taken":       {[]string{"--git", r.Dir, "--service", "shop", "--hooks", quarantined}, "2: the daemon keeps it in quarantine: unmapped"},
		"an API that is nowhere": {[]string{"--git", r.Dir, "--service", "shop", "--api", "here"}, "--api: \"here\" is not the address of a daemon"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tellAt(t, commitsCommandOf, nil, append([]string{"--api", daemon.URL}, c.args...)...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAScriptTellsOfAnIncident(t *testing.T) {
	url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
	_, err := tellAt(t, incidentCommandOf, nil, "--hooks", url, "--id", "INC-1", "--service", "shop", "--opened-at", "2026-03-01T11:00:00Z", "--status", "resolved")
	require.NoError(t, err)
	incident := (*got)[0].Incident
	require.Equal(t, "2026-03-01T11:00:00Z", incident.OpenedAt.Format(time.RFC3339))
	require.Equal(t, "2026-03-01T12:00:00Z", incident.ResolvedAt.Format(time.RFC3339))

	_, err = tellAt(t, incidentCommandOf, nil, "--hooks", url, "--id", "INC-2", "--service", "shop", "--service", "pay")
	require.NoError(t, err)
	require.Equal(t, []string{"shop", "pay"}, (*got)[1].Incident.Services)
}

func TestTheExitCodeSaysWhatBecameOfTheReport(t *testing.T) {
	refusing, _ := hooks(t, 400, `{"error":"$.id: no"}`)
	busy, _ := hooks(t, 503, `{"error":"starting"}`)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"without an id":           {[]string{"--hooks", busy, "--service", "shop"}, exitRefused, "id: required"},
		"a status that isn't":     {[]string{"--hooks", busy, "--id", "1", "--service", "shop", "--status", "done"}, exitRefused, `status: "done" is unknown; use one of`},
		"a time that is none":     {[]string{"--hooks", busy, "--id", "1", "--service", "shop", "--started-at", "noon"}, exitRefused, "--started-at: must be an RFC 3339 time"},
		"an address that is none": {[]string{"--hooks", "here", "--id", "1", "--service", "shop"}, exitRefused, "--hooks: \"here\" is not where a daemon takes webhooks"},
		"a daemon that refuses":   {[]string{"--hooks", refusing, "--id", "1", "--service", "shop"}, exitRefused, "$.id: no"},
		"a daemon that is busy":   {[]string{"--hooks", busy, "--id", "1", "--service", "shop"}, exitAway, "503 Service Unavailable: starting"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tellAt(t, changeCommandOf, nil, c.args...)
			require.ErrorContains(t, err, c.want)
			var exit *exitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, c.code, exit.code)
		})
	}
}

func TestWhatCouldNotBeSentGoesAlongWithTheNext(t *testing.T) {
	busy, _ := hooks(t, 503, `{"error":"starting"}`)
	spool := filepath.Join(t.TempDir(), "spool")
	out, err := tellAt(t, changeCommandOf, nil, "--hooks", busy, "--spool", spool, "--id", "1", "--service", "shop")
	require.NoError(t, err, "a deployment doesn't fail for it")
	require.Contains(t, out, "Kept in "+spool)
	url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
	out, err = tellAt(t, changeCommandOf, nil, "--hooks", url, "--spool", spool, "--id", "2", "--service", "shop")
	require.NoError(t, err)
	require.Equal(t, "1 of the spool sent.\nThe daemon has it.\n", out)
	require.Len(t, *got, 2)
	require.Equal(t, "1", (*got)[0].Change.ID)
	require.NoFileExists(t, spool)
	_, err = os.Stat(spool + ".sending")
	require.ErrorIs(t, err, os.ErrNotExist)
}
