package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// TestAFullFileSystemIsSurvived runs a real, small file system full. It needs the right to mount one.
func TestAFullFileSystemIsSurvived(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("a small tmpfs can't be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, 0)) })
	ballast := filepath.Join(disk, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 2<<20), 0o600))
	dir := filepath.Join(disk, "data")
	l, err := Open(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })

	var stored []string
	send := func(n int) error {
		d := ledgertest.Delivery("github", fmt.Sprint(n))
		d.Raw = make([]byte, 20<<10)
		_, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{d}, nil)
		if err == nil {
			stored = append(stored, fmt.Sprint(n))
		}
		return err
	}
	refused := 0
	for n := 0; refused < 20; n++ {
		if err := send(n); err != nil {
			require.ErrorIs(t, err, correlate.ErrUnavailable)
			refused++
		}
	}
	require.NotEmpty(t, stored)
	require.Equal(t, stored, factIDs(t, l), "reads go on, and what was refused is not there")

	require.NoError(t, os.Remove(ballast))
	require.NoError(t, send(-1), "space has returned")
	requireSound(t, l)
	require.NoError(t, l.Close())
	l, err = Open(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	require.Equal(t, stored, factIDs(t, l))
	requireSound(t, l)
}
