package sqlite

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

const regressionColumns = "SELECT id, json FROM regressions"

func regressionWrites(r correlate.Regression) ([]write, error) {
	text, err := encode(r, "regression", r.ID)
	if err != nil {
		return nil, err
	}
	touched := newest(r.OnsetAt, &r.DecidedAt, r.RecoveredAt)
	writes := []write{
		{`INSERT INTO regressions (id, service, environment, onset_at, touched, json) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET service = excluded.service, environment = excluded.environment,
				onset_at = excluded.onset_at, touched = excluded.touched, json = excluded.json`,
			[]any{r.ID, r.Service, r.Environment, micros(r.OnsetAt), micros(touched), text}},
		{"DELETE FROM suspects WHERE regression_id = ?", []any{r.ID}},
	}
	for _, s := range r.Suspects {
		writes = append(writes, write{"INSERT INTO suspects (change_id, regression_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
			[]any{s.ChangeID, r.ID}})
	}
	return writes, nil
}

// Regressions implements ledger.Ledger.
func (l *Ledger) Regressions(ctx context.Context, q ledger.RegressionFilter) ([]correlate.Regression, error) {
	var where conditions
	where.list("service", q.Service, false, column{"environment", q.Environment})
	where.between("onset_at", q.From, q.To)
	if q.ChangeID != "" {
		where.add("id IN (SELECT regression_id FROM suspects WHERE change_id = ?)", q.ChangeID)
	}
	query, args := where.query(regressionColumns, "onset_at DESC, id DESC", q.Limit)
	return list(ctx, l.readers, scanRegression, query, args...)
}

func scanRegression(scan func(...any) error) (correlate.Regression, error) {
	var r correlate.Regression
	var id string
	var text []byte
	if err := scan(&id, &text); err != nil {
		return r, err
	}
	return r, decode(text, &r, "regression", id)
}
