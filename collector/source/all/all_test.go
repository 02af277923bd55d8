package all

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// helpers are the folders beside the sources that aren't sources.
var helpers = []string{"all", "mapping", "sourcetest", "testdata", "vendors"}

func TestEverySourceFolderIsListed(t *testing.T) {
	folders := append(foldersIn(t, ".."), foldersIn(t, "../vendors")...)
	slices.Sort(folders)
	var listed []string
	for _, s := range Sources() {
		listed = append(listed, s.Name)
		require.NotEmpty(t, s.Schemes, "%s: how do its senders prove themselves?", s.Name)
	}
	for _, s := range Watched() {
		listed = append(listed, s.Name)
		require.Empty(t, s.Schemes, "%s: nobody sends to it", s.Name)
	}
	slices.Sort(listed)
	require.Equal(t, folders, listed, "each folder of collector/source, and of vendors in it, is one source under its own name")
}

func foldersIn(t *testing.T, parent string) []string {
	t.Helper()
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(helpers, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	return folders
}
