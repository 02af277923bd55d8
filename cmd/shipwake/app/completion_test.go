package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

// inBash is what Bash does when somebody presses the tabulator key after a line. What bash-completion has of its own isn't needed
// for it, and stands here for a machine without it.
const inBash = `
_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword-1]}; }
compopt() { :; }
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
__start_shipwake
printf '%s\n' "${COMPREPLY[@]}"
`

// TestBashCompletes has Bash itself read the script and complete lines, with a daemon to ask.
func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash isn't installed")
	}
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/changes" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(api.Changes{Changes: []correlate.ChangeRecord{
			{Change: correlate.Change{ID: "checkout-2", Service: "checkout"}}, {Change: correlate.Change{ID: "cart-1", Service: "cart"}},
		}})
	}))
	t.Cleanup(daemon.Close)
	code, script, stderr := shipwake(t, "completion", "bash")
	require.Zero(t, code, stderr)
	file := filepath.Join(t.TempDir(), "shipwake.bash")
	require.NoError(t, os.WriteFile(file, []byte(script), 0o600))
	program := filepath.Join(t.TempDir(), "shipwake")
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, program))

	for name, c := range map[string]struct{ line, want []string }{
		"a command":         {[]string{"verd"}, []string{"verdict"}},
		"a command below":   {[]string{"rollbacks", "re"}, []string{"resume"}},
		"a flag":            {[]string{"dora", "--serie"}, []string{"--series"}},
		"a value of a flag": {[]string{"dora", "--series", "q"}, []string{"quarter"}},
		"a service":         {[]string{"verdict", "--api", daemon.URL, "--service", "ch"}, []string{"checkout"}},
		"an id":             {[]string{"verdict", "--api", daemon.URL, "ca"}, []string{"cart-1"}},
		"a source":          {[]string{"source", "test", "jenk"}, []string{"jenkins"}},
		"nothing that fits": {[]string{"verdict", "--api", daemon.URL, "--service", "x"}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), bash, append([]string{"--norc", "-c", inBash, "bash", file, program}, c.line...)...)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Equal(t, c.want, said(string(out)))
		})
	}
}

// said are the offers of a shell without what describes them.
func said(out string) (words []string) {
	for line := range strings.SplitSeq(strings.TrimSpace(out), "\n") {
		word, _, _ := strings.Cut(line, " ")
		words = append(words, word)
	}
	return words
}

// TestEveryFlagWithFewValuesCompletesThem: who types --output is told what there is, in every command.
func TestEveryFlagWithFewValuesCompletesThem(t *testing.T) {
	few := map[string]bool{"output": true, "format": true, "result": true, "verdict": true, "policy": true, "series": true, "by": true, "gate": true,
		"kind": true, "status": true, "class": true, "on-undecided": true, "on-error": true}
	seen := map[string]bool{}
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			complete, registered := c.GetFlagCompletionFunc(f.Name)
			if !few[f.Name] {
				return
			}
			seen[f.Name] = true
			require.True(t, registered, "%s --%s", c.CommandPath(), f.Name)
			values, _ := complete(c, nil, "")
			require.NotEmpty(t, values, "%s --%s", c.CommandPath(), f.Name)
		})
		for _, below := range c.Commands() {
			look(below)
		}
	}
	look(newRoot())
	require.Equal(t, few, seen)
}
