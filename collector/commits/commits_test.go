package commits_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
)

func TestWhatACommitHashIs(t *testing.T) {
	for text, is := range map[string]bool{
		strings.Repeat("a1", 20): true, strings.Repeat("a1", 32): true, "9fceb02": true,
		"9fceb0": false, strings.Repeat("a1", 21): false, "main": false, "--all": false, "9FCEB02": false, "9fceb02/x": false, "": false,
	} {
		require.Equal(t, is, commits.IsHash(text), text)
	}
	require.True(t, commits.SameCommit("9fceb02", "9fceb02d0ae"))
	require.True(t, commits.SameCommit("9fceb02d0ae", "9fceb02"))
	require.False(t, commits.SameCommit("9fceb02", "9fceb03"))
	require.False(t, commits.SameCommit("", "9fceb02"), "nothing is nothing's abbreviation")
}

func TestAFileIsInThePathsOfAService(t *testing.T) {
	of := commits.Range{Paths: []string{"services/checkout/", "lib", "go.mod"}}
	for file, is := range map[string]bool{
		"services/checkout/a.go": true, "services/checkout": true, "services/checkout-web/a.go": false,
		"lib/x/y.go": true, "library/x.go": false, "go.mod": true, "tools/go.mod": false,
	} {
		require.Equal(t, is, of.Touches(file), file)
	}
	require.True(t, commits.Range{}.Touches("any"), "without paths all of it is")
}
