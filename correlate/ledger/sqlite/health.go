package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// Health implements ledger.Ledger. A commit is one synced transaction, which may have answered many callers.
func (l *Ledger) Health() ledger.Health {
	bytes := bytesOf(l.path)
	w := l.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	return ledger.Health{
		Bytes: bytes, Commits: w.stats.commits, Failures: w.stats.failures, Busy: w.stats.busy,
		LastCommit: w.stats.last,
	}
}

// bytesOf is the size of a database, its write-ahead log and the index of that.
func bytesOf(path string) int64 {
	var total int64
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err == nil {
			total += info.Size()
		}
	}
	return total
}

// Examination is what the file of a ledger says of itself, without being opened as one.
type Examination struct {
	Path           string
	Bytes          int64 // with its write-ahead log
	Schema, Newest int   // of the file, and the newest that this program knows; a daemon brings an older one forward
	WrittenBy      string
	Deliveries     int64
	Facts          int64
	Heard          map[string]time.Time // when the newest delivery of each source was received; empty for a schema before 6
	Checked        bool                 // every page was looked at, and nothing was found; false for a file that is too large to
}

// heardSchema is the schema from which on it is known by an index what each source delivered last.
const heardSchema = 6

// Examine reads the ledger of a data directory, whether a daemon runs on it or not, and changes nothing. Its pages are checked
// up to a size in bytes. It returns an fs.ErrNotExist where there is none, and a *migrations.NewerError for one of a newer release.
func Examine(ctx context.Context, dir string, checkUpTo int64) (x Examination, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return x, err
	}
	x = Examination{Path: filepath.Join(dir, fileName), Heard: map[string]time.Time{}}
	if _, err := os.Stat(x.Path); err != nil {
		return x, err
	}
	x.Bytes = bytesOf(x.Path)
	if x.Newest, err = migrations.Newest(); err != nil {
		return x, err
	}
	mode := "mode=ro"
	if log, err := os.Stat(x.Path + "-wal"); err != nil || log.Size() == 0 {
		mode = "immutable=1" // everything is in the file; else SQLite would make a log and an index beside it
	}
	err = readingBy(ctx, x.Path, mode, func(conn *sql.Conn) error {
		if x.Schema, err = migrations.Schema(ctx, conn, x.Path, ""); err != nil || x.Schema == 0 {
			return err
		}
		x.WrittenBy = migrations.WrittenBy(ctx, conn, x.Schema)
		if x.Bytes <= checkUpTo {
			if err := check(ctx, conn); err != nil {
				return err
			}
			x.Checked = true
		}
		held, err := count(ctx, conn)
		x.Deliveries, x.Facts = held.Deliveries, held.Facts
		if err != nil || x.Schema < heardSchema {
			return err
		}
		return heard(ctx, conn, x.Heard)
	})
	return x, explained(x.Path, err)
}

// heard says when the newest delivery of each source was received. It goes from one pair of source and digest to the next, of
// which there are few, so that it costs the same however many deliveries there are.
func heard(ctx context.Context, conn *sql.Conn, into map[string]time.Time) error {
	const next = "SELECT source, digest FROM projections WHERE (source, digest) > (?, ?) ORDER BY source, digest LIMIT 1"
	var source, digest string
	for {
		switch err := conn.QueryRowContext(ctx, next, source, digest).Scan(&source, &digest); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		}
		var at int64
		if err := conn.QueryRowContext(ctx, `SELECT received_at FROM deliveries WHERE seq =
			(SELECT max(delivery) FROM projections WHERE source = ? AND digest = ?)`, source, digest).Scan(&at); err != nil {
			return err
		}
		if when := fromMicros(at); when.After(into[source]) {
			into[source] = when
		}
	}
}
