package all_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/pagetest"
	"github.com/shipwake/shipwake/sinks/all"
	"github.com/shipwake/shipwake/sinks/route"
	"github.com/shipwake/shipwake/sinks/template"
	"github.com/shipwake/shipwake/sinks/vendors"
)

//go:generate go test -run TestPages -update .

var update = flag.Bool("update", false, "write the pages of the sinks")

const pages = "../../docs/outputs"

// inGo are the sinks that aren't templates, with the page of each and a sentence.
var inGo = map[string][2]string{
	"api":         {"../../sinks/api/openapi.yaml", "JSON over HTTP for programs that ask"},
	"email":       {"email.md", "mails in a thread for each change, or a digest a day"},
	"gate":        {"../gate.md", "proceed, wait or stop, for pipelines and progressive delivery"},
	"kafka":       {"kafka.md", "every revision of a verdict as a CloudEvent in a topic"},
	"page":        {"../pages.md", "pages for people, at the listener for readers"},
	"prometheus":  {"../reference/metrics.md", "metrics to be scraped"},
	"remotewrite": {"remotewrite.md", "what happened at the time when it happened, in a Prometheus that takes remote write"},
	"webhook":     {"../../sinks/webhook/README.md", "signed verdicts for programs of yours, by Standard Webhooks"},
	"template":    {"../../sinks/template/doc.go", "anything else that takes HTTP: a file of your own says how"},
}

// TestPages holds docs/outputs against the sinks: a page for each template, and an index.
func TestPages(t *testing.T) {
	index := strings.TrimSpace(indexText) + "\n\n| sink | |\n|---|---|\n"
	folder := pagetest.In(t, pages, *update)
	for _, f := range all.Factories() {
		text, ok := vendors.Text(f.Name)
		if !ok {
			page, known := inGo[f.Name]
			require.True(t, known, "where is the page of %s?", f.Name)
			require.FileExists(t, filepath.Join(pages, page[0]))
			index += fmt.Sprintf("| [%s](%s) | %s |\n", f.Name, page[0], page[1])
			continue
		}
		parsed, err := template.Parse(text)
		require.NoError(t, err)
		index += fmt.Sprintf("| [%s](%s.md) | %s |\n", f.Name, f.Name, parsed.About)
		folder.Require(f.Name+".md", page(t, parsed))
		require.NoError(t, f.Check(shown(parsed)), "the configuration that the page shows")
	}
	index += "| [verdicts](verdicts.md) | log records in any Collector pipeline |\n"
	folder.Require("README.md", index)
	folder.Complete("email.md", "kafka.md", "remotewrite.md", "verdicts.md")
}

func page(t *testing.T, f template.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n%s\n\n", f.Title, f.About, strings.TrimSpace(f.Setup))
	b.WriteString("```yaml\nextensions:\n  correlate:\n    sinks:\n      " + f.Name + ":\n        public_url: https://shipwake.example.com # where people reach the web listener; for links\n        targets:\n          ops: # a name of yours, which is the one in logs and metrics\n            settings:\n")
	for _, name := range named(f) {
		s := f.Settings[name]
		if s.Required || s.Example != "" {
			value := cmp.Or(s.Example, s.Default, "…")
			if s.Secret {
				value = "${env:SHIPWAKE_" + strings.ToUpper(strings.ReplaceAll(f.Name+"_"+name, "-", "_")) + "}"
			}
			fmt.Fprintf(&b, "              %s: %q\n", name, value)
		}
	}
	b.WriteString("```\n\n| setting | |\n|---|---|\n")
	for _, name := range named(f) {
		s := f.Settings[name]
		help := s.Help
		if s.Required {
			help += "; required"
		}
		if s.Default != "" {
			help += "; `" + s.Default + "` without it"
		}
		if s.Secret {
			help += "; secret"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, help)
	}
	fmt.Fprintf(&b, "\nEach setting may be in a file: `%s_file` is its path, and is read anew for each message. [What is told to whom](README.md#what-is-told-to-whom), "+
		"and what happens when a receiver is away, is the same for all sinks. `shipwake sink test %s` sends an example.\n\n", named(f)[0], f.Name)
	on := f.On
	if len(on) == 0 {
		on = []route.Kind{route.Regressed, route.Recovered, route.RollbackUnanswered}
	}
	fmt.Fprintf(&b, "Unless `on` says otherwise it is told: %s. ", strings.Join(strs(on), ", "))
	if f.Doubles != "" {
		fmt.Fprintf(&b, "A message may come twice %s: at most one for each crash.", f.Doubles)
	} else {
		b.WriteString("Nothing comes twice.")
	}
	fmt.Fprintf(&b, "\n\nThe file is [sink.yaml](../../sinks/vendors/%s/sink.yaml), by the vendor's [description](%s) (%s).\n\n## What is sent\n", f.Name, f.Docs, f.Read)
	for _, k := range route.Kinds() {
		for _, dir := range sent(t, f.Name) {
			text, err := os.ReadFile(filepath.Join(dir, string(k)+".txt"))
			require.NoError(t, err)
			title := string(k)
			if _, form, ok := strings.Cut(filepath.Base(dir), "-"); ok {
				title += " (" + form + ")"
			}
			fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n```http\n%s\n```\n\n</details>\n", title, strings.TrimSpace(string(text)))
		}
	}
	return b.String()
}

