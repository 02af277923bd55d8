package all_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks/all"
)

// TestEveryFolderIsListed: a sink is a folder beside this one and a line in Factories, under the folder's name.
func TestEveryFolderIsListed(t *testing.T) {
	noSinks := []string{"all", "call", "route", "sinktest"}
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	var folders []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(noSinks, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	var listed []string
	for _, f := range all.Factories() {
		listed = append(listed, f.Name)
	}
	require.Equal(t, folders, listed)
}
