package migrations

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScriptsAreNumberedWithoutGaps(t *testing.T) {
	names, err := scriptNames()
	require.NoError(t, err)
	newest, err := Newest()
	require.NoError(t, err)
	require.Len(t, names, newest)
	for i, name := range names {
		number, _, found := strings.Cut(name, "_")
		require.True(t, found, "%s: should be called NNNN_what.sql", name)
		require.Equal(t, fmt.Sprintf("%04d", i+1), number)
	}
}

func TestEveryScriptEndsWithItsMarksAndTheCommit(t *testing.T) {
	newest, err := Newest()
	require.NoError(t, err)
	for version := 1; version <= newest; version++ {
		statements, err := Statements(version)
		require.NoError(t, err)
		require.Greater(t, len(statements), 3)
		last := statements[len(statements)-3:]
		require.Equal(t, "PRAGMA application_id = 1398230087", last[0])
		require.Equal(t, "PRAGMA user_version = "+fmt.Sprint(version), last[1])
		require.Equal(t, "COMMIT", last[2])
	}
	for _, unknown := range []int{0, newest + 1} {
		_, err = Statements(unknown)
		require.ErrorContains(t, err, "they are numbered from 1 to "+fmt.Sprint(newest))
	}
}
