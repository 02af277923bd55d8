package api

import (
	"context"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// Rollbacks is the answer of /api/v1/rollbacks, newest first.
type Rollbacks struct {
	KillSwitch correlate.KillSwitch `json:"kill_switch"`
	Rollbacks  []Rollback           `json:"rollbacks"`
}

// Rollback is one decision on whether to ask for a change to be taken back, with how it stands, and that in words.
type Rollback struct {
	correlate.Rollback
	State   correlate.RollbackState `json:"state"`
	Message string                  `json:"message"`
}

func (s *sink) rollbacks(ctx context.Context, p *parameters) (any, error) {
	q := sinks.RollbackQuery{
		Service: p.text("service"), Environment: p.text("environment"), ChangeID: p.text("change"),
		Result: choice(p, "result", correlate.RollbackResults()...), Limit: p.limit(),
	}
	q.From, q.To = p.span(s.reader.Status().Now)
	if err := s.checkNames(ctx, p, false); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Rollbacks(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := Rollbacks{Rollbacks: []Rollback{}}
	for _, r := range found {
		answer.Rollbacks = append(answer.Rollbacks, Rollback{r, r.State(), words.Rollback(r)})
	}
	answer.KillSwitch, err = s.reader.KillSwitch(ctx)
	return answer, err
}
