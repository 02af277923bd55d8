package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

func openAt(t testing.TB, options Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func commitOne(t testing.TB, l *Ledger, id string) {
	t.Helper()
	_, _, err := l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", id)}, nil)
	require.NoError(t, err)
}

func TestTheSecondDaemonOnADirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := openAt(t, Options{Dir: dir})
	_, err := Open(t.Context(), Options{Dir: dir})
	require.EqualError(t, err, fmt.Sprintf(
		"the data directory %s is in use by process %d: stop it, or choose another directory", dir, os.Getpid()))
	commitOne(t, first, "a")
	require.NoError(t, first.Close())
	openAt(t, Options{Dir: dir})
}

func TestTheDataIsForItsOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	dir := filepath.Join(t.TempDir(), "deep", "data with ? and %")
	l := openAt(t, Options{Dir: dir})
	commitOne(t, l, "a")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Len(t, files, 4, "the database, its log, the log's index and the lock")
	for _, f := range files {
		info, err := os.Stat(f)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f)
	}
}

func TestTheLedgerIsFullySyncedAndChecked(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "trusted_schema": "0",
		"page_size": strconv.Itoa(pageSize),
	} {
		var got string
		require.NoError(t, l.writer.tx.conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		require.Equal(t, want, got, pragma)
	}
	_, err := l.readers.Exec("DELETE FROM facts")
	require.ErrorContains(t, err, "readonly", "readers can't write")
}

// edit runs statements on the database of a closed ledger.
func edit(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := connect(filepath.Join(dir, fileName))
	require.NoError(t, err)
	for _, s := range statements {
		_, err = db.Exec(s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
}

func TestAFileThatIsNoSoundLedgerIsRefusedAndLeftAlone(t *testing.T) {
	overwrite := func(at int64, with []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			_, err = file.WriteAt(with, at)
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}
	}
	newest, err := migrations.Newest()
	require.NoError(t, err)
	cases := map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"a text file": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("dear diary, today I deployed"), 0o600))
		}, "is not a SQLite database"},
		"a few bytes": {func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte("SQL"), 0o600))
		}, "is not a SQLite database"},
		"another program's database": {func(t *testing.T, path string) {
			edit(t, filepath.Dir(path), "PRAGMA application_id = 7")
		}, "is the database of another program (application id 0x7"},
		"a database without a mark": {func(t *testing.T, path string) {
			edit(t, filepath.Dir(path), "PRAGMA application_id = 0", "PRAGMA user_version = 0")
		}, "is the database of another program (application id 0x0"},
		"a schema of tomorrow": {func(t *testing.T, path string) {
			edit(t, filepath.Dir(path), "PRAGMA user_version = 99")
		}, fmt.Sprintf("was written by a newer release and has the schema 99; this program knows schemas up to %d", newest)},
		"a header of noise":    {overwrite(16, bytes.Repeat([]byte{0xa5}, 40)), "is damaged"},
		"a root page of noise": {overwrite(100, bytes.Repeat([]byte{0xa5}, 3000)), "is damaged"},
		"a file cut short": {func(t *testing.T, path string) {
			require.NoError(t, os.Truncate(path, 2*pageSize))
		}, "is damaged"},
		"a last page cut off": {func(t *testing.T, path string) {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, info.Size()-pageSize))
		}, "is damaged"},
		"a page of zeros":     {overwrite(5*pageSize, make([]byte, pageSize)), "is damaged"},
		"a page of noise":     {overwrite(7*pageSize, bytes.Repeat([]byte{0xa5}, pageSize)), "is damaged"},
		"a flipped page type": {overwrite(4*pageSize, []byte{0x0d ^ 0x04}), "is damaged"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openAt(t, Options{Dir: dir})
			commitOne(t, l, "a")
			require.NoError(t, l.Close())
			path := filepath.Join(dir, fileName)
			c.spoil(t, path)
			before, err := os.ReadFile(path)
			require.NoError(t, err)

			_, err = Open(t.Context(), Options{Dir: dir})
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, c.want)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, after)
			_, err = Open(t.Context(), Options{Dir: dir})
			require.NotContains(t, err.Error(), "in use", "the lock is free again")
		})
	}
}

