package sinktest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/sinks"
)

// Reader is a sinks.Reader over records in memory. It is safe for concurrent use.
type Reader struct {
	mu          sync.Mutex
	changes     map[string]correlate.ChangeRecord
	verdicts    map[string][]correlate.Verdict
	incidents   map[string]correlate.IncidentRecord
	regressions map[string]correlate.Regression
	held        []correlate.Held
	outlooks    map[string]*correlate.Outlook
	heard       map[string][]string
	series      map[string][]correlate.Series
	places      []correlate.Place
	rollbacks   map[string]correlate.Rollback
	killSwitch  correlate.KillSwitch
	mode        correlate.RollbackMode
	status      sinks.Status
	failure     error
	stalled     chan struct{}
	doraCalls   int
	revision    uint64
	history     history
}

var _ sinks.Reader = (*Reader)(nil)

// NewReader holds what the effects say, at the instant now.
func NewReader(now time.Time, effects ...correlate.Effect) *Reader {
	r := &Reader{
		changes:     map[string]correlate.ChangeRecord{},
		verdicts:    map[string][]correlate.Verdict{},
		incidents:   map[string]correlate.IncidentRecord{},
		regressions: map[string]correlate.Regression{}, outlooks: map[string]*correlate.Outlook{}, heard: map[string][]string{},
		rollbacks: map[string]correlate.Rollback{}, mode: correlate.RollbackOff,
		series: map[string][]correlate.Series{},
		status: sinks.Status{Ready: true, Version: "test", Now: now},
	}
	r.Put(effects...)
	return r
}

// Put folds effects into the records.
func (r *Reader) Put(effects ...correlate.Effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range effects {
		switch {
		case e.Change != nil:
			r.changes[e.Change.ID] = *e.Change
		case e.Verdict != nil:
			r.verdicts[e.Verdict.ChangeID] = append(r.verdicts[e.Verdict.ChangeID], *e.Verdict)
		case e.Incident != nil:
			r.incidents[e.Incident.ID] = *e.Incident
		case e.Regression != nil:
			r.regressions[e.Regression.ID] = *e.Regression
		case e.Rollback != nil:
			r.rollbacks[e.Rollback.ID] = *e.Rollback
		case e.KillSwitch != nil:
			r.killSwitch = *e.KillSwitch
		case e.Series != nil:
			r.series[e.Series.ChangeID] = append(r.series[e.Series.ChangeID], *e.Series)
		}
	}
	r.revision++
	r.remember(effects)
}

// Quality implements sinks.Reader. It knows no files of owners.
func (r *Reader) Quality(ctx context.Context, q quality.Query) (quality.Report, error) {
	if err := r.begin(ctx); err != nil {
		return quality.Report{}, err
	}
	defer r.mu.Unlock()
	tally := quality.NewTally(q)
	for _, c := range r.changes {
		tally.Change(&c)
	}
	for _, i := range r.incidents {
		tally.Incident(&i)
	}
	return tally.Report(), nil
}

// DORARevision implements sinks.Reader.
func (r *Reader) DORARevision() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.revision
}

// SetStatus edits what Status returns.
func (r *Reader) SetStatus(edit func(*sinks.Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	edit(&r.status)
}

// Fail makes every read return an error; nil ends that.
func (r *Reader) Fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}

// Stall makes every read but Status wait until its context ends or release is called.
func (r *Reader) Stall() (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	gate := make(chan struct{})
	r.stalled = gate
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.stalled = nil
		close(gate)
	})
}

// DORACalls is how often DORA was asked.
func (r *Reader) DORACalls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.doraCalls
}

// begin waits while the reader is stalled, and takes the lock unless it returns an error.
func (r *Reader) begin(ctx context.Context) error {
	r.mu.Lock()
	gate := r.stalled
	r.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	if r.failure != nil {
		defer r.mu.Unlock()
		return r.failure
	}
	return nil
}

