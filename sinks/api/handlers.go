package api

import (
	"context"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

func (s *sink) changes(ctx context.Context, p *parameters) (any, error) {
	if what := p.listed(); what != "" {
		return s.counted(ctx, p, what)
	}
	q := sinks.ChangeQuery{
		Service: p.text("service"), Namesakes: true, Environment: p.text("environment"), Version: p.text("version"),
		Verdict: choice(p, "verdict", correlate.Regressed, correlate.Healthy, correlate.Inconclusive),
		Phase: choice(p, "phase", correlate.PhaseObserving, correlate.PhaseClosed, correlate.PhaseHistory,
			correlate.PhaseMerged, correlate.PhaseRetracted),
		Limit: p.limit(), Before: p.text("before"),
	}
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	q.From, q.To = p.span(now)
	if err := s.checkNames(ctx, p, true); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Changes(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := Changes{Changes: list(found)}
	if len(found) == q.Limit {
		answer.Next = p.next(found[len(found)-1].ID, q.Limit, q.From)
	}
	return answer, nil
}

// next is the path of the page after the change with this id. What was asked relative to now is pinned, so that all
// pages see the same stretch of time.
func (p *parameters) next(before string, limit int, from time.Time) string {
	query := p.query
	if query.Has("since") {
		query.Del("since")
		query.Set("from", from.Format(time.RFC3339Nano))
	}
	query.Set("before", before)
	query.Set("limit", strconv.Itoa(limit))
	return p.url.Path + "?" + query.Encode()
}

func (s *sink) incidents(ctx context.Context, p *parameters) (any, error) {
	q := sinks.IncidentQuery{
		Service: p.text("service"), Namesakes: true, Environment: p.text("environment"), Open: p.flag("open"), Limit: p.limit(),
	}
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	q.From, q.To = p.span(now)
	if err := s.checkNames(ctx, p, true); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Incidents(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.incidentsSaid(ctx, found)
}

func (s *sink) regressions(ctx context.Context, p *parameters) (any, error) {
	q := sinks.RegressionQuery{
		Service: p.text("service"), Environment: p.text("environment"), ChangeID: p.text("change"), Limit: p.limit(),
	}
	q.From, q.To = p.span(s.reader.Status().Now)
	if err := s.checkNames(ctx, p, false); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Regressions(ctx, q)
	return Regressions{list(found)}, err
}

func (s *sink) doraReport(ctx context.Context, p *parameters) (any, error) {
	q := dora.Query{
		Scope: p.scope(), By: p.groupBy(), Policy: choice(p, "policy", dora.Policies()...),
		Series: choice(p, "series", dora.Calendars()...), Zone: p.zone("zone"), Trend: p.flag("trend"),
	}
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	p.window(&q, now)
	if err := s.checkSlices(ctx, p); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	report, err := s.reader.DORA(ctx, q)
	if err == nil && report.Over {
		p.wrong("by", "%v", dora.ErrTooMany)
		return nil, p.err
	}
	p.link(&report)
	return report, err
}

// standardHistory is how far back restatements are looked for when nobody says otherwise, in days.
const standardHistory = 90

func (s *sink) restatements(ctx context.Context, p *parameters) (any, error) {
	now := s.reader.Status().Now
	q := dora.RestateQuery{
		Scope: p.scope(), Policy: choice(p, "policy", dora.Policies()...), WindowDays: p.days("window", standardDays),
	}
	q.From, q.To = p.span(now)
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -standardHistory)
	}
	if q.To.Sub(q.From) >= dora.MostPeriods*time.Duration(q.WindowDays)*24*time.Hour {
		p.wrong("window", "from and to hold %d periods of this length or more: choose a longer window, or less between from and to", dora.MostPeriods)
	}
	if err := s.checkSlices(ctx, p); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	return s.reader.Restatements(ctx, q)
}

func (s *sink) status(context.Context, *parameters) (any, error) {
	is := s.reader.Status()
	answer := Status{
		Ready: is.Ready, NotReady: is.NotReady, Version: is.Version, Now: is.Now, TelemetryIdle: is.TelemetryIdle,
		OpenWindows: is.OpenWindows, TrackedSeries: is.Series, QueuedInputs: is.QueuedInputs,
		Unapplied: Unapplied{is.Unapplied, known(is.OldestUnapplied)}, Watermark: known(is.Watermark),
		Ledger: Ledger{
			Bytes: is.LedgerBytes, Commits: is.LedgerCommits, Failures: is.LedgerFailures,
			CommitSeconds: is.LedgerSeconds, LastCommit: known(is.LastCommit), Checkpoints: is.Checkpoints,
		},
		Outbox: []Queue{}, Counts: []Count{},
	}
	if answer.Watermark != nil {
		lag := max(0, is.Now.Sub(is.Watermark).Seconds())
		answer.WatermarkLag = &lag
	}
	for _, q := range is.Outbox {
		answer.Outbox = append(answer.Outbox, Queue{q.Name, q.Waiting, q.Parked, known(q.Oldest)})
	}
	for _, c := range is.Counts {
		answer.Counts = append(answer.Counts, Count{c.What, c.Source, c.Result, c.Value})
	}
	return answer, nil
}

// known is nil for a time that is zero: null says "not yet", the year 1 says nothing.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// list is [] instead of null.
func list[T any](found []T) []T {
	if found == nil {
		return []T{}
	}
	return found
}
