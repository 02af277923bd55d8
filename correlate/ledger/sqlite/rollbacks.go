package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// asked reads what was decided on rollbacks. It is part of Ledger.
type asked struct{ reading *sql.DB }

func rollbackWrites(r correlate.Rollback) ([]write, error) {
	text, err := encode(r, "rollback", r.ID)
	return []write{{`INSERT INTO rollbacks (id, change_id, service, environment, result, decided_at, open, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET open = excluded.open, json = excluded.json`,
		[]any{r.ID, r.ChangeID, r.Service, r.Environment, string(r.Result), micros(r.DecidedAt), flag(r.Result == correlate.RollbackRequested && r.DoneAt.IsZero()), text}}}, err
}

// killSwitchWrites store a turn once, also when it is stored again.
func killSwitchWrites(k correlate.KillSwitch) ([]write, error) {
	text, err := encode(k, "kill switch", k.At.Format(time.RFC3339))
	return []write{{`INSERT INTO kill_switch (json) SELECT ? WHERE ? IS NOT (SELECT json FROM kill_switch ORDER BY seq DESC LIMIT 1)`, []any{text, text}}}, err
}

// Rollbacks implements ledger.Ledger.
func (a asked) Rollbacks(ctx context.Context, q ledger.RollbackFilter) ([]correlate.Rollback, error) {
	query, args := rollbackList(q)
	return list(ctx, a.reading, func(scan func(...any) error) (r correlate.Rollback, err error) {
		var id string
		var text []byte
		if err := scan(&id, &text); err != nil {
			return r, err
		}
		return r, decode(text, &r, "rollback", id)
	}, query, args...)
}

func rollbackList(q ledger.RollbackFilter) (string, []any) {
	var where conditions
	change, result := column{"change_id", q.ChangeID}, column{"result", string(q.Result)}
	if q.Open {
		where.add("open = 1")
		where.list("+service", q.Service, false, column{"+change_id", q.ChangeID}, column{"+environment", q.Environment}, column{"+result", string(q.Result)})
	} else {
		where.list("service", q.Service, false, change, column{"environment", q.Environment}, result)
	}
	where.between("decided_at", q.From, q.To)
	return where.query("SELECT id, json FROM rollbacks", "decided_at DESC, id DESC", q.Limit)
}

// KillSwitch implements ledger.Ledger.
func (a asked) KillSwitch(ctx context.Context) (k correlate.KillSwitch, err error) {
	turns, err := list(ctx, a.reading, func(scan func(...any) error) (k correlate.KillSwitch, err error) {
		var text []byte
		if err := scan(&text); err != nil {
			return k, err
		}
		return k, decode(text, &k, "kill switch", "turn")
	}, "SELECT json FROM kill_switch ORDER BY seq DESC LIMIT 1")
	if len(turns) > 0 {
		k = turns[0]
	}
	return k, err
}

// Arrived implements ledger.OutboxKeeper.
func (a asked) Arrived(ctx context.Context, sinks []string, key string) (at time.Time, err error) {
	err = each(ctx, a.reading, func(scan func(...any) error) error {
		var first *int64
		err := scan(&first)
		if err == nil && first != nil {
			at = fromMicros(*first)
		}
		return err
	}, "SELECT min(delivered_at) FROM outbox WHERE sink IN (SELECT value FROM json_each(?)) AND key = ?", array(sinks), key)
	return at, err
}
