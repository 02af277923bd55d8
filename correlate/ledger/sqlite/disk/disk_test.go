package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestADirectoryIsLockedOnce(t *testing.T) {
	dir := t.TempDir()
	lock, err := Acquire(dir)
	require.NoError(t, err)
	_, err = Acquire(dir)
	require.EqualError(t, err, fmt.Sprintf("the data directory %s is in use by process %d: stop it, or choose another directory", dir, os.Getpid()))
	require.NoError(t, lock.Close())
	lock, err = Acquire(dir)
	require.NoError(t, err, "closing gives it free")
	require.NoError(t, lock.Close())
	require.NoError(t, SyncDir(dir))
}

func TestADirectoryInPlaceOfAFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "lock"), 0o700))
	_, err := Acquire(dir)
	require.ErrorContains(t, err, "is a directory, and should be the file of the ledger: move it away")
}

func sizeOf(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "reserve"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	return info.Size()
}

func TestTheReserveMakesWayAndIsTakenAgain(t *testing.T) {
	dir := t.TempDir()
	const size = 1 << 20
	r, err := NewReserve(dir, size)
	require.NoError(t, err)
	r.Take()
	require.EqualValues(t, size, sizeOf(t, dir))
	require.False(t, r.Spent())

	require.True(t, r.Spend())
	require.Zero(t, sizeOf(t, dir))
	require.True(t, r.Spent())
	require.False(t, r.Spend(), "there is nothing more to give")
	require.ErrorIs(t, r.Refusal(), correlate.ErrUnavailable)
	require.ErrorContains(t, r.Refusal(), "facts are taken again when 1 MiB are free in "+dir)

	r.Retake()
	require.True(t, r.Spent(), "space is looked for at times, not at once")
	r.tried = r.tried.Add(-2 * time.Second)
	r.Retake()
	require.False(t, r.Spent())
	require.EqualValues(t, size, sizeOf(t, dir))
}

func TestSomeOfASpentReserveIsKeptForTheNextStart(t *testing.T) {
	dir := t.TempDir()
	r, err := NewReserve(dir, 1<<20)
	require.NoError(t, err)
	r.KeepSome()
	require.Zero(t, sizeOf(t, dir), "one that isn't spent stays as it is")
	r.Take()
	require.True(t, r.Spend())
	r.KeepSome()
	require.EqualValues(t, 1<<20, sizeOf(t, dir))
}

func TestNoReserve(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "reserve"), []byte("x"), 0o600))
	r, err := NewReserve(dir, 0)
	require.NoError(t, err)
	r.Take()
	require.NoFileExists(t, filepath.Join(dir, "reserve"), "one of before is given free")
	require.False(t, r.Spend())
	require.False(t, r.Spent())
}

func TestZerosFillWhatCantBeAskedFor(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "zeros"))
	require.NoError(t, err)
	const size = 1<<20 + 7
	require.NoError(t, fill(file, size))
	info, err := file.Stat()
	require.NoError(t, err)
	require.EqualValues(t, size, info.Size())
	require.NoError(t, file.Close())
	require.Error(t, fill(file, size), "a file that can't be written is told")
}
