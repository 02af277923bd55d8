package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks/prometheus"
)

const root = "../../.."

// TestThePagesAreCurrent holds the files against the code.
func TestThePagesAreCurrent(t *testing.T) {
	made, err := pages(root)
	require.NoError(t, err)
	for name, text := range made {
		have, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err, "make gen writes it")
		require.Equal(t, text, string(have), "make gen writes %s anew", name)
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		require.NoError(t, err)
		for _, e := range entries {
			require.Contains(t, made, folder+"/"+e.Name(), "make gen removes it: nothing makes it any more")
		}
	}
}

// TestThePagesDoNotHangOnTheEnvironment: whoever makes them may have a token, and a ledger elsewhere.
func TestThePagesDoNotHangOnTheEnvironment(t *testing.T) {
	t.Setenv("SHIPWAKE_DATA_DIR", "/somewhere/else")
	t.Setenv("SHIPWAKE_URL", "https://somewhere.example.com")
	t.Setenv("SHIPWAKE_TOKEN", "of-somebody")
	made := map[string]string{}
	require.NoError(t, commands(root, made))
	require.NoError(t, manual(root, made))
	for name, text := range made {
		require.NotContains(t, text, "somewhere", name)
		require.NotContains(t, text, "of-somebody", name)
	}
}

func TestEveryCommandSaysWhatItIsFor(t *testing.T) {
	for _, c := range shown(commandLine()) {
		if c.Name() == "completion" || c.HasParent() && c.Parent().Name() == "completion" {
			continue // the library's own
		}
		t.Run(c.CommandPath(), func(t *testing.T) {
			require.Regexp(t, `^[A-Z].*[^.]$`, c.Short, "Short: one line that begins with a capital letter and has no full stop")
			require.NotEmpty(t, c.Long, "Long: what it does, in sentences")
			require.Contains(t, c.Example, c.CommandPath(), "Example: a line to copy")
			for line := range strings.Lines(c.Example) {
				require.Regexp(t, `^(  |\n)`, line, "the lines of an example begin with two spaces")
			}
		})
	}
}

func TestEveryFlagSaysWhatItIsFor(t *testing.T) {
	for _, c := range shown(commandLine()) {
		c.Flags().VisitAll(func(f *pflag.Flag) { require.NotEmpty(t, f.Usage, "%s --%s", c.CommandPath(), f.Name) })
	}
}

func TestEveryKeyHasAComment(t *testing.T) {
	sections, err := sectionsOf(root)
	require.NoError(t, err)
	var silent []string
	for _, s := range sections {
		for _, k := range s.keys {
			if k.text == "" && s.at+k.path != "" && !ofTheCollector(s) {
				silent = append(silent, s.title+": "+k.path)
			}
		}
	}
	require.Empty(t, silent, "say what the key does, with its unit and what more of it costs, above the field or in default.yaml")
}

// ofTheCollector: what its fields say is not ours to mend.
func ofTheCollector(s section) bool { return strings.HasPrefix(s.about, "Of the Collector") }

// TestDefaultNamesEveryKey: whoever begins with the built-in configuration sees what there is to set.
func TestDefaultNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(root + "/cmd/shipwake/app/default.yaml")
	require.NoError(t, err)
	sections, err := sectionsOf(root)
	require.NoError(t, err)
	for _, k := range sections[0].keys {
		if strings.Count(k.path, ".") <= 1 && !strings.HasPrefix(k.path, "web.") {
			name := k.path[strings.LastIndex(k.path, ".")+1:]
			require.True(t, strings.Contains(string(text), strings.TrimSuffix(name, "[]")), "%s%s", sections[0].at, k.path)
		}
	}
}

func TestEveryMetricHasHelp(t *testing.T) {
	for _, m := range prometheus.Catalog() {
		require.Regexp(t, `^[A-Z0-9].*\.$`, m.Help, m.Name)
		require.NotEmpty(t, m.Type, m.Name)
	}
}

// TestTheManualIsWellFormed has groff read each page, where it is installed.
func TestTheManualIsWellFormed(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff isn't installed")
	}
	manuals, err := filepath.Glob(root + "/docs/man/*.1")
	require.NoError(t, err)
	require.NotEmpty(t, manuals)
	out, err := exec.Command(groff, append([]string{"-man", "-Tutf8", "-Kutf8", "-ww", "-z"}, manuals...)...).CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(out))
}

func TestHelpAsMarkdown(t *testing.T) {
	for name, c := range map[string]struct{ help, want string }{
		"a list is kept as it is":  {"The codes:\n  0  good\n  1  bad\n\nThat's it.", "The codes:\n\n```\n  0  good\n  1  bad\n```\n\nThat's it."},
		"a list may be the end":    {"The codes:\n  0  good", "The codes:\n\n```\n  0  good\n```"},
		"what Markdown would read": {"a <b> and *c*", `a \<b> and \*c\*`},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, asMarkdown(c.help)) })
	}
}

func TestSectionsHaveOneTitleEach(t *testing.T) {
	sections, err := sectionsOf(root)
	require.NoError(t, err)
	var titles []string
	for _, s := range sections {
		titles = append(titles, s.title)
	}
	slices.Sort(titles)
	require.Equal(t, slices.Compact(slices.Clone(titles)), titles)
}
