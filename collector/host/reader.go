package host

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

// reader is the read side that sinks get: the ledger and the last reported health.
type reader struct{ h *Host }

func (r reader) Changes(ctx context.Context, q sinks.ChangeQuery) ([]correlate.ChangeRecord, error) {
	return r.h.ledger.Changes(ctx, ledger.ChangeFilter{
		Service: q.Service, Environment: q.Environment, Version: q.Version, Outcome: q.Verdict, Phase: q.Phase,
		From: q.From, To: q.To, Before: q.Before, Limit: bounded(q.Limit),
	})
}

func (r reader) Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error) {
	return r.h.ledger.Change(ctx, id)
}

func (r reader) Incidents(ctx context.Context, q sinks.IncidentQuery) ([]correlate.IncidentRecord, error) {
	return r.h.ledger.Incidents(ctx, ledger.IncidentFilter{
		Service: q.Service, Environment: q.Environment, From: q.From, To: q.To, Open: q.Open, Limit: bounded(q.Limit),
	})
}

func (r reader) Regressions(ctx context.Context, q sinks.RegressionQuery) ([]correlate.Regression, error) {
	return r.h.ledger.Regressions(ctx, ledger.RegressionFilter{
		Service: q.Service, Environment: q.Environment, ChangeID: q.ChangeID, From: q.From, To: q.To, Limit: bounded(q.Limit),
	})
}

// DORA counts over the changes that completed in the window and the incidents that may be theirs.
func (r reader) DORA(ctx context.Context, q dora.Query) (dora.Report, error) {
	changes, err := r.h.ledger.Changes(ctx, ledger.ChangeFilter{
		Service: q.Service, Environment: q.Environment, From: q.From, To: q.To,
	})
	if err != nil {
		return dora.Report{}, err
	}
	incidents, err := r.h.ledger.Incidents(ctx, ledger.IncidentFilter{
		Service: q.Service, Environment: q.Environment, From: q.From, To: q.To.Add(r.h.cfg.Attribution),
	})
	if err != nil {
		return dora.Report{}, err
	}
	return dora.Compute(q, dora.Data{Changes: changes, Incidents: incidents}, time.Now().UTC()), nil
}

func (r reader) Status() sinks.Status {
	s := *r.h.status.Load()
	s.Ready = r.h.ready.Load()
	if !s.Ready && s.NotReady == "" {
		s.NotReady = "starting or stopping"
	}
	s.Version = r.h.opt.Version
	s.Now = time.Now().UTC()
	s.Counts = r.h.opt.Tally.Values()
	health := r.h.ledger.Health()
	s.LedgerBytes, s.LedgerCommits, s.LedgerFailures = health.Bytes, health.Commits, health.Failures
	s.LedgerSeconds, s.LastCommit = health.Busy.Seconds(), health.LastCommit
	return s
}

func bounded(limit int) int {
	const standard, most = 100, 1000
	if limit <= 0 {
		return standard
	}
	return min(limit, most)
}
