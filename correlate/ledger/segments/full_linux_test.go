package segments

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFullFileSystemIsSurvived runs a real, small file system full. It needs the right to mount one.
func TestAFullFileSystemIsSurvived(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("a small tmpfs can't be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, 0)) })
	ballast := filepath.Join(disk, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 700<<10), 0o600))
	o := Options{Dir: filepath.Join(disk, "archive"), Budget: 1 << 30}
	blind := o
	blind.free = func(string) int64 { return 1 << 40 } // somebody else takes the space after it was looked for
	st := open(t, blind)
	blob := make([]byte, 200<<10)
	require.NoError(t, st.Put(Segment{From: 0, To: 600}, blob))
	for range 2 {
		require.ErrorIs(t, st.Put(Segment{From: 600, To: 1200}, blob), syscall.ENOSPC)
		require.Equal(t, []string{"0-600.cells"}, names(t, o.Dir), "nothing half is left behind")
	}
	o.Spare = 100 << 10
	st = open(t, o)
	require.ErrorIs(t, st.Put(Segment{From: 600, To: 1200}, make([]byte, 30<<10)), ErrNoSpace, "the last of the disk is for the ledger")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, st.Put(Segment{From: 600, To: 1200}, blob))
	require.Equal(t, State{Bytes: 400 << 10, Budget: 1 << 30, From: 0, To: 1200}, st.State())
}
