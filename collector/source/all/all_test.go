package all

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// helpers are the folders beside the sources that aren't sources.
var helpers = []string{"all", "sourcetest"}

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
	for _, f := range Factories() {
		listed = append(listed, f.Name)
		require.NotNil(t, f.New)
	}
	require.Equal(t, folders, listed, "each folder of collector/source is one source, listed in all.go under its own name, sorted")
}
