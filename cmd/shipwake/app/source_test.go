package app

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	sources "github.com/shipwake/shipwake/collector/source/all"
)

const pinged = `{"event":{"id":"E1","event_type":"incident.acknowledged","occurred_at":"2026-03-01T10:05:00Z","data":{"id":"P1",` +
	`"created_at":"2026-03-01T10:00:00Z","service":{"summary":"Check Out"}}}}`

func TestSourceTestShowsWhatIsReadAndWhy(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	require.NoError(t, os.WriteFile(own, []byte(`
name: own
title: Own
headers: [X-Event]
authentication: [{kind: token, header: X-Token}]
parameters: {team: {help: whose it is}}
rules:
  - when: header['X-Event'] == 'deploy'
    change: {id: body.id, service: body.app, team: param.team, finished_at: received}
  - ignored: another event
`), 0o600))
	for name, c := range map[string]struct {
		in   string
		args []string
		want []string
	}{
		"the rule and where each field was":      {pinged, []string{"pagerduty"}, []string{"an incident is acknowledged (rules[3])", "$.event.data.service.summary", `"service": "check-out"`}},
		"header lines before the body":           {"X-Event: other\n\n" + `{"id":"1"}` + "\n", []string{"own", "--file", own}, []string{"ignored   another event"}},
		"headers from flags, and a parameter":    {`{"id":"1","app":"shop"}`, []string{"own", "--file", own, "--header", "X-Event: deploy", "--parameter", "team=web"}, []string{`"team": "web"`}},
		"why a body can't be read, and where":    {`{"event":{}}`, []string{"pagerduty"}, []string{"unreadable: $.event.event_type: required"}},
		"a source in Go, without a trace":        {`{"service":"shop","version":"v1"}`, []string{"generic"}, []string{"kept in quarantine"}},
		"a header that is missing is named":      {`{"id":"1"}`, []string{"own", "--file", own}, []string{"unreadable: header X-Event: required"}},
		"control characters of a payload are no": {strings.Replace(pinged, "P1", `P\u001b[31m`, 1), []string{"pagerduty"}, []string{`P\x1b[31m`}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := trySource(c.in, c.args...)
			require.NoError(t, err)
			for _, want := range c.want {
				require.Contains(t, out, want)
			}
		})
	}
}

func TestSourceTestSaysWhatWouldBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a name that isn't":      {[]string{"pagerdutty"}, "there is no such source; `shipwake source` lists them"},
		"a file that isn't":      {[]string{"own", "--file", "no/such.yaml"}, "file: stat no/such.yaml"},
		"a header without colon": {[]string{"pagerduty", "--header", "deploy"}, "--header deploy: must be a name, a colon and a value"},
		"another parameter":      {[]string{"pagerduty", "--parameter", "team=x"}, "parameters::team: the mapping has no parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trySource(pinged, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSourcesAreListed(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, listSources(&out))
	require.Regexp(t, `pagerduty +hmac in X-PagerDuty-Signature, or bearer +a mapping`, out.String())
}

func trySource(in string, args ...string) (string, error) {
	cmd := newSource()
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader(in))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetArgs(append([]string{"test"}, args...))
	err := cmd.Execute()
	return out.String(), err
}

// TestEverySourceHasItsPlaceInTheBuiltInConfiguration: under its name, with a variable for its secret, which is the one that
// its page names.
func TestEverySourceHasItsPlaceInTheBuiltInConfiguration(t *testing.T) {
	text, err := os.ReadFile("default.yaml")
	require.NoError(t, err)
	variable := regexp.MustCompile(`SHIPWAKE_[A-Z_]+_SECRET`)
	known := variable.FindAllString(string(text), -1)
	for _, s := range sources.Sources() {
		of := "SHIPWAKE_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")) + "_SECRET"
		require.Contains(t, known, of)
		page, err := os.ReadFile(filepath.Join("../../../docs/sources", s.Name+".md"))
		require.NoError(t, err)
		for _, named := range variable.FindAllString(string(page), -1) {
			require.Equal(t, of, named, "the page of %s", s.Name)
		}
	}
}