// shown is the configuration of a page, with what stands in the environment.
func shown(f template.File) map[string]any {
	settings := map[string]any{}
	for name, s := range f.Settings {
		if s.Required || s.Example != "" {
			settings[name] = cmp.Or(s.Example, s.Default)
		}
	}
	return map[string]any{"public_url": "https://shipwake.example.com", "targets": map[string]any{"ops": map[string]any{"settings": settings}}}
}

func named(f template.File) []string { return slices.Sorted(maps.Keys(f.Settings)) }

func strs(kinds []route.Kind) (all []string) {
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}

func sent(t *testing.T, name string) []string {
	dirs, err := filepath.Glob(filepath.Join("../vendors", name, "testdata", "sent*"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	return dirs
}

const indexText = `
# Outputs

Where verdicts go. Each page has the exact text that is sent. A receiver that isn't here and takes HTTP is a file of your own: see
[the guide](../../sinks/template/doc.go), and try it with ` + "`shipwake sink test`" + `.

## What is told to whom

Sinks with ` + "`targets`" + ` take these keys for each of them, by which every target is told what concerns it:

| key | meaning |
|---|---|
| ` + "`on`" + ` | the kinds of messages: ` + "`regressed`, `recovered`, `corrected`, `healthy`, `inconclusive`, `incident`, `rollback_requested`, `rollback_withdrawn`, `rollback_unanswered`" + `; by default, for most, ` + "`regressed`, `recovered` and `rollback_unanswered`" + `: what somebody has to act on, and that it is over |
| ` + "`services`, `environments`, `teams`" + ` | whose changes; all without them. A ` + "`*`" + ` stands for any characters |
| ` + "`min_confidence`" + ` | how likely it must be that the change did it, 0 to 1, such as 0.9 for what wakes people |
| ` + "`severities`" + ` | of incidents, as their sources write them |
| ` + "`hours`" + ` | when it must have been decided: ` + "`{from: \"22:00\", to: \"06:00\", days: [mon, tue], time_zone: Europe/Berlin}`" + ` |
| ` + "`group_by`, `group_within`" + ` | changes that share all of these, such as ` + "`[commit, environment]`" + `, and began in the same stretch of time (10m), are told of in one message: ` + "`environment`, `team`, `version`, `commit`, `actor`, `source`, `label.NAME`" + ` |
| ` + "`pace`" + ` | the time between two requests; what the receiver asks for without it |
| ` + "`timeout`, `tls`" + ` | of one try, 15s; as for any Collector client |

Whoever was told of a change is told every further revision, whatever the keys say: nothing that was said is left wrong. For the whole
sink, ` + "`public_url`" + ` begins the links in messages, ` + "`allow`" + ` opens addresses beyond the public internet (` + "`private`, `loopback`" + `, a
network, a host), and ` + "`proxy_url`" + ` is a proxy to go through; see [webhooks](../../sinks/webhook/README.md#which-addresses-may-be-called).

## When a receiver is away

Messages are stored with the verdict in one transaction, and sent until they have arrived, those of one change in order. A receiver that
asks for patience is left alone as long as it asks; one that fails is tried ever less often, up to every five minutes; of several revisions
that wait only the newest is sent. What a receiver refuses eight times, or fails at for a day, is set aside:

` + "```sh" + `
shipwake outbox                      # what waits, and what was set aside
shipwake outbox show msg_4f0f1c6c    # one message, as it is kept
shipwake outbox retry --all          # again, now that it is repaired
shipwake outbox drop msg_4f0f1c6c    # never
` + "```" + `

` + "`shipwake_outbox_*`" + ` in [/metrics](../reference/metrics.md) counts all of it.

## Which there are
`
