package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/codec"
)

// Checkpoint implements ledger.Ledger. One without measurements is written too: it says that the daemon was alive.
func (l *Ledger) Checkpoint(ctx context.Context, at time.Time, cells []correlate.Measurement) error {
	blob, err := codec.Encode(cells)
	if err != nil {
		return err
	}
	return l.run(ctx, []write{
		{"INSERT INTO checkpoints (at, blob) VALUES (?, ?)", []any{micros(at), blob}},
		{`INSERT INTO meta (name, value) VALUES ('last_alive', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			[]any{micros(at)}},
	})
}

// Expire implements ledger.Ledger. Pages that the writer has at hand are let go of, too: most hold measurements, which are not
// read again, and would fill its cache.
func (l *Ledger) Expire(ctx context.Context, fine, coarse time.Time) error {
	return l.run(ctx, []write{
		{"DELETE FROM checkpoints WHERE at < ?", []any{micros(fine)}},
		{"DELETE FROM rollups WHERE start * 1000000 < ?", []any{micros(coarse)}},
		{"PRAGMA shrink_memory", nil},
	})
}

// Checkpoints implements ledger.Ledger.
func (l *Ledger) Checkpoints(ctx context.Context, yield func(at time.Time, cells []correlate.Measurement) error) error {
	return checkpoints(ctx, l.readers, yield, "SELECT seq, at, blob FROM checkpoints ORDER BY seq")
}

// CheckpointsBetween implements ledger.Ledger.
func (l *Ledger) CheckpointsBetween(ctx context.Context, from, to time.Time, yield func(at time.Time, cells []correlate.Measurement) error) error {
	return checkpoints(ctx, l.readers, yield, "SELECT seq, at, blob FROM checkpoints WHERE at >= ? AND at < ? ORDER BY at, seq", micros(from), micros(to))
}

func checkpoints(ctx context.Context, q querier, yield func(at time.Time, cells []correlate.Measurement) error, query string, args ...any) error {
	return each(ctx, q, func(scan func(...any) error) error {
		var seq, at int64
		var blob []byte
		if err := scan(&seq, &at, &blob); err != nil {
			return err
		}
		cells, err := codec.Decode(blob)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", seq, err)
		}
		return yield(fromMicros(at), cells)
	}, query, args...)
}

// Rollups implements ledger.Ledger.
func (l *Ledger) Rollups(ctx context.Context, yield func(correlate.Rollup) error) error {
	return each(ctx, l.readers, func(scan func(...any) error) error {
		var start int64
		var blob, past []byte
		if err := scan(&start, &blob, &past); err != nil {
			return err
		}
		r, err := codec.DecodeRollup(start, blob)
		if err == nil && past != nil {
			r.Past, err = codec.Decode(past)
		}
		if err != nil {
			return fmt.Errorf("rollup %d: %w", start, err)
		}
		return yield(r)
	}, "SELECT start, blob, past FROM rollups ORDER BY start")
}
