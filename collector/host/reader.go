package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/host/numbers"
	"github.com/shipwake/shipwake/collector/host/people"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

// reader is the read side that sinks get: the ledger and the last reported health.
type reader struct{ h *Host }

var _ sinks.Noter = reader{}

func (r reader) Changes(ctx context.Context, q sinks.ChangeQuery) ([]correlate.ChangeRecord, error) {
	return r.h.ledger.Changes(ctx, ledger.ChangeFilter{
		Service: q.Service, Environment: q.Environment, Version: q.Version, Outcome: q.Verdict, Phase: q.Phase,
		From: q.From, To: q.To, Before: q.Before, Limit: bounded(q.Limit), AsOf: q.AsOf, Namesakes: q.Namesakes,
	})
}

func (r reader) Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error) {
	return r.h.ledger.Change(ctx, id)
}

func (r reader) Incidents(ctx context.Context, q sinks.IncidentQuery) ([]correlate.IncidentRecord, error) {
	return r.h.ledger.Incidents(ctx, ledger.IncidentFilter{
		Service: q.Service, Environment: q.Environment, From: q.From, To: q.To, Open: q.Open, Limit: bounded(q.Limit), AsOf: q.AsOf, Namesakes: q.Namesakes,
	})
}

func (r reader) Regressions(ctx context.Context, q sinks.RegressionQuery) ([]correlate.Regression, error) {
	return r.h.ledger.Regressions(ctx, ledger.RegressionFilter{
		Service: q.Service, Environment: q.Environment, ChangeID: q.ChangeID, From: q.From, To: q.To, Limit: bounded(q.Limit),
	})
}

// Rollbacks implements sinks.Reader.
func (r reader) Rollbacks(ctx context.Context, q sinks.RollbackQuery) ([]correlate.Rollback, error) {
	return r.h.ledger.Rollbacks(ctx, ledger.RollbackFilter{
		ChangeID: q.ChangeID, Service: q.Service, Environment: q.Environment, Result: q.Result, From: q.From, To: q.To, Limit: bounded(q.Limit),
	})
}

// RollbackMode implements sinks.Reader.
func (r reader) RollbackMode(c correlate.ChangeRecord) correlate.RollbackMode {
	return r.h.cfg.Rollback.Mode(c.Change)
}

// KillSwitch implements sinks.Reader.
func (r reader) KillSwitch(ctx context.Context) (correlate.KillSwitch, error) {
	return r.h.rollbacks.Killed(ctx), ctx.Err()
}

