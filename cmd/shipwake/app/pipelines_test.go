package app

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

var toldBy = regexp.MustCompile(`shipwake (change|incident)((?: --?[a-z-]+ (?:"[^"]*"|'[^']*'|[^\s"';}]+))+)`)

// TestTheLinesOfPipelinesAreRight: every command in docs/pipelines.md, in docs/lead-time.md and in the action has flags that there are, and says
// enough in the run of its CI system.
func TestTheLinesOfPipelinesAreRight(t *testing.T) {
	of := map[string]func(telling) *cobra.Command{"change": changeCommandOf, "incident": incidentCommandOf}
	for _, path := range []string{"../../../docs/pipelines.md", "../../../docs/lead-time.md", "../../../deploy/actions/change/action.yml"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := toldBy.FindAllStringSubmatch(string(text), -1)
		require.Len(t, lines, strings.Count(string(text), "shipwake change --")+strings.Count(string(text), "shipwake incident --"), "every one is understood")
		for _, line := range lines {
			url, got := hooks(t, 202, `{"status":"accepted","facts":1}`)
			run := map[string]string{"GITLAB_CI": "true", "CI_JOB_ID": "7"} // one with a run, as each of them has, or an id
			args := arguments(line[2])
			_, err := tellAt(t, of[line[1]], run, append(args, "--hooks", url)...)
			require.NoError(t, err, line[0])
			require.Len(t, *got, 1, line[0])
		}
	}
}

var word = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)

// arguments are the words of a line, with a value in the place of each variable.
func arguments(line string) []string {
	var all []string
	for _, w := range word.FindAllString(line, -1) {
		all = append(all, variable(strings.Trim(w, `"'`)))
	}
	return all
}

func variable(text string) string {
	return os.Expand(text, func(name string) string {
		switch strings.ToLower(name) {
		case "s", "status":
			return "succeeded"
		case "kind":
			return "deployment"
		case "(release)", "release":
			return "r1"
		}
		return "x"
	})
}