// Changes implements sinks.Reader.
func (r *Reader) Changes(ctx context.Context, q sinks.ChangeQuery) ([]correlate.ChangeRecord, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	known, err := r.changesAsOf(q.AsOf)
	if err != nil {
		return nil, err
	}
	found := []correlate.ChangeRecord{}
	for _, c := range known {
		matches := goesBy(q.Service, c.Service, q.Namesakes) && is(q.Environment, c.Environment) && is(q.Version, c.Version) &&
			is(q.Phase, c.Phase) && within(completion(c), q.From, q.To) &&
			(q.Verdict == "" || c.Verdict != nil && c.Verdict.Outcome == q.Verdict)
		if matches {
			found = append(found, c)
		}
	}
	newestFirst := func(a, b correlate.ChangeRecord) int {
		return cmp.Or(completion(b).Compare(completion(a)), cmp.Compare(b.ID, a.ID))
	}
	slices.SortFunc(found, newestFirst)
	if before, ok := known[q.Before]; ok {
		found = slices.DeleteFunc(found, func(c correlate.ChangeRecord) bool { return newestFirst(c, before) <= 0 })
	}
	return limited(found, q.Limit), nil
}

// Change implements sinks.Reader.
func (r *Reader) Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error) {
	if err := r.begin(ctx); err != nil {
		return correlate.ChangeRecord{}, nil, err
	}
	defer r.mu.Unlock()
	c, ok := r.changes[id]
	if !ok {
		return correlate.ChangeRecord{}, nil, sinks.ErrNotFound
	}
	return c, slices.Clone(r.verdicts[id]), nil
}

// Incidents implements sinks.Reader.
func (r *Reader) Incidents(ctx context.Context, q sinks.IncidentQuery) ([]correlate.IncidentRecord, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	known, err := r.incidentsAsOf(q.AsOf)
	if err != nil {
		return nil, err
	}
	found := []correlate.IncidentRecord{}
	for _, i := range known {
		ofService := q.Service == "" || slices.ContainsFunc(i.About(), func(s string) bool { return goesBy(q.Service, s, q.Namesakes) })
		if ofService && is(q.Environment, i.Environment) && within(i.OpenedAt, q.From, q.To) &&
			(!q.Open || i.ResolvedAt.IsZero()) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b correlate.IncidentRecord) int {
		return cmp.Or(b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(b.ID, a.ID))
	})
	return limited(found, q.Limit), nil
}

// Regressions implements sinks.Reader.
func (r *Reader) Regressions(ctx context.Context, q sinks.RegressionQuery) ([]correlate.Regression, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	found := []correlate.Regression{}
	for _, g := range r.regressions {
		suspected := q.ChangeID == "" ||
			slices.ContainsFunc(g.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == q.ChangeID })
		if suspected && is(q.Service, g.Service) && is(q.Environment, g.Environment) && within(g.OnsetAt, q.From, q.To) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b correlate.Regression) int {
		return cmp.Or(b.OnsetAt.Compare(a.OnsetAt), cmp.Compare(b.ID, a.ID))
	})
	return limited(found, q.Limit), nil
}

// DORA implements sinks.Reader.
func (r *Reader) DORA(ctx context.Context, q dora.Query) (dora.Report, error) {
	if err := r.begin(ctx); err != nil {
		return dora.Report{}, err
	}
	defer r.mu.Unlock()
	r.doraCalls++
	d, err := r.dataAsOf(q.AsOf)
	if q.AsOf.IsZero() {
		q.AsOf = r.status.Now
	}
	return dora.Compute(q, d, q.AsOf), err
}

// Counted implements sinks.Reader.
func (r *Reader) Counted(ctx context.Context, q dora.Query, what dora.Counted) ([]correlate.ChangeRecord, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	d, err := r.dataAsOf(q.AsOf)
	if q.AsOf.IsZero() {
		q.AsOf = r.status.Now
	}
	return dora.List(q, d, q.AsOf, what), err
}

