package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sentCheck is what a daemon was sent.
type sentCheck struct {
	query         url.Values
	body, bearing string
}

func resultsHook(t *testing.T, status int, answer string) (string, *[]sentCheck) {
	got := &[]sentCheck{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = append(*got, sentCheck{r.URL.Query(), string(body), r.Header.Get("Authorization")})
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hooks/results", got
}

func fileOf(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "results")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestAPipelineTellsOfACheck(t *testing.T) {
	const tap = "1..2\nok 1\nnot ok 2 - pays\n"
	ci := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_SHA": "4f2d9c1aaa", "GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b",
		"SHIPWAKE_RESULTS_SECRET": "one",
	}
	hook, got := resultsHook(t, http.StatusAccepted, `{"facts":1}`)
	out, err := tellAt(t, checkCommandOf, ci, "--name", "smoke", "--file", fileOf(t, tap), "--required", "--hooks", hook)
	require.NoError(t, err)
	require.Contains(t, out, "The daemon has it: smoke failed.")
	_, err = tellAt(t, checkCommandOf, ci, "--name", "manual", "--result", "passed", "--change", "a/b", "--hooks", hook)
	require.NoError(t, err)
	require.Equal(t, []sentCheck{
		{url.Values{
			"name": {"smoke"}, "commit": {"4f2d9c1aaa"}, "required": {"true"}, "at": {"2026-03-01T12:00:00Z"}, "url": {"https://github.com/a/b/actions/runs/7"},
		}, tap, "Bearer one"},
		{url.Values{
			"name": {"manual"}, "change": {"a/b"}, "result": {"passed"}, "at": {"2026-03-01T12:00:00Z"}, "url": {"https://github.com/a/b/actions/runs/7"},
		}, "", "Bearer one"},
	}, *got)
}

func TestACheckThatWouldBeRefusedIsNotSent(t *testing.T) {
	hook, got := resultsHook(t, http.StatusAccepted, `{}`)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no result":             {[]string{"--name", "smoke", "--change", "a"}, "want one of --file and --result"},
		"two results":           {[]string{"--name", "smoke", "--change", "a", "--result", "passed", "--file", "x"}, "want one of --file and --result"},
		"no name":               {[]string{"--change", "a", "--result", "passed"}, "--name: required"},
		"no change":             {[]string{"--name", "smoke", "--result", "passed"}, "--change: required"},
		"a result that is none": {[]string{"--name", "smoke", "--change", "a", "--result", "great"}, `--result: "great" is unknown`},
		"a file that is none":   {[]string{"--name", "smoke", "--change", "a", "--file", fileOf(t, "hello")}, "looks like none of junit"},
		"a file that was cut":   {[]string{"--name", "smoke", "--change", "a", "--file", fileOf(t, "<testsuite>")}, "must be an XML document, whole"},
		"no file":               {[]string{"--name", "smoke", "--change", "a", "--file", "/nowhere"}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tellAt(t, checkCommandOf, nil, append(c.args, "--hooks", hook)...)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, exitRefused, err.(*exitError).code)
		})
	}
	require.Empty(t, *got)
	_, err := tellAt(t, checkCommandOf, nil, "--name", "smoke", "--change", "a", "--result", "passed", "--hooks", "http://127.0.0.1:1/hooks/results")
	require.Equal(t, exitAway, err.(*exitError).code)
}

// TestAResultFindsItsChange: through a daemon, from what may go wrong at its door to the record of the change, over a kill.
func TestAResultFindsItsChange(t *testing.T) {
	p := newProcess(t)
	config := filepath.Join(t.TempDir(), "checks.yaml")
	require.NoError(t, os.WriteFile(config, []byte(
		"receivers: {change_webhook: {sources: {generic: {}, results: {secrets: [one]}}}}\n"+
			"extensions: {correlate: {checks: {required: [{service: check*, names: [smoke, load]}]}}}\n"), 0o600))
	p.more = []string{"--config", config}
	p.start()
	begun := time.Now().UTC().Truncate(time.Second)
	send := func(token, query, body string) (int, map[string]any) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, "http://"+p.hooks+"/hooks/results?"+query, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		var doc map[string]any
		require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
		return res.StatusCode, doc
	}
	at := func(later time.Duration) string { return "&at=" + begun.Add(later).Format(time.RFC3339) }
	const good, bad = `<testsuite><testcase name="pays"/></testsuite>`, `<testsuite><testcase name="pays"><failure/></testcase></testsuite>`
	run := "name=smoke&service=checkout&version=v2" + at(time.Second)
	for name, c := range map[string]struct {
		token, query, body string
		status             int
	}{
		"another secret":  {"two", run, bad, http.StatusUnauthorized},
		"no secret":       {"", run, bad, http.StatusUnauthorized},
		"a body cut":      {"one", run, bad[:30], http.StatusBadRequest},
		"a query amiss":   {"one", "nmae=smoke", bad, http.StatusBadRequest},
		"too long a text": {"one", run + "&url=" + strings.Repeat("a", 5000), bad, http.StatusRequestURITooLong},
	} {
		status, doc := send(c.token, c.query, c.body)
		require.Equal(t, c.status, status, "%s: %v", name, doc)
	}
	status, doc := send("one", run, bad)
	require.Equal(t, http.StatusAccepted, status, "%v", doc)
	_, doc = send("one", run, bad)
	require.EqualValues(t, 1, doc["duplicates"], "%v", doc)
	_, doc = send("one", "name=load&change=checkout-1"+at(24*time.Hour), good)
	require.Contains(t, doc["problem"], "future")
	held := func() (all string) {
		text, err := json.Marshal(p.answer("/api/v1/quarantine"))
		require.NoError(t, err)
		return string(text)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(held(), "waiting: no change is known that the check smoke is about")
	},
		20*time.Second, 50*time.Millisecond)
	require.Error(t, p.end(syscall.SIGKILL), "what waits is there after a kill")

	p.start()
	require.Contains(t, held(), "the check smoke is about")
	status, _ = p.post(change("checkout-1", "v2", begun))
	require.Equal(t, http.StatusAccepted, status)
	record := func(want func(map[string]any) bool, why string) {
		t.Helper()
		require.Eventually(t, func() bool {
			record, ok := p.answer("/api/v1/changes/checkout-1")["change"].(map[string]any)
			return ok && want(record)
		}, 30*time.Second, 50*time.Millisecond, "%s\n%v\n%s", why, p.answer("/api/v1/changes/checkout-1"), p.said())
	}
	reason := func(of string) func(map[string]any) bool {
		return func(r map[string]any) bool {
			v, ok := r["verdict"].(map[string]any)
			return ok && v["reason"] == of
		}
	}
	record(func(r map[string]any) bool { runs, _ := r["checks"].([]any); return len(runs) == 1 }, "it is tied")
	require.NotContains(t, held(), "the check smoke is about")
	record(reason("check_failed"), "it convicts")
	code, stdout, _ := shipwake(t, "verdict", "checkout-1", "--api", "http://"+p.w)
	require.Equal(t, exitRegressed, code)
	stdout = strings.Join(strings.Fields(stdout), " ") // lines are broken anywhere
	require.Contains(t, stdout, "smoke (required): 1 of 1 failed")
	require.Contains(t, stdout, "load (required): has not come")

	status, doc = send("one", "name=smoke&change=checkout-1"+at(2*time.Second), good)
	require.Equal(t, http.StatusAccepted, status, "%v", doc)
	record(func(r map[string]any) bool { return !reason("check_failed")(r) }, "a later run counts instead")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}
