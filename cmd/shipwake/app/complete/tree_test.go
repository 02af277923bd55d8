package complete

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

// completions are what a shell is offered for a command line, of which the last word is begun.
func completions(t *testing.T, daemon string, line ...string) []string {
	t.Helper()
	root := &cobra.Command{Use: "shipwake"}
	leaf := func(use string, under *cobra.Command, flags func(*cobra.Command)) *cobra.Command {
		c := &cobra.Command{Use: use, Run: func(*cobra.Command, []string) {}}
		if flags != nil {
			flags(c)
		}
		under.AddCommand(c)
		return c
	}
	text := func(names ...string) func(*cobra.Command) {
		return func(c *cobra.Command) {
			for _, name := range names {
				called, usage, _ := strings.Cut(name, "|")
				c.Flags().String(called, "", usage)
			}
		}
	}
	leaf("verdict {ID | --service NAME}", root, text("service", "environment", "version", "output|`format`: text or json", "wait|how long"))
	leaf("changes", root, text("verdict|only those that are regressed, healthy or inconclusive", "team"))
	leaf("dora", root, text("by", "policy", "series", "kind", "output|`format`: table, json, csv or markdown", "token-file|`file` with a token"))
	leaf("import FORMAT [FILE…]", root, nil)
	leaf("backup TO", root, text("data-dir|`directory` of the ledger"))
	note := leaf("note", root, nil)
	leaf("link INCIDENT {CHANGE | none}", note, nil)
	source := leaf("source", root, nil)
	leaf("test NAME < payload.json", source, nil)
	sink := leaf("sink", root, nil)
	leaf("test NAME", sink, text("kind|`kind` of message, one of [regressed]"))
	Tree(root, func(*cobra.Command) (*client.Client, error) { return client.New(daemon, client.Access{}) })
	var out, problems bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&problems)
	root.SetArgs(append([]string{cobra.ShellCompRequestCmd}, line...))
	require.NoError(t, root.ExecuteContext(t.Context()))
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

// known is a daemon that knows two changes and an incident.
func known(t *testing.T) string {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	change := func(id, service, version, team string, verdict *correlate.Verdict) correlate.ChangeRecord {
		return correlate.ChangeRecord{
			Change:  correlate.Change{ID: id, Service: service, Version: version, Environment: "production", Team: team, StartedAt: at, FinishedAt: at},
			Verdict: verdict,
		}
	}
	mux := http.NewServeMux()
	answer := func(path string, of func(*http.Request) any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(of(r)) })
	}
	answer("/api/v1/changes", func(r *http.Request) any {
		all := []correlate.ChangeRecord{
			change("checkout-2", "checkout", "v2", "shop", &correlate.Verdict{Outcome: correlate.Regressed}), change("cart-1", "cart", "v1", "shop", nil),
		}
		if only := r.URL.Query().Get("service"); only == "cart" {
			all = all[1:]
		}
		return api.Changes{Changes: all}
	})
	answer("/api/v1/names", func(*http.Request) any {
		return api.Names{Names: meet.Names{Heard: []meet.Unmet{{Service: "basket", Environment: "production"}}}}
	})
	answer("/api/v1/incidents", func(*http.Request) any {
		return map[string]any{"incidents": []any{map[string]any{"id": "PD-12", "service": "cart", "environment": "production", "opened_at": at}}}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

const (
	noFiles = ":4"
	inOrder = ":36"
	folder  = ":16"
	anyFile = ":0"
)

func TestWhatAShellIsOffered(t *testing.T) {
	daemon := known(t)
	for name, c := range map[string]struct {
		line []string
		want []string
	}{
		"services, of changes and of telemetry": {[]string{"verdict", "--service", ""}, []string{"basket", "cart", "checkout", inOrder}},
		"services that begin so":                {[]string{"verdict", "--service", "c"}, []string{"cart", "checkout", inOrder}},
		"environments":                          {[]string{"verdict", "--environment="}, []string{"production", inOrder}},
		"versions of the service":               {[]string{"verdict", "--service", "cart", "--version", ""}, []string{"v1", inOrder}},
		"teams":                                 {[]string{"changes", "--team", ""}, []string{"(none)", "shop", inOrder}},
		"ids, with what they are": {[]string{"verdict", ""}, []string{
			"checkout-2\tcheckout v2 in production, 2026-03-01 12:00:00Z, regressed", "cart-1\tcart v1 in production, 2026-03-01 12:00:00Z", inOrder,
		}},
		"one id and no more":           {[]string{"verdict", "cart-1", ""}, []string{noFiles}},
		"incidents":                    {[]string{"note", "link", ""}, []string{"PD-12\tcart in production, 2026-03-01 12:00:00Z", inOrder}},
		"what caused an incident":      {[]string{"note", "link", "PD-12", "n"}, []string{"none", inOrder}},
		"formats that the help lists":  {[]string{"dora", "--output", ""}, []string{"table", "json", "csv", "markdown", noFiles}},
		"verdicts":                     {[]string{"changes", "--verdict", "r"}, []string{"regressed", noFiles}},
		"policies":                     {[]string{"dora", "--policy", "f"}, []string{"fourkeys", noFiles}},
		"ways to split a report":       {[]string{"dora", "--by", "s"}, []string{"service", "system", "service_environment", noFiles}},
		"periods":                      {[]string{"dora", "--series", "m"}, []string{"month", noFiles}},
		"kinds of changes":             {[]string{"dora", "--kind", "r"}, []string{"rollback", noFiles}},
		"kinds of messages":            {[]string{"sink", "test", "--kind", "h"}, []string{"healthy", noFiles}},
		"sources":                      {[]string{"source", "test", "gitl"}, []string{"gitlab", noFiles}},
		"sinks":                        {[]string{"sink", "test", "sla"}, []string{"slack", noFiles}},
		"a format, then files":         {[]string{"import", "csv", ""}, []string{anyFile}},
		"a file":                       {[]string{"dora", "--token-file", ""}, []string{anyFile}},
		"a folder":                     {[]string{"backup", "--data-dir", ""}, []string{folder}},
		"nothing where nothing fits":   {[]string{"verdict", "--wait", ""}, []string{noFiles}},
		"nothing where nothing is due": {[]string{"changes", ""}, []string{noFiles}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, completions(t, daemon, c.line...)) })
	}
}

func TestADaemonThatIsAwayCompletesNothing(t *testing.T) {
	require.Equal(t, []string{inOrder}, completions(t, "http://127.0.0.1:1", "verdict", ""))
	require.Equal(t, []string{noFiles}, completions(t, "no address", "verdict", "x", ""))
}
