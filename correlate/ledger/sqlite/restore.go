package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// wanted are the ids of the changes to restore. The places are found by hopping from one to the next in their index, so
// that the time doesn't grow with the changes that there are.
const wanted = `WITH RECURSIVE places(service, environment) AS (
		SELECT * FROM (SELECT service, environment FROM changes ORDER BY service, environment LIMIT 1)
		UNION ALL
		SELECT n.service, n.environment FROM places p JOIN changes n ON n.id = (SELECT id FROM changes
			WHERE (service, environment) > (p.service, p.environment) ORDER BY service, environment LIMIT 1)
	), wanted(id) AS (
		SELECT id FROM changes WHERE touched >= ?
		UNION SELECT id FROM changes WHERE open = 1
		UNION SELECT l.id FROM places p JOIN changes l ON l.id IN (SELECT id FROM changes
			WHERE service = p.service AND environment = p.environment ORDER BY at DESC, id DESC LIMIT ?)
	) `

// Restore implements ledger.Ledger. Everything is read in one transaction, so that the records are those that the
// applied sequence number left behind.
func (l *Ledger) Restore(ctx context.Context, since time.Time) (saved ledger.Saved, err error) {
	tx, err := l.readers.BeginTx(ctx, nil)
	if err != nil {
		return ledger.Saved{}, err
	}
	defer func() {
		if undo := tx.Rollback(); !errors.Is(undo, sql.ErrTxDone) {
			err = errors.Join(err, undo)
		}
	}()
	from := micros(since)
	if saved.Changes, err = listChanges(ctx, tx, wanted+changeColumns+" WHERE c.id IN wanted ORDER BY c.at, c.id", from, correlate.Lineage); err != nil {
		return ledger.Saved{}, err
	}
	if saved.Revisions, err = list(ctx, tx, scanVerdict, wanted+`SELECT v.revision, v.json FROM changes c JOIN verdicts v ON v.change_id = c.id
		WHERE c.id IN wanted AND c.revision > 1 ORDER BY v.change_id, v.revision`, from, correlate.Lineage); err != nil {
		return ledger.Saved{}, err
	}
	if saved.Incidents, err = list(ctx, tx, scanIncident, incidentColumns+" WHERE touched >= ? OR open = 1 ORDER BY opened_at, id", from); err != nil {
		return ledger.Saved{}, err
	}
	if saved.Regressions, err = list(ctx, tx, scanRegression, regressionColumns+" WHERE touched >= ? ORDER BY onset_at, id", from); err != nil {
		return ledger.Saved{}, err
	}
	if saved.Checks, err = list(ctx, tx, scanCheck, savedChecks, from, ledger.MostChecks); err != nil {
		return ledger.Saved{}, err
	}
	slices.Reverse(saved.Checks)
	if saved.Notes, err = list(ctx, tx, scanNote, heldNotes); err != nil {
		return ledger.Saved{}, err
	}
	return saved, restoreMarks(ctx, tx, &saved)
}

const savedChecks = `SELECT f.seq, d.received_at, f.json FROM facts f JOIN deliveries d ON d.seq = f.delivery LEFT JOIN withdrawn w ON w.fact = f.seq
	WHERE f.kind = 'check' AND f.event_time >= ? AND f.retracted = 0 AND w.fact IS NULL
	AND f.seq <= coalesce((SELECT value FROM meta WHERE name = 'applied_seq'), 0)
	ORDER BY f.event_time DESC, f.seq DESC LIMIT ?`

func scanCheck(scan func(...any) error) (r correlate.Report[correlate.Check], err error) {
	var seq, received int64
	var text []byte
	if err := scan(&seq, &received, &text); err != nil {
		return r, err
	}
	var f correlate.Fact
	if err := decode(text, &f, "fact", seq); err != nil || f.Check == nil {
		return r, err
	}
	return correlate.Report[correlate.Check]{ReceivedAt: fromMicros(received), Said: *f.Check}, nil
}

func restoreMarks(ctx context.Context, tx *sql.Tx, saved *ledger.Saved) error {
	idle, err := list(ctx, tx, scanIdle, "SELECT json FROM idle ORDER BY from_at DESC LIMIT 1")
	if err != nil {
		return err
	}
	if len(idle) > 0 {
		saved.Idle = &idle[0]
	}
	return each(ctx, tx, func(scan func(...any) error) error {
		var name string
		var value int64
		if err := scan(&name, &value); err != nil {
			return err
		}
		switch name {
		case "applied_seq":
			saved.AppliedSeq = value
		case "judged_to":
			saved.JudgedTo = fromMicros(value)
		case "last_alive":
			saved.LastAlive = fromMicros(value)
		}
		return nil
	}, "SELECT name, value FROM meta")
}

func scanIdle(scan func(...any) error) (correlate.Idle, error) {
	var i correlate.Idle
	var text []byte
	if err := scan(&text); err != nil {
		return i, err
	}
	return i, decode(text, &i, "idle row", "")
}
