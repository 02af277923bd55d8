package app

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/gate"
	api "github.com/shipwake/shipwake/sinks/gate"
)

// gatekeeper gives one answer after another, the last for ever, and keeps what was asked last.
func gatekeeper(t *testing.T, asked *http.Request, answers ...any) string {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		answer := answers[min(int(n.Add(1)), len(answers))-1]
		if status, wrong := answer.(int); wrong {
			w.WriteHeader(status)
			answer = api.Error{Error: "out of order"}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func answered(d gate.Decision) api.Answer {
	return api.Answer{Decision: d, Message: "checkout v2 is what it is", Page: "/changes/checkout-4711"}
}

func TestTheExitCodeOfTheGate(t *testing.T) {
	for name, c := range map[string]struct {
		answers []any
		flags   []string
		code    int
		says    string // by the output or the error
	}{
		"proceed":                                 {[]any{answered(gate.Proceed)}, nil, 0, "proceed: checkout v2 is what it is"},
		"stop":                                    {[]any{answered(gate.Stop)}, nil, 1, "stop: checkout v2"},
		"no decision in time":                     {[]any{answered(gate.Wait)}, nil, 2, "wait: checkout v2"},
		"a decision comes in time":                {[]any{answered(gate.Wait), answered(gate.Proceed)}, []string{"--wait=30s"}, 0, "proceed"},
		"it is down for a moment":                 {[]any{http.StatusServiceUnavailable, answered(gate.Proceed)}, []string{"--wait=30s"}, 0, "proceed"},
		"no decision, and that will do":           {[]any{answered(gate.Wait)}, []string{"--on-undecided=proceed"}, 0, "--on-undecided is proceed"},
		"no decision, and that won't":             {[]any{answered(gate.Wait)}, []string{"--on-undecided=stop"}, 1, "--on-undecided is stop"},
		"it can't be asked":                       {[]any{http.StatusServiceUnavailable}, nil, 3, "out of order"},
		"it can't be asked, and that will do":     {[]any{http.StatusServiceUnavailable}, []string{"--on-error=proceed"}, 0, "--on-error is proceed"},
		"it can't be asked, and that won't":       {[]any{http.StatusServiceUnavailable}, []string{"--on-error=stop"}, 1, "--on-error is stop"},
		"who may not ask is refused in any case":  {[]any{http.StatusUnauthorized}, []string{"--on-error=proceed"}, 3, "SHIPWAKE_TOKEN"},
		"a wrong question is refused in any case": {[]any{http.StatusBadRequest}, []string{"--on-error=proceed"}, 3, "out of order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GITHUB_STEP_SUMMARY", "")
			var asked http.Request
			args := append([]string{"gate", "checkout-4711", "--api", gatekeeper(t, &asked, c.answers...)}, c.flags...)
			code, stdout, stderr := shipwake(t, args...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stdout+stderr, c.says)
			require.Equal(t, "checkout-4711", asked.URL.Query().Get("change"))
		})
	}
}

func TestWhatTheGateIsAsked(t *testing.T) {
	var asked http.Request
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	url := gatekeeper(t, &asked, answered(gate.Proceed))
	code, stdout, stderr := shipwake(t, "gate", "--service=checkout", "--version=v2", "--environment=staging", "--gate=start", "--after=testing", "--repair",
		"--on-undecided=stop", "--output=json", "--api", url)
	require.Zero(t, code, stderr)
	require.Equal(t, "after=testing&environment=staging&gate=start&on_undecided=stop&repair=true&service=checkout&version=v2&wait=0s", asked.URL.Query().Encode())
	require.JSONEq(t, `{"decision": "proceed", "reason": "", "message": "checkout v2 is what it is", "verdict": null, "rules": null, "until": null,
		"retry_after_s": 0, "page": "/changes/checkout-4711"}`, stdout)
	text, err := os.ReadFile(summary)
	require.NoError(t, err)
	require.Equal(t, "**Shipwake: proceed.** checkout v2 is what it is [Details]("+url+"/changes/checkout-4711)\n", string(text))
}

func TestAWrongUseOfTheGateIsNoStop(t *testing.T) {
	for want, args := range map[string][]string{
		"which change?":                      {},
		"not both":                           {"a", "--service=b", "--version=c"},
		"go together":                        {"--service=b"},
		"--gate begin: want one of":          {"a", "--gate=begin"},
		"--after staging: goes":              {"a", "--after=staging"},
		"--on-undecided wait: want":          {"a", "--on-undecided=wait"},
		"--on-error wait: want":              {"a", "--on-error=wait"},
		"--output yaml: want":                {"a", "--output=yaml"},
		"--wait -1s: must not":               {"a", "--wait=-1s"},
		"unknown flag: --why":                {"a", "--why"},
		"accepts at most 1":                  {"a", "b"},
		"is not the address":                 {"a", "--api=nowhere"},
		"--wait: \"soon\" is not a duration": {"a", "--wait=soon"},
	} {
		code, _, stderr := shipwake(t, append([]string{"gate"}, args...)...)
		require.Equal(t, 3, code)
		require.Contains(t, stderr, want)
	}
}

var gateLine = regexp.MustCompile(`shipwake gate((?: --[a-z-]+ (?:"[^"]*"|[^\s"'` + "`" + `;}]+))+)`)

// TestTheLinesThatAskTheGateAreRight: every command in docs/gate.md and in the action has flags that there are, and asks.
func TestTheLinesThatAskTheGateAreRight(t *testing.T) {
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	for _, path := range []string{"../../../docs/gate.md", "../../../deploy/actions/gate/action.yml"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := gateLine.FindAllStringSubmatch(string(text), -1)
		require.Len(t, lines, strings.Count(string(text), "shipwake gate --"), "every one is understood")
		for _, line := range lines {
			var asked http.Request
			of := map[string]string{"GATE": "start", "WAIT": "20m", "ON_UNDECIDED": "stop", "ON_ERROR": "stop", "API": "http://x"}
			args := strings.Fields(strings.ReplaceAll(os.Expand(line[1], func(name string) string { return cmp.Or(of[name], "x") }), `"`, ""))
			code, _, stderr := shipwake(t, append(append([]string{"gate"}, args...), "--api", gatekeeper(t, &asked, answered(gate.Proceed)))...)
			require.Zero(t, code, "%s: %s", line[0], stderr)
		}
	}
}
