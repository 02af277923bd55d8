package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/codec"
)

// write is one statement with its arguments, made before the writer is asked for, so that it only has to run it.
type write struct {
	query string
	args  []any
}

// CommitEffects implements ledger.Ledger.
func (l *Ledger) CommitEffects(ctx context.Context, effects []correlate.Effect, outbox []ledger.OutboxRow, appliedSeq int64) error {
	var writes []write
	for i, e := range effects {
		of, err := writesOf(e)
		if err != nil {
			return fmt.Errorf("effect %d: %w", i, err)
		}
		writes = append(writes, of...)
	}
	now := l.options.Now()
	for _, row := range outbox {
		writes = append(writes, outboxWrites(row, now)...)
	}
	if appliedSeq > 0 {
		writes = append(writes, write{`INSERT INTO meta (name, value) VALUES ('applied_seq', ?)
			ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`, []any{appliedSeq}})
	}
	return l.run(ctx, writes, effects...)
}

// run commits statements together, with what the effects behind them add to the history.
func (l *Ledger) run(ctx context.Context, writes []write, effects ...correlate.Effect) error {
	if len(writes) == 0 {
		return nil
	}
	return l.writer.write(ctx, ofDaemon, func(tx *transaction) error {
		for _, w := range writes {
			if err := tx.exec(w.query, w.args...); err != nil {
				return err
			}
		}
		return follow(tx, effects, l.options.Now())
	})
}

// follow does what follows from effects whose rows are written: each record has its newest verdict, and is remembered.
func follow(tx *transaction, effects []correlate.Effect, now time.Time) error {
	changes, incidents := about(effects)
	if len(changes) > 0 {
		if err := tx.exec(refreshVerdicts, array(changes)); err != nil {
			return err
		}
	}
	return remember(tx, changes, incidents, now)
}

// about are the ids of the changes and of the incidents whose records effects may alter, each once.
func about(effects []correlate.Effect) (changes, incidents []string) {
	asked := map[string]bool{}
	once := func(kind, id string, to *[]string) {
		if key := kind + id; !asked[key] {
			asked[key] = true
			*to = append(*to, id)
		}
	}
	for _, e := range effects {
		switch {
		case e.Change != nil:
			once("change ", e.Change.ID, &changes)
		case e.Verdict != nil:
			once("change ", e.Verdict.ChangeID, &changes)
		case e.Incident != nil:
			once("incident ", e.Incident.ID, &incidents)
		}
	}
	return changes, incidents
}

func writesOf(e correlate.Effect) ([]write, error) {
	switch {
	case e.Change != nil:
		return changeWrites(*e.Change)
	case e.Verdict != nil:
		return verdictWrites(*e.Verdict)
	case e.Incident != nil:
		return incidentWrites(*e.Incident)
	case e.Regression != nil:
		return regressionWrites(*e.Regression)
	case e.Idle != nil:
		return idleWrites(*e.Idle)
	case e.Rollup != nil:
		return rollupWrites(*e.Rollup)
	case e.Series != nil:
		return seriesWrites(*e.Series), nil
	case e.Judged != nil:
		return []write{{`INSERT INTO meta (name, value) VALUES ('judged_to', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			[]any{micros(e.Judged.To)}}}, nil
	case e.Rollback != nil:
		return rollbackWrites(*e.Rollback)
	case e.KillSwitch != nil:
		return killSwitchWrites(*e.KillSwitch)
	}
	return nil, errors.New("it is empty")
}

func idleWrites(i correlate.Idle) ([]write, error) {
	text, err := encode(i, "idle row", i.From.Format(time.RFC3339))
	return []write{{"INSERT INTO idle (from_at, json) VALUES (?, ?) ON CONFLICT (from_at) DO UPDATE SET json = excluded.json",
		[]any{micros(i.From), text}}}, err
}

// rollupWrites leave what was told of a bucket as it is when it closes, and the other way round.
func rollupWrites(r correlate.Rollup) ([]write, error) {
	blob, err := codec.EncodeRollup(r)
	if err == nil && len(r.Past) > 0 {
		past, err := codec.Encode(r.Past)
		return []write{{"INSERT INTO rollups (start, blob, past) VALUES (?, ?, ?) ON CONFLICT (start) DO UPDATE SET past = excluded.past",
			[]any{r.Start, blob, past}}}, err
	}
	return []write{{"INSERT INTO rollups (start, blob) VALUES (?, ?) ON CONFLICT (start) DO UPDATE SET blob = excluded.blob",
		[]any{r.Start, blob}}}, err
}
