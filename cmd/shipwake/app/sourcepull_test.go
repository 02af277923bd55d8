package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listed is an answer of GitLab's API, of a minute ago.
func listed() string {
	return strings.ReplaceAll(`[{"id":15,"ref":"v1","sha":"9fceb02d0ae598e95dc970b74767f19372d61af8","status":"success","created_at":"@","updated_at":"@",
		"environment":{"id":9,"name":"production"},"deployable":null,"user":{"username":"alice"}}]`, "@", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
}

const asked = `
name: own
title: Own
authentication: [{kind: token, header: X-Token}]
rules: [{change: {id: body.id, service: body.app, finished_at: body.ended}}]
pull:
  example: https://own.example.com
  of: {key: teams, help: the names of teams, example: shop}
  request: "'/' + of + '?page=' + page"
  items: body.all
  at: item.ended
  next: body.?next
  deliveries: [{id: string(item.id), body: item}]
`

func TestSourceTestReadsAnAnswerOfTheAPI(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	require.NoError(t, os.WriteFile(own, []byte(asked), 0o600))
	ended := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	for name, c := range map[string]struct {
		in   string
		args []string
		want []string
	}{
		"what is asked for, and what comes of it": {listed(), []string{"gitlab", "--pull", "acme/shop"}, []string{
			"GET https://gitlab.com/api/v4/projects/acme%2Fshop/deployments?", "/projects/acme%2Fshop/environments/9: 404", "pull/acme/shop/15/success",
			"a deployment succeeded, failed or was cancelled", `"service": "shop"`, `"version": "v1"`}},
		"a mapping of one's own, and a next page": {`{"all":[{"id":1,"app":"till","ended":"` + ended + `"}],"next":"2"}`, []string{"own", "--file", own, "--pull", "shop"}, []string{
			"GET https://own.example.com/shop?page=: 200", "then the next page", `"service": "till"`}},
		"nothing": {`{"log_entries":[],"more":false}`, []string{"pagerduty", "--pull", ""}, []string{"GET https://api.pagerduty.com/log_entries?"}},
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

func TestSourceTestOfAnAnswerSaysWhatWouldBeRight(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		args []string
		want string
	}{
		"an answer of another form":    {`{"message":"401 Unauthorized"}`, []string{"gitlab", "--pull", "acme/shop"}, "the answer can't be read: $: must be a list"},
		"a system that can't be asked": {`{}`, []string{"zabbix", "--pull", "x"}, "zabbix: its mapping doesn't say how the system is asked: pull"},
		"a source without a mapping":   {`{}`, []string{"generic", "--pull", "x"}, "generic: there is no such mapping"},
		"a file that isn't there":      {`{}`, []string{"own", "--file", "/nowhere", "--pull", "x"}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trySource(c.in, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestSourceTestShowsAnItemThatLacksWhatItIs: it is one of the deliveries, and in quarantine.
func TestSourceTestShowsAnItemThatLacksWhatItIs(t *testing.T) {
	out, _ := trySource(`[{"id":15,"updated_at":"2026-03-01T10:00:00Z"}]`, "gitlab", "--pull", "acme/shop")
	require.Contains(t, out, "$.item.status: required")
}
