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
	noSinks := []string{"all", "call", "route", "sinktest", "vendors"}
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
		require.False(t, slices.Contains(listed, f.Name), "two sinks have the name %s", f.Name)
		if _, err := os.Stat("../vendors/" + f.Name + "/sink.yaml"); err == nil {
			continue
		}
		listed = append(listed, f.Name)
	}
	require.Equal(t, folders, listed)
}
