package deploy_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheBinaryIsStatic: the image has no libraries and no loader for it. `make test-deploy` builds it and runs this.
func TestTheBinaryIsStatic(t *testing.T) {
	path := os.Getenv("SHIPWAKE_TEST_BINARY")
	if path == "" {
		t.Skip("SKIP: needs a binary; make test-deploy builds it")
	}
	if runtime.GOOS != "linux" {
		t.Skip("SKIP: an image needs a binary for Linux")
	}
	binary, err := elf.Open(path)
	require.NoError(t, err)
	defer binary.Close()
	for _, part := range binary.Progs {
		require.NotEqual(t, elf.PT_INTERP, part.Type, "it asks for a loader")
	}
	libraries, err := binary.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)
	said, err := exec.Command(path, "--version").Output()
	require.NoError(t, err)
	require.Contains(t, string(said), "shipwake "+os.Getenv("SHIPWAKE_TEST_VERSION")+" (")
}