func TestDamageInALargeLedgerIsFoundBesideAndEndsWriting(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir})
	commitOne(t, l, "a")
	require.NoError(t, l.Close())
	file, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = file.WriteAt(make([]byte, pageSize), 12*pageSize) // an index that facts don't need
	require.NoError(t, err)
	require.NoError(t, file.Close())

	l, err = Open(t.Context(), Options{Dir: dir, checkFirst: 1, checkAfter: 1})
	require.NoError(t, err, "a restart doesn't wait for the check")
	l.checking.Wait()
	_, _, err = l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", "b")}, nil)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.ErrorContains(t, err, "is damaged")
	require.ErrorContains(t, err, "restore it from a backup")
	require.Equal(t, []string{"a"}, factIDs(t, l), "reads go on, as far as they get")
	require.NoError(t, l.Close())
}

func TestALedgerThatCannotBeOpenedSaysWhatWouldBeRight(t *testing.T) {
	cases := map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
		root  bool // may do it all the same
	}{
		"a directory in its place": {func(t *testing.T, path string) {
			require.NoError(t, errors.Join(os.Remove(path), os.Mkdir(path, 0o700)))
		}, "is a directory, and should be the file of the ledger: move it away", false},
		"a file that isn't for this user": {func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(path, 0))
		}, "start the daemon as the user that owns the file", true},
		"a file that is only to be read": {func(t *testing.T, path string) {
			require.NoError(t, os.Chmod(path, 0o400))
		}, "this user must be able to read and write it", true},
		"a directory that is only to be read": {func(t *testing.T, path string) {
			dir := filepath.Dir(path)
			require.NoError(t, errors.Join(os.Remove(filepath.Join(dir, "lock")), os.Chmod(dir, 0o500)))
			t.Cleanup(func() { require.NoError(t, os.Chmod(dir, 0o700)) })
		}, "can't be locked", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.root && os.Getuid() <= 0 {
				t.Skip("everything is permitted to this user")
			}
			dir := t.TempDir()
			require.NoError(t, openAt(t, Options{Dir: dir}).Close())
			path := filepath.Join(dir, fileName)
			c.spoil(t, path)
			_, err := Open(t.Context(), Options{Dir: dir})
			require.ErrorContains(t, err, dir)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestADirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Open(t.Context(), Options{Dir: filepath.Join(file, "data")})
	require.ErrorContains(t, err, filepath.Join(file, "data"))
}

func TestTheHealthUsesTheClockOfTheOptions(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	l := openAt(t, Options{Dir: t.TempDir(), Now: func() time.Time { return now }})
	commitOne(t, l, "a")
	require.Equal(t, now, l.Health().LastCommit)
}

func TestFiltersUseAnIndex(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	for _, query := range []string{
		changeColumns + " WHERE c.service = 'a' AND c.environment = 'b' AND c.at >= 1 ORDER BY c.at DESC, c.id DESC LIMIT 5",
		changeColumns + " WHERE c.service = 'a' AND +c.verdict = 'healthy' ORDER BY c.at DESC, c.id DESC LIMIT 5",
		changeColumns + " WHERE c.verdict = 'regressed' ORDER BY c.at DESC, c.id DESC LIMIT 5",
		changeColumns + " WHERE (c.at, c.id) < (1, 'a') ORDER BY c.at DESC, c.id DESC LIMIT 5",
		incidentColumns + " WHERE open = 1 ORDER BY opened_at DESC, id DESC",
		regressionColumns + " WHERE service = 'a' AND environment = 'b' ORDER BY onset_at DESC, id DESC",
		strings.Replace(outboxColumns, "?", "3", 1) + " WHERE o.sink = 'a' AND o.delivered_at IS NULL AND o.parked_at IS NULL AND o.seq > 3 ORDER BY o.seq",
	} {
		plan, err := list(t.Context(), l.readers, func(scan func(...any) error) (detail string, err error) {
			var skip sql.RawBytes
			var id int64
			return detail, scan(&id, &id, &skip, &detail)
		}, "EXPLAIN QUERY PLAN "+query)
		require.NoError(t, err)
		for _, step := range plan {
			require.NotContains(t, step, "TEMP B-TREE", query)
			require.NotRegexp(t, `^SCAN \w+$`, step, query)
		}
	}
}
