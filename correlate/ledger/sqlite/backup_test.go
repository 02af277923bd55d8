package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
)

// committing commits facts from several goroutines until stopped. Known are the ids acknowledged so far.
type committing struct {
	mu    sync.Mutex
	known []string
	stop  atomic.Bool
	done  sync.WaitGroup
}

func (c *committing) start(t *testing.T, l *Ledger) {
	for k := range 8 {
		c.done.Go(func() {
			for n := 0; !c.stop.Load(); n++ {
				d := ledgertest.Entry("github", fmt.Sprintf("%d/%d", k, n))
				d.Body = make([]byte, 4000)
				if _, _, err := l.Append(t.Context(), []correlate.Entry{d}, nil); err != nil {
					t.Errorf("%s: %v", d.ID, err)
					return
				}
				c.mu.Lock()
				c.known = append(c.known, d.ID)
				c.mu.Unlock()
			}
		})
	}
}

func (c *committing) acknowledged() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.known...)
}

func TestABackupUnderLoadHoldsEveryFactAcknowledgedBefore(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir})
	var load committing
	load.start(t, l)
	for n := range 3 {
		for len(load.acknowledged()) < 200*(n+1) && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		before := load.acknowledged()
		to := filepath.Join(t.TempDir(), "copy")
		b, err := BackUp(t.Context(), dir, to)
		require.NoError(t, err)
		require.Equal(t, to, b.Dir)
		require.GreaterOrEqual(t, b.Facts, int64(len(before)))

		info, err := os.Stat(to)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		info, err = os.Stat(filepath.Join(to, fileName))
		require.NoError(t, err)
		require.Equal(t, b.Bytes, info.Size())
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.NoDirExists(t, to+partialSuffix)

		restored := openAt(t, Options{Dir: to})
		require.Subset(t, factIDs(t, restored), before)
		commitOne(t, restored, "after the restore")
		requireSound(t, restored)
	}
	load.stop.Store(true)
	load.done.Wait()
	require.Len(t, factIDs(t, l), len(load.acknowledged()), "the daemon lost nothing meanwhile")
}

func TestABackupWithoutADaemonLeavesTheLedgerAsItIs(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir})
	commitOne(t, l, "a")
	require.NoError(t, l.Close())
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	require.NoError(t, err)
	for _, to := range []string{filepath.Join(t.TempDir(), "new"), t.TempDir()} {
		b, err := BackUp(t.Context(), dir, to)
		require.NoError(t, err)
		require.Equal(t, int64(1), b.Facts)
		require.Equal(t, []string{"a"}, factIDs(t, openAt(t, Options{Dir: to})))
	}
	after, err := os.ReadFile(filepath.Join(dir, fileName))
	require.NoError(t, err)
	require.Equal(t, before, after)
	openAt(t, Options{Dir: dir})
}

func TestABackupThatCannotBeMadeSaysWhyAndLeavesNothing(t *testing.T) {
	cases := map[string]struct {
		spoil func(t *testing.T, dir, to string)
		want  string
	}{
		"no ledger there": {func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Remove(filepath.Join(dir, fileName)))
		}, "there is no ledger in "},
		"a target that holds something": {func(t *testing.T, _, to string) {
			require.NoError(t, os.Mkdir(to, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(to, "diary"), []byte("x"), 0o600))
		}, "isn't empty, and a backup overwrites nothing"},
		"a target that is a file": {func(t *testing.T, _, to string) {
			require.NoError(t, os.WriteFile(to, nil, 0o600))
		}, "a backup is a directory of its own"},
		"another program's database": {func(t *testing.T, dir, _ string) {
			edit(t, dir, "PRAGMA application_id = 7")
		}, "is the database of another program"},
		"an empty database": {func(t *testing.T, dir, _ string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fileName), nil, 0o600))
		}, "a daemon has never been started on it"},
		"a damaged database": {func(t *testing.T, dir, _ string) {
			require.NoError(t, os.Truncate(filepath.Join(dir, fileName), 2*pageSize))
		}, "is damaged"},
		"a backup under way": {func(t *testing.T, _, to string) {
			require.NoError(t, os.Mkdir(to+partialSuffix, 0o700))
			lock, err := disk.Acquire(to + partialSuffix)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, lock.Close()) })
		}, "is in use by process"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
			l := openAt(t, Options{Dir: dir})
			commitOne(t, l, "a")
			require.NoError(t, l.Close())
			c.spoil(t, dir, to)
			_, err := BackUp(t.Context(), dir, to)
			require.ErrorContains(t, err, c.want)
			require.NoFileExists(t, filepath.Join(to, fileName))
			require.NoFileExists(t, filepath.Join(to+partialSuffix, fileName))
		})
	}
}

func TestABackupGivenUpLeavesNothing(t *testing.T) {
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	commitOne(t, openAt(t, Options{Dir: dir}), "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := BackUp(ctx, dir, to)
	require.ErrorIs(t, err, context.Canceled)
	require.NoDirExists(t, to)
	require.NoDirExists(t, to+partialSuffix)
}
