package gate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// askAgain is how often who waits looks again, besides when something is committed: how a change stands moves with its
	// measurements, which commit nothing.
	askAgain = 2 * time.Second
	// mostOpen is how many of the newest regressions and open incidents of a service are looked at.
	mostOpen = 20
	// openFor is how long what is open on a service holds other changes of it.
	openFor = 24 * time.Hour
)

// found is an answer and what it is about.
type found struct {
	gate.Answer
	change *correlate.ChangeRecord // nil: nobody has reported it
}

// ask answers a question; it waits for a decision as long as the question says.
func (s *sink) ask(ctx context.Context, q question) (found, error) {
	until := time.NewTimer(q.wait)
	defer until.Stop()
	again := time.NewTicker(askAgain)
	defer again.Stop()
	f, err := s.look(ctx, &q) // which tells the service of an id
	for err == nil && f.Decision == gate.Wait && q.wait > 0 {
		news, leave := s.waiting.join(q.service)
		if f, err = s.look(ctx, &q); err != nil || f.Decision != gate.Wait || news == nil { // what came before it joined
			leave()
			return f, err
		}
		select {
		case <-news:
		case <-again.C:
		case <-until.C:
			q.wait = 0
		case <-ctx.Done():
			err = ctx.Err()
		}
		leave()
	}
	return f, err
}

// look asks once. It learns the service of a change that is asked about by its id.
func (s *sink) look(ctx context.Context, q *question) (found, error) {
	known, err := s.known(ctx, q)
	if err != nil {
		return found{}, err
	}
	answer := gate.Ask(gate.Question{
		Stage: q.stage, Now: s.reader.Status().Now, Deadline: q.deadline, Undecided: q.undecided, After: q.after != "",
	}, known)
	if q.after != "" && slices.ContainsFunc(answer.Rules, func(r gate.Rule) bool { return r.Name == gate.RuleBefore }) {
		return found{answer, known.Before}, nil
	}
	return found{answer, known.Change}, nil
}

// known reads what a question needs.
func (s *sink) known(ctx context.Context, q *question) (k gate.Known, err error) {
	if k.Change, err = s.change(ctx, q); err != nil {
		return k, err
	}
	if k.Change != nil {
		q.service, q.environment = k.Change.Service, k.Change.Environment
	}
	if q.stage == gate.Start {
		if k.Before, err = s.before(ctx, k.Change, q); err != nil {
			return k, err
		}
		return s.trouble(ctx, k, q)
	}
	if c := k.Change; c != nil && c.Phase == correlate.PhaseObserving {
		k.Outlook = s.reader.Outlook(ctx, c.ID)
	}
	return k, nil
}

// change is the change that is asked about, or that of which it is another report; nil when nobody has reported it.
func (s *sink) change(ctx context.Context, q *question) (*correlate.ChangeRecord, error) {
	id := q.id
	if id == "" && q.version == "" { // the start of what has no name yet
		return nil, nil
	}
	if id == "" {
		newest, err := s.bringing(ctx, q)
		if err != nil || newest == nil || newest.MergedInto == "" {
			return newest, err
		}
		id = newest.MergedInto
	}
	record, _, err := s.reader.Change(ctx, id)
	if err == nil && record.MergedInto != "" && record.MergedInto != id {
		record, _, err = s.reader.Change(ctx, record.MergedInto)
	}
	if errors.Is(err, sinks.ErrNotFound) {
		return nil, nil
	}
	return &record, err
}

// before is the change that brought the release to the environment before; nil when nobody has reported it, or asks.
func (s *sink) before(ctx context.Context, c *correlate.ChangeRecord, q *question) (*correlate.ChangeRecord, error) {
	if q.after == "" {
		return nil, nil
	}
	there := question{service: q.service, version: q.version, commit: q.commit, environment: q.after}
	if c != nil {
		there.version, there.commit = or(q.version, c.Version), or(q.commit, c.Commit)
	}
	return s.change(ctx, &there)
}

// mostSpelled is how many of the newest changes of a service are looked through for another spelling of a version.
const mostSpelled = 20

// bringing is the newest change that brings the version, in whichever spelling: v1.2 for 1.2, a tag, the commit.
func (s *sink) bringing(ctx context.Context, q *question) (*correlate.ChangeRecord, error) {
	query := sinks.ChangeQuery{Service: q.service, Namesakes: true, Version: q.version, Environment: q.environment, Limit: 1}
	found, err := s.reader.Changes(ctx, query)
	if err != nil || len(found) > 0 {
		return first(found), err
	}
	query.Version, query.Limit = "", mostSpelled
	found, err = s.reader.Changes(ctx, query)
	return first(slices.DeleteFunc(found, func(c correlate.ChangeRecord) bool { return !q.brings(c) })), err
}

// brings: a change is one to the version that is asked about, or to its commit.
func (q question) brings(c correlate.ChangeRecord) bool {
	of := names.Release{Version: c.Version, Commit: c.Commit, Digest: c.Digest}
	version, commit := names.NewMatcher(names.Release{Version: q.version}), names.NewMatcher(names.Release{Version: q.commit})
	return version.Matches(of) || q.commit != "" && commit.Matches(of)
}

// first is the first change of a list, nil of an empty one.
func first(all []correlate.ChangeRecord) *correlate.ChangeRecord {
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// trouble adds what may be open on the service, and whether the change mends it.
func (s *sink) trouble(ctx context.Context, k gate.Known, q *question) (_ gate.Known, err error) {
	if q.service == "" { // only an id is given, of a change that nobody has reported
		return k, nil
	}
	since := s.reader.Status().Now.Add(-openFor)
	if k.Regressions, err = s.reader.Regressions(ctx, sinks.RegressionQuery{
		Service: q.service, Environment: q.environment, From: since, Limit: mostOpen,
	}); err != nil {
		return k, err
	}
	if k.Incidents, err = s.reader.Incidents(ctx, sinks.IncidentQuery{
		Service: q.service, Environment: q.environment, Namesakes: true, From: since, Open: true, Limit: mostOpen,
	}); err != nil {
		return k, err
	}
	k.Repair, err = s.repairs(ctx, k.Change, q)
	return k, err
}

// hotfix is the value of the label class of a change that mends another.
const hotfix = "hotfix"

// repairs: the asker or the report says so, or a version is to come back that was complete before the one that is live.
func (s *sink) repairs(ctx context.Context, c *correlate.ChangeRecord, q *question) (bool, error) {
	if q.repair || c != nil && (c.Rollback || c.Kind == correlate.KindRollback || c.Labels["class"] == hotfix) {
		return true, nil
	}
	if q.version == "" {
		return false, nil
	}
	all, err := s.reader.Changes(ctx, sinks.ChangeQuery{Service: q.service, Namesakes: true, Environment: q.environment, Limit: 1})
	if err != nil || len(all) == 0 || q.brings(all[0]) {
		return false, err
	}
	last, err := s.bringing(ctx, q)
	return last != nil && last.Status == correlate.StatusSucceeded, err
}
