package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// smallDisk is a real file system with room for so many MiB. It needs the right to mount one.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%dm", size)); err != nil {
		t.Skipf("a small tmpfs can't be mounted here: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, 0)) })
	return disk
}

// TestAFullFileSystemIsSurvived runs a real, small file system full.
func TestAFullFileSystemIsSurvived(t *testing.T) {
	disk := smallDisk(t, 4)
	ballast := filepath.Join(disk, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 2<<20), 0o600))
	dir := filepath.Join(disk, "data")
	l, err := Open(t.Context(), Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })

	var stored []string
	send := func(n int) error {
		d := ledgertest.Entry("github", fmt.Sprint(n))
		d.Body = make([]byte, 20<<10)
		_, _, err := l.Append(t.Context(), []correlate.Entry{d}, nil)
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

// occupy writes a file until the disk holds no byte more.
func occupy(t *testing.T, path string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	for _, size := range []int{1 << 20, 4096, 1} {
		for err = nil; err == nil; _, err = file.Write(make([]byte, size)) {
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	require.NoError(t, file.Close())
}

// keep writes what a daemon has to write of itself.
func keep(t *testing.T, l *Ledger, n int) error {
	t.Helper()
	noise := make([]correlate.Measurement, 200)
	for i := range noise {
		noise[i].Sum, noise[i].N = rand.Int64(), rand.Int64()
	}
	at := time.Date(2026, 3, 1, 0, 0, n, 0, time.UTC)
	c := correlate.ChangeRecord{Change: correlate.Change{ID: fmt.Sprint(n), FinishedAt: at}, Phase: correlate.PhaseClosed}
	row := ledger.OutboxRow{Sink: "slack", Subject: fmt.Sprint(n), Key: fmt.Sprint(n), Payload: make([]byte, 1000)}
	return errors.Join(
		l.CommitEffects(t.Context(), []correlate.Effect{{Change: &c}}, []ledger.OutboxRow{row}, 0),
		l.Checkpoint(t.Context(), at, noise),
		l.Delivered(t.Context(), "slack", fmt.Sprint(n), []byte("thread")))
}

func TestOnAFullDiskTheDaemonKeepsItsOwnStateAndTakesNoFacts(t *testing.T) {
	disk := smallDisk(t, 256)
	dir, ballast := filepath.Join(disk, "data"), filepath.Join(disk, "ballast")
	options := Options{Dir: dir, Reserve: StandardReserve}
	l, err := Open(t.Context(), options)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(dir, "reserve"))
	require.NoError(t, err)
	require.Equal(t, int64(256<<20/16), info.Size(), "a small disk has a small reserve")

	send := func(id string) error {
		d := ledgertest.Entry("github", id)
		d.Body = make([]byte, 20<<10)
		_, _, err := l.Append(t.Context(), []correlate.Entry{d}, nil)
		return err
	}
	require.NoError(t, send("before"))
	occupy(t, ballast)

	for n := range 100 {
		require.NoError(t, keep(t, l, n), "the reserve is there for this")
	}
	require.NoFileExists(t, filepath.Join(dir, "reserve"))
	for range 20 {
		err := send("refused")
		require.ErrorIs(t, err, correlate.ErrUnavailable)
		require.ErrorContains(t, err, "the disk is full; facts are taken again when 16 MiB are free in "+dir)
	}
	require.Equal(t, []string{"before"}, factIDs(t, l), "reads go on")

	require.NoError(t, l.Close())
	occupy(t, ballast) // what the log gave back
	l, err = Open(t.Context(), options)
	require.NoError(t, err, "it can be started, to be read")
	defer func() { require.NoError(t, l.Close()) }()
	require.ErrorIs(t, send("refused"), correlate.ErrUnavailable)
	changes, err := l.Changes(t.Context(), ledger.ChangeFilter{})
	require.NoError(t, err)
	require.Len(t, changes, 100)

	require.NoError(t, os.Remove(ballast))
	require.Eventually(t, func() bool { return send("after") == nil }, 10*time.Second, 50*time.Millisecond, "it goes on by itself")
	require.FileExists(t, filepath.Join(dir, "reserve"))
	require.Equal(t, []string{"before", "after"}, factIDs(t, l))
	requireSound(t, l)
}

func TestADaemonKilledOnAFullDiskStartsFromItsReserve(t *testing.T) {
	disk := smallDisk(t, 256)
	dir, ballast := filepath.Join(disk, "data"), filepath.Join(disk, "ballast")
	l, err := Open(t.Context(), Options{Dir: dir, Reserve: StandardReserve})
	require.NoError(t, err)
	commitOne(t, l, "before")
	crashed := filepath.Join(disk, "crashed") // as a kill leaves it: with a log, and without its index
	require.NoError(t, os.Mkdir(crashed, 0o700))
	for _, name := range []string{fileName, fileName + "-wal", "reserve"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(crashed, name), content, 0o600))
	}
	require.NoError(t, l.Close())
	occupy(t, ballast)

	l, err = Open(t.Context(), Options{Dir: crashed, Reserve: StandardReserve})
	require.NoError(t, err)
	require.Equal(t, []string{"before"}, factIDs(t, l))
	require.NoError(t, keep(t, l, 1))
	requireSound(t, l)
	require.NoError(t, l.Close())
}
