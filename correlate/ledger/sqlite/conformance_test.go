package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// TestTheLedgerKeepsItsPromises is the short form of `make bench-ledger`.
func TestTheLedgerKeepsItsPromises(t *testing.T) {
	var failing atomic.Value // the step that fails, "" for none
	failing.Store("")
	open := func(ctx context.Context, place string) (ledger.Ledger, error) {
		l, err := Open(ctx, Options{Dir: place, injected: func(step string) error {
			if step == failing.Load() {
				return fmt.Errorf("%w: injected at %s", correlate.ErrUnavailable, step)
			}
			return nil
		}})
		if err != nil {
			return nil, err
		}
		return l, l.writer.tx.exec("PRAGMA busy_timeout = 1")
	}
	faults := []ledgertest.Fault{{Name: "another program holds the database", Break: holdDatabase}}
	// What a transaction that can't be serialised, or a connection lost under way, does to it.
	for _, step := range []string{"begin", "write", "commit"} {
		faults = append(faults, ledgertest.Fault{
			Name: "the transaction is lost at " + step,
			Break: func(context.Context, ledger.Ledger, string) (func() error, error) {
				failing.Store(step)
				return func() error { failing.Store(""); return nil }, nil
			},
		})
	}
	ledgertest.Run(t, open, faults...)
}

// holdDatabase makes it busy.
func holdDatabase(ctx context.Context, l ledger.Ledger, _ string) (func() error, error) {
	db, err := connect(l.(*Ledger).path)
	if err != nil {
		return nil, err
	}
	intruder, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	end := func() error {
		_, err := intruder.ExecContext(ctx, "ROLLBACK")
		return errors.Join(err, intruder.Close(), db.Close())
	}
	_, err = intruder.ExecContext(ctx, "BEGIN IMMEDIATE")
	return end, err
}
