package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// Desk is where people look through the messages that a daemon has not delivered, and send them again or drop them. The
// daemon may run meanwhile: each call is one short transaction.
type Desk struct{ db *sql.DB }

// Letter is a message that was not delivered.
type Letter struct {
	ledger.Waiting
	QueuedAt time.Time
	ParkedAt time.Time // when it was set aside; zero while it waits for its turn
}

// LetterFilter selects letters. Zero fields don't restrict.
type LetterFilter struct {
	Sink, Key string
	Parked    bool // only those that were set aside
	Limit     int
}

// OpenDesk opens the ledger of a data directory beside its daemon, if one is running. It starts no ledger.
func OpenDesk(ctx context.Context, dir string) (*Desk, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no ledger in %s: name the data directory of the daemon", dir)
	} else if err != nil {
		return nil, err
	}
	db, err := connect(path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(explained(path, err), db.Close())
	}
	return &Desk{db}, nil
}

// Close leaves the ledger to its daemon.
func (d *Desk) Close() error { return d.db.Close() }

func (f LetterFilter) conditions() conditions {
	var where conditions
	where.add("o.delivered_at IS NULL")
	where.equal("o.sink", f.Sink)
	where.equal("o.key", f.Key)
	if f.Parked {
		where.add("o.parked_at IS NOT NULL")
	}
	return where
}

// Letters are those that a filter selects, oldest first.
func (d *Desk) Letters(ctx context.Context, f LetterFilter) ([]Letter, error) {
	where := f.conditions()
	query, args := where.query(`SELECT o.seq, o.sink, o.subject, o.key, o.counts, o.payload, o.queued_at, o.parked_at,
		(SELECT receipt FROM receipts r WHERE r.sink = o.sink AND r.subject = o.subject) FROM outbox o`, "o.seq", f.Limit)
	return list(ctx, d.db, func(scan func(...any) error) (l Letter, err error) {
		var queued int64
		var parked *int64
		err = scan(&l.Seq, &l.Sink, &l.Subject, &l.Key, &l.Each, &l.Payload, &queued, &parked, &l.Receipt)
		l.QueuedAt = fromMicros(queued)
		if parked != nil {
			l.ParkedAt = fromMicros(*parked)
		}
		return l, err
	}, query, args...)
}

// Retry puts what was set aside back to where it stood in its queue, and says how many there were. A daemon that runs takes
// them up within a minute.
func (d *Desk) Retry(ctx context.Context, f LetterFilter) (int64, error) {
	f.Parked = true
	return d.update(ctx, f, "parked_at = NULL")
}

// Drop gives up letters for good, as if they had been delivered, and says how many there were.
func (d *Desk) Drop(ctx context.Context, f LetterFilter) (int64, error) {
	return d.update(ctx, f, "delivered_at = ?, parked_at = NULL, payload = x''", micros(time.Now()))
}

func (d *Desk) update(ctx context.Context, f LetterFilter, set string, args ...any) (int64, error) {
	where := f.conditions()
	of, more := where.query("SELECT o.seq FROM outbox o", "o.seq", f.Limit)
	result, err := d.db.ExecContext(ctx, "UPDATE outbox SET "+set+" WHERE seq IN ("+of+")", append(args, more...)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