func (r reader) Held(ctx context.Context, limit int) ([]correlate.Held, error) {
	held, err := r.h.ledger.Held(ctx, bounded(limit))
	if err != nil {
		return nil, err
	}
	held = append(held, r.waiting(ctx)...)
	slices.SortStableFunc(held, func(a, b correlate.Held) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
	return held[:min(len(held), bounded(limit))], nil
}

// DORA tells the numbers of now from memory. As of an instant of the past it counts over the changes that completed in the
// window, and over what around it may matter for them; so it does for a window that memory has no room for, and under the
// policy of another tool.
func (r reader) DORA(ctx context.Context, q dora.Query) (dora.Report, error) {
	if q.AsOf.IsZero() {
		now := r.h.opt.Now().UTC()
		if report, err := r.h.numbers.Report(ctx, q, now); !errors.Is(err, numbers.ErrForgotten) {
			return report, err
		}
		return r.counted(ctx, q, now)
	}
	since, err := r.h.ledger.HistorySince(ctx)
	if err != nil || !q.AsOf.Before(since) {
		return r.counted(ctx, q, q.AsOf)
	}
	return r.countedByFacts(ctx, q)
}

// countedByFacts counts as of an instant before there was a history of records: over what is known, as it stood then by the
// times of its facts.
func (r reader) countedByFacts(ctx context.Context, q dora.Query) (dora.Report, error) {
	asOf := q.AsOf
	q.AsOf = time.Time{}
	data, err := r.doraData(ctx, q)
	if err != nil {
		return dora.Report{}, err
	}
	return dora.Compute(q, data.By(asOf), asOf), nil
}

// counted reads the records and counts them.
func (r reader) counted(ctx context.Context, q dora.Query, asOf time.Time) (dora.Report, error) {
	data, err := r.doraData(ctx, q)
	if err != nil {
		return dora.Report{}, err
	}
	return dora.Compute(q, data, asOf), nil
}

// Names implements sinks.Reader.
func (r reader) Names(ctx context.Context, by dora.GroupBy) ([]string, bool, error) {
	return r.h.numbers.Names(ctx, by)
}

// Counted reads the records and lists those that are counted.
func (r reader) Counted(ctx context.Context, q dora.Query, what dora.Counted) ([]correlate.ChangeRecord, error) {
	data, err := r.doraData(ctx, q)
	if err != nil {
		return nil, err
	}
	asOf := q.AsOf
	if asOf.IsZero() {
		asOf = r.h.opt.Now().UTC()
	}
	return dora.List(q, data, asOf, what), nil
}

// qualityPage is how many changes are read at once for the quality of data.
const qualityPage = 1000

// Quality implements sinks.Reader. It reads the changes of the window page by page.
func (r reader) Quality(ctx context.Context, q quality.Query) (quality.Report, error) {
	environment := cmp.Or(q.Environment, correlate.DefaultEnvironment)
	tally := quality.NewTally(q)
	page := ledger.ChangeFilter{
		Service: q.Service, Environment: environment, From: q.From, To: q.To, Limit: qualityPage, AsOf: q.AsOf,
	}
	for {
		changes, err := r.h.ledger.Changes(ctx, page)
		if err != nil {
			return quality.Report{}, err
		}
		for i := range changes {
			tally.Change(&changes[i])
		}
		if len(changes) < qualityPage {
			break
		}
		page.Before = changes[len(changes)-1].ID
	}
	incidents, err := r.h.ledger.Incidents(ctx, ledger.IncidentFilter{
		Service: q.Service, Environment: environment, From: q.From, To: q.To, AsOf: q.AsOf,
	})
	for i := range incidents {
		tally.Incident(&incidents[i])
	}
	report := tally.Report()
	for _, p := range r.h.owners.Problems() {
		report.OwnerMistakes = append(report.OwnerMistakes, p.Error())
	}
	return report, err
}

// DORARevision implements sinks.Reader.
func (r reader) DORARevision() uint64 { return r.h.numbers.Revision() }

// What a report may cost beyond its own window.
const (
	mostAround  = 100_000 // changes on either side of the window; those nearest before it come first
	mostFetched = 1_000   // changes that are only referred to, and fetched one by one
)

// doraData reads the window, and then what the changes in it reach for. Incidents are not restricted to a service: one
// that names a change is held against it, whatever it says of its service.
func (r reader) doraData(ctx context.Context, q dora.Query) (dora.Data, error) {
	service := q.Service
	if q.Policy.LooksEverywhere() || service == dora.NoGroup {
		service = ""
	}
	changes := func(from, to time.Time, limit int) ([]correlate.ChangeRecord, error) {
		if !from.Before(to) {
			return nil, nil
		}
		return r.h.ledger.Changes(ctx, ledger.ChangeFilter{
			Service: service, Environment: q.Environment, From: from, To: to, Limit: limit, AsOf: q.AsOf,
		})
	}
	window, err := changes(q.Begin(), q.To, 0)
	if err != nil {
		return dora.Data{}, err
	}
	reach := q.Reach(window, r.h.cfg.Attribution)
	before, err := changes(reach.ChangesFrom, q.Begin(), mostAround)
	if err != nil {
		return dora.Data{}, err
	}
	after, err := changes(q.To, reach.ChangesTo, mostAround)
	if err != nil {
		return dora.Data{}, err
	}
	if q.Policy.LooksEverywhere() && len(after) == mostAround {
		return dora.Data{}, fmt.Errorf("the policy %s looks at all that came after the window, and that is %d changes or more: ask for a later window, or for one environment", q.Policy, mostAround)
	}
	incidents, err := r.h.ledger.Incidents(ctx, ledger.IncidentFilter{
		From: reach.IncidentsFrom, To: reach.IncidentsTo, AsOf: q.AsOf,
	})
	if err != nil {
		return dora.Data{}, err
	}
	data := dora.Data{Changes: slices.Concat(window, before, after), Incidents: incidents}
	return data, r.fetchReferred(ctx, q, &data)
}

// fetchReferred adds the changes that the data speaks of and doesn't hold: those that a report was merged into, that
// rolled a change back, or that caused an incident; and what those speak of in turn.
func (r reader) fetchReferred(ctx context.Context, q dora.Query, data *dora.Data) error {
	held := make(map[string]bool, len(data.Changes))
	for _, c := range data.Changes {
		held[c.ID] = true
	}
	var referred []string
	refer := func(ids ...string) {
		for _, id := range ids {
			if id != "" && !held[id] && len(referred) < mostFetched {
				held[id] = true
				referred = append(referred, id)
			}
		}
	}
	for _, c := range data.Changes {
		refer(c.MergedInto, c.RolledBackBy)
	}
	for _, i := range data.Incidents {
		if q.Service == "" || len(i.About()) == 0 || i.IsAbout(q.Service) {
			refer(i.AttributedTo)
		}
	}
	for n := 0; n < len(referred); n++ {
		c, err := r.changeAsOf(ctx, referred[n], q.AsOf)
		switch {
		case errors.Is(err, ledger.ErrNotFound): // named before it was reported
		case err != nil:
			return err
		default:
			data.Changes = append(data.Changes, c)
			refer(c.MergedInto, c.RolledBackBy)
		}
	}
	return nil
}

// Note implements sinks.Noter.
func (r reader) Note(ctx context.Context, n correlate.Note) (correlate.Note, error) {
	return people.Taker{Ledger: r.h.ledger, Intake: r.h, Now: r.h.opt.Now}.Note(ctx, n)
}

func (r reader) Status() sinks.Status {
	s := *r.h.status.Load()
	s.Ready = r.h.ready.Load()
	switch {
	case s.Ready:
		s.NotReady = ""
	case s.NotReady == "":
		s.NotReady = "starting or stopping"
	}
	s.Version = r.h.opt.Version
	s.Now = r.h.opt.Now().UTC()
	s.Counts = r.h.opt.Tally.Values()
	if queues := r.h.queues.Load(); queues != nil {
		s.Outbox = *queues
	}
	r.backlog(&s)
	health := r.h.ledger.Health()
	s.LedgerBytes, s.LedgerCommits, s.LedgerFailures = health.Bytes, health.Commits, health.Failures
	s.LedgerSeconds, s.LastCommit = health.Busy.Seconds(), health.LastCommit
	return s
}

// backlogWithin is how long a reader of the status waits for what is not applied.
const backlogWithin = time.Second

// backlog asks the ledger itself, so that the number is right also while the loop is busy; the last one is kept while the
// ledger doesn't answer.
func (r reader) backlog(s *sinks.Status) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogWithin)
	defer cancel()
	b, err := r.h.ledger.Backlog(ctx)
	if err == nil {
		r.h.backlog.Store(&b)
	} else if last := r.h.backlog.Load(); last != nil {
		b = *last
	}
	s.Unapplied, s.OldestUnapplied = b.Facts, b.Oldest
}

func bounded(limit int) int {
	const standard, most = 100, 1000
	if limit <= 0 {
		return standard
	}
	return min(limit, most)
}

// waiting are the runs of checks that are about no change that is known, as what is held: newest first. It is none while the
// loop is busy for long.
func (r reader) waiting(ctx context.Context) (held []correlate.Held) {
	var runs []correlate.Report[correlate.Check]
	if !r.h.ask(ctx, func(l *loop) { runs = engine.WaitingChecks(l.engine) }) {
		return nil
	}
	for _, run := range slices.Backward(runs) {
		held = append(held, correlate.Held{
			Source: run.Said.Source, ID: run.Said.ID, Event: "check", ReceivedAt: run.ReceivedAt,
			Problem: "waiting: no change is known that the check " + run.Said.Name + " is about (" + about(run.Said) + "); it is tied to it once that is reported",
		})
	}
	return held
}

// about is what a run names.
func about(c correlate.Check) string {
	switch {
	case c.Change != "":
		return "change " + c.Change
	case c.Commit != "":
		return strings.TrimSpace(c.Service+" commit "+c.Commit) + " in " + c.Environment
	}
	return c.Service + " " + c.Version + " in " + c.Environment
}
