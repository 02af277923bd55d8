package app

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheTableOfExitCodesIsThatOfTheProgram: docs/cli.md has every row, and every command that a row names is there.
func TestTheTableOfExitCodesIsThatOfTheProgram(t *testing.T) {
	page, err := os.ReadFile("../../../docs/cli.md")
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("| command | 0 | 1 | 2 | 3 |\n|---|---|---|---|---|\n")
	for _, row := range exitMeanings {
		fmt.Fprintf(&table, "| %s | %s |\n", row.commands, strings.Join(row.means[:], " | "))
		for i, part := range strings.Split(row.commands, "`") {
			if i%2 == 1 {
				found, _, err := newRoot().Find([]string{part})
				require.NoError(t, err)
				require.Equal(t, part, found.Name())
			}
		}
	}
	require.Contains(t, string(page), table.String())
}
