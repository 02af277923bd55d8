package all

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// helpers are the folders beside the sources that aren't sources.
var helpers = []string{"all", "sourcetest", "testdata"}

func TestEverySourceFolderIsListed(t *testing.T) {
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(helpers, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	var listed []string
	for _, s := range Sources() {
		listed = append(listed, s.Name)
		require.NotEmpty(t, s.Schemes, "%s: how do its senders prove themselves?", s.Name)
	}
	require.Equal(t, folders, listed, "each folder of collector/source is one source, listed in all.go under its own name, sorted")
}
