package setup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFileOfVariablesIsReadAsOthersReadIt(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want map[string]string
		err  string
	}{
		"lines, comments and empty ones":        {"# a comment\n\nA=1\n B=x=y&z \n", map[string]string{"A": "1", "B": "x=y&z"}, ""},
		"quotes around a value are systemd's":   {"A=\"one two\"\nB='$x'\nC=\"\n", map[string]string{"A": "one two", "B": "$x", "C": `"`}, ""},
		"the last of two counts":                {"A=1\nA=2\n", map[string]string{"A": "2"}, ""},
		"a line without an equals sign":         {"A=1\nhush-hush\n", nil, "environment, line 2: want NAME=value"},
		"what a shell reads isn't one of these": {"export A=hush\n", nil, "environment, line 1: want NAME=value"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "environment")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			got, err := ReadVariables(path)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.NotContains(t, err.Error(), "hush")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}
