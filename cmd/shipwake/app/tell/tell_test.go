package tell

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// daemon answers as it is told to, and notes what it gets. Time passes without anybody waiting.
type daemon struct {
	*Teller
	answers []func(http.ResponseWriter)
	got     []string
	tokens  []string
	waited  []time.Duration
}

func start(t *testing.T, answers ...func(http.ResponseWriter)) *daemon {
	d := &daemon{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d.got, d.tokens = append(d.got, string(body)), append(d.tokens, r.Header.Get("Authorization"))
		answer := d.answers[0]
		if len(d.answers) > 1 {
			d.answers = d.answers[1:]
		}
		answer(w)
	}))
	t.Cleanup(server.Close)
	d.Teller = &Teller{URL: server.URL, Client: server.Client(), Patience: time.Minute, Wait: func(_ context.Context, pause time.Duration) error {
		d.waited = append(d.waited, pause)
		return nil
	}}
	return d
}

func says(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var taken = says(202, `{"status":"accepted","id":"sha256:x","facts":1}`)

func TestAReportIsSentUntilTheDaemonHasIt(t *testing.T) {
	d := start(t, says(503, `{"error":"starting"}`, "Retry-After", "5"), says(500, "<html>"), taken)
	d.Token = "hush"
	answer, err := d.Send(t.Context(), []byte(`{"id":"1"}`))
	require.NoError(t, err)
	require.Equal(t, Answer{ID: "sha256:x", Facts: 1}, answer)
	require.Equal(t, []string{`{"id":"1"}`, `{"id":"1"}`, `{"id":"1"}`}, d.got, "the same bytes each time")
	require.Equal(t, []time.Duration{5 * time.Second, 10 * time.Second}, d.waited, "as long as the daemon wants to be left alone, then longer")
	require.Equal(t, "Bearer hush", d.tokens[0])
}

func TestAReportThatIsWrongIsSentOnce(t *testing.T) {
	d := start(t, says(400, `{"error":"$.service: required","path":"$.service"}`))
	_, err := d.Send(t.Context(), []byte(`{}`))
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.EqualError(t, err, "the daemon doesn't take it: 400 Bad Request: $.service: required")
	require.Len(t, d.got, 1)
}

func TestADaemonThatIsAwayIsGivenUpInTime(t *testing.T) {
	d := start(t, says(503, `{"error":"busy"}`))
	_, err := d.Send(t.Context(), []byte(`{}`))
	require.ErrorIs(t, err, ErrAway)
	var sum time.Duration
	for _, pause := range d.waited {
		sum += pause
	}
	require.LessOrEqual(t, sum, time.Minute)
	require.Greater(t, sum, 40*time.Second)

	nobody := &Teller{URL: "http://user:canary@127.0.0.1:1/hooks/generic", Client: http.DefaultClient}
	_, err = nobody.Send(t.Context(), []byte(`{}`))
	require.ErrorIs(t, err, ErrAway)
	require.NotContains(t, err.Error(), "canary")
	require.NotContains(t, (&Teller{URL: "//user:canary@x"}).Validate().Error(), "canary")
}

func TestTheSpoolIsSentBeforeAndOnce(t *testing.T) {
	spool := Spool(filepath.Join(t.TempDir(), "spool"))
	for _, line := range []string{"1", "2", "3", "4"} {
		require.NoError(t, spool.Keep([]byte(line)))
	}
	d := start(t, taken, says(400, `{"error":"no"}`), says(503, "{}"))
	d.Patience = 0
	sent, refused, err := spool.Drain(t.Context(), d.Teller)
	require.ErrorIs(t, err, ErrAway)
	require.Equal(t, []int{1, 1}, []int{sent, refused})
	require.NoError(t, spool.Keep([]byte("5")), "somebody else adds to it meanwhile")

	d.answers = []func(http.ResponseWriter){taken}
	for range 2 {
		_, _, err = spool.Drain(t.Context(), d.Teller)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"1", "2", "3", "3", "4", "5"}, d.got)
	kept, err := os.ReadFile(string(spool) + ".refused")
	require.NoError(t, err)
	require.Equal(t, "2\n", string(kept), "what is wrong is kept for people")
	left, err := filepath.Glob(string(spool) + "*")
	require.NoError(t, err)
	require.Equal(t, []string{string(spool) + ".refused"}, left)
	sent, refused, err = spool.Drain(t.Context(), d.Teller)
	require.NoError(t, err)
	require.Zero(t, sent+refused, "a spool that isn't there is empty")
}

func TestASpoolHasABound(t *testing.T) {
	spool := Spool(filepath.Join(t.TempDir(), "spool"))
	require.NoError(t, spool.Keep([]byte(strings.Repeat("x", maxSpool-10))))
	require.ErrorContains(t, spool.Keep([]byte(strings.Repeat("x", 20))), "is full")
	require.Error(t, Spool(filepath.Join(t.TempDir(), "no", "spool")).Keep([]byte("x")))
}

func TestTheRunIsThatOfTheCISystem(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want Run
	}{
		"GitHub Actions": {
			map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SHA": "abc", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "octo/shop"},
			Run{ID: "42-2", Commit: "abc", URL: "https://github.com/octo/shop/actions/runs/42", Repository: "octo/shop"},
		},
		"GitLab CI":           {map[string]string{"GITLAB_CI": "true", "CI_JOB_ID": "7", "CI_COMMIT_SHA": "abc", "CI_JOB_URL": "https://x/7", "CI_PROJECT_PATH": "a/b/shop"}, Run{ID: "7", Commit: "abc", URL: "https://x/7", Repository: "a/b/shop"}},
		"Jenkins":             {map[string]string{"JENKINS_URL": "https://j/", "BUILD_TAG": "jenkins-shop-4", "GIT_COMMIT": "abc"}, Run{ID: "jenkins-shop-4", Commit: "abc"}},
		"Azure Pipelines":     {map[string]string{"TF_BUILD": "True", "BUILD_BUILDID": "9", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/o/", "SYSTEM_TEAMPROJECT": "p"}, Run{ID: "9", URL: "https://dev.azure.com/o/p/_build/results?buildId=9"}},
		"CircleCI":            {map[string]string{"CIRCLECI": "true", "CIRCLE_WORKFLOW_ID": "w", "CIRCLE_SHA1": "abc"}, Run{ID: "w", Commit: "abc"}},
		"Bitbucket Pipelines": {map[string]string{"BITBUCKET_BUILD_NUMBER": "3", "BITBUCKET_COMMIT": "abc"}, Run{ID: "3", Commit: "abc"}},
		"a shell":             {nil, Run{}},
	} {
		require.Equal(t, c.want, RunOf(func(key string) string { return c.env[key] }), name)
	}
}

func TestAContextThatEndsEndsTheWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := start(t, says(503, "{}"))
	d.Wait = nil
	d.answers = []func(http.ResponseWriter){func(w http.ResponseWriter) { cancel(); says(503, "{}")(w) }}
	_, err := d.Send(ctx, []byte("{}"))
	require.True(t, errors.Is(err, ErrAway))
}