// Names implements sinks.Reader.
func (r *Reader) Names(ctx context.Context, by dora.GroupBy) ([]string, bool, error) {
	if err := r.begin(ctx); err != nil {
		return nil, false, err
	}
	defer r.mu.Unlock()
	table := dora.NewTable()
	for _, c := range r.changes {
		table.Change(&c)
	}
	names, all := dora.Names(table, by)
	return names, all, nil
}

// Hold puts deliveries into quarantine.
func (r *Reader) Hold(held ...correlate.Held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = append(r.held, held...)
}

// SetOutlook sets what Outlook returns for a change.
func (r *Reader) SetOutlook(id string, o *correlate.Outlook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outlooks[id] = o
}

// Outlook implements sinks.Reader.
func (r *Reader) Outlook(_ context.Context, id string) *correlate.Outlook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.outlooks[id]
}

// Series implements sinks.Reader, from those that were put.
func (r *Reader) Series(ctx context.Context, id string, revision int) (*correlate.Series, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	for _, s := range slices.Backward(r.series[id]) {
		if revision == 0 || s.Revision <= revision {
			return &s, nil
		}
	}
	return nil, nil
}

// SetHeardIn sets what HeardIn returns for a service.
func (r *Reader) SetHeardIn(service string, environments ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard[service] = environments
}

// HeardIn implements sinks.Reader.
func (r *Reader) HeardIn(_ context.Context, service string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard[service]
}

// SetHeard sets what Heard returns.
func (r *Reader) SetHeard(places ...correlate.Place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places = places
}

// Heard implements sinks.Reader.
func (r *Reader) Heard(context.Context) []correlate.Place {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.places)
}

// Held implements sinks.Reader.
func (r *Reader) Held(ctx context.Context, limit int) ([]correlate.Held, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	newest := slices.Clone(r.held)
	slices.Reverse(newest)
	return limited(newest, limit), nil
}

// Status implements sinks.Reader.
func (r *Reader) Status() sinks.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Counts = slices.Clone(s.Counts)
	return s
}

func completion(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

func goesBy(name, service string, namesakes bool) bool {
	return is(name, service) || (namesakes && correlate.GoesBy(service, name))
}

func is[T ~string](want, got T) bool { return want == "" || want == got }

func within(t, from, to time.Time) bool {
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

func limited[T any](all []T, limit int) []T {
	if limit == 0 {
		limit = 100
	}
	return all[:min(limit, len(all))]
}

// SetRollbackMode sets what RollbackMode returns of every change.
func (r *Reader) SetRollbackMode(m correlate.RollbackMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = m
}

// RollbackMode implements sinks.Reader.
func (r *Reader) RollbackMode(correlate.ChangeRecord) correlate.RollbackMode {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mode
}

// KillSwitch implements sinks.Reader.
func (r *Reader) KillSwitch(ctx context.Context) (correlate.KillSwitch, error) {
	if err := r.begin(ctx); err != nil {
		return correlate.KillSwitch{}, err
	}
	defer r.mu.Unlock()
	return r.killSwitch, nil
}

// Rollbacks implements sinks.Reader.
func (r *Reader) Rollbacks(ctx context.Context, q sinks.RollbackQuery) ([]correlate.Rollback, error) {
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	defer r.mu.Unlock()
	var all []correlate.Rollback
	for _, is := range r.rollbacks {
		if (q.ChangeID == "" || q.ChangeID == is.ChangeID) && (q.Service == "" || q.Service == is.Service) &&
			(q.Environment == "" || q.Environment == is.Environment) && (q.Result == "" || q.Result == is.Result) &&
			!is.DecidedAt.Before(q.From) && (q.To.IsZero() || is.DecidedAt.Before(q.To)) {
			all = append(all, is)
		}
	}
	slices.SortFunc(all, func(a, b correlate.Rollback) int {
		return cmp.Or(b.DecidedAt.Compare(a.DecidedAt), cmp.Compare(b.ID, a.ID))
	})
	if q.Limit == 0 {
		q.Limit = 100
	}
	return all[:min(len(all), q.Limit)], nil
}
