package rollbacks

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/rollback"
	"github.com/shipwake/shipwake/sinks"
)

// transaction is what is known when effects are about to be committed: the ledger, and what they are about to make of it.
type transaction struct {
	*Desk
	now      time.Time
	changes  map[string]correlate.ChangeRecord // that the effects bring, by id
	verdicts map[string]correlate.Verdict      // the newest revisions among the effects, by change
	judged   []string                          // changes with a new verdict, in the order in which they were decided
	decided  []correlate.Rollback              // in this transaction
}

func newTransaction(d *Desk, now time.Time, effects []correlate.Effect) *transaction {
	t := &transaction{Desk: d, now: now, changes: map[string]correlate.ChangeRecord{}, verdicts: map[string]correlate.Verdict{}}
	for _, e := range effects {
		switch {
		case e.Change != nil:
			t.changes[e.Change.ID] = *e.Change
		case e.Verdict != nil:
			if was, known := t.verdicts[e.Verdict.ChangeID]; !known || was.Revision < e.Verdict.Revision {
				t.verdicts[e.Verdict.ChangeID] = *e.Verdict
			}
			if !slices.Contains(t.judged, e.Verdict.ChangeID) {
				t.judged = append(t.judged, e.Verdict.ChangeID)
			}
		}
	}
	return t
}

// touches: the effects are about the change of a request, or about another one of its place.
func (t *transaction) touches(r correlate.Rollback) bool {
	if _, judged := t.verdicts[r.ChangeID]; judged {
		return true
	}
	for _, c := range t.changes {
		if c.ID == r.ChangeID || c.Service == r.Service && c.Environment == r.Environment {
			return true
		}
	}
	return false
}

// follow has an effect for each open request of those that are to be looked at of which there is news. What can't be read is
// looked at again with the next tick.
func (t *transaction) follow(ctx context.Context, look func(correlate.Rollback) bool) (effects []correlate.Effect) {
	for _, id := range slices.Sorted(maps.Keys(t.open)) {
		is := t.open[id]
		if !look(is) {
			continue
		}
		seen, err := t.seen(ctx, is)
		if err != nil {
			t.Log.Warn("What became of a request for a rollback can't be read", zap.String("change_id", is.ChangeID), zap.Error(err))
			continue
		}
		if becomes, news := rollback.Follow(is, seen); news {
			effects = append(effects, correlate.Effect{Rollback: &becomes})
		}
	}
	return effects
}

func (t *transaction) seen(ctx context.Context, is correlate.Rollback) (s rollback.Seen, err error) {
	s = rollback.Seen{Now: t.now, Killed: t.Killed(ctx).On}
	if s.Arrived, err = t.Ledger.Arrived(ctx, t.Queues, sinks.RollbackKey(is, correlate.RollbackStateRequested)); err != nil {
		return s, err
	}
	if s.Change, err = t.change(ctx, is.ChangeID); err != nil {
		return s, err
	}
	s.Around, err = t.around(ctx, s.Change)
	return s, err
}

// change is a record with its newest verdict.
func (t *transaction) change(ctx context.Context, id string) (c correlate.ChangeRecord, err error) {
	c, brought := t.changes[id]
	if !brought || c.Verdict == nil {
		known, _, err := t.Ledger.Change(ctx, id)
		switch {
		case !brought && err != nil:
			return c, err
		case !brought:
			c = known
		case err == nil:
			c.Verdict = known.Verdict
		}
	}
	if v, judged := t.verdicts[id]; judged && (c.Verdict == nil || c.Verdict.Revision <= v.Revision) {
		c.Verdict = &v
	}
	return c, nil
}

// around are the newest changes of the place of another, those of this transaction included.
func (t *transaction) around(ctx context.Context, of correlate.ChangeRecord) ([]correlate.ChangeRecord, error) {
	known, err := t.Ledger.Changes(ctx, ledger.ChangeFilter{Service: of.Service, Environment: of.Environment, Limit: mostAround})
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{of.ID: true}
	var all []correlate.ChangeRecord
	add := func(id string) error {
		if ids[id] {
			return nil
		}
		ids[id] = true
		c, err := t.change(ctx, id)
		all = append(all, c)
		return err
	}
	for _, c := range known {
		if _, brought := t.changes[c.ID]; brought {
			if err := add(c.ID); err != nil {
				return nil, err
			}
		} else if !ids[c.ID] {
			ids[c.ID] = true
			if v, judged := t.verdicts[c.ID]; judged {
				c.Verdict = &v
			}
			all = append(all, c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.changes)) {
		if c := t.changes[id]; c.Service == of.Service && c.Environment == of.Environment {
			if err := add(id); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// decide has an effect for each decision on the changes that are judged to be regressed.
func (t *transaction) decide(ctx context.Context) (effects []correlate.Effect) {
	for _, id := range t.judged {
		if t.verdicts[id].Outcome != correlate.Regressed {
			continue
		}
		is, news := t.decision(ctx, id)
		if !news {
			continue
		}
		t.decided = append(t.decided, is)
		effects = append(effects, correlate.Effect{Rollback: &is})
	}
	return effects
}

// decision on a change. It is no news when the revision was decided on before, or when it says what the one before it said.
func (t *transaction) decision(ctx context.Context, id string) (is correlate.Rollback, news bool) {
	change, err := t.change(ctx, id)
	if err != nil {
		v := t.verdicts[id]
		change = correlate.ChangeRecord{Change: correlate.Change{ID: id, Service: v.Service, Environment: v.Environment, Version: v.Version}, Verdict: &v}
	}
	mode := t.Config.Mode(change.Change)
	if mode == correlate.RollbackOff {
		return is, false
	}
	c := rollback.Case{Now: t.now, Mode: mode, Change: change}
	if err == nil {
		err = t.read(ctx, &c)
	}
	is = rollback.Decide(c)
	if err != nil {
		t.Log.Error("What a decision on a rollback needs can't be read; nobody is asked", zap.String("change_id", id), zap.Error(err))
		is.Result, is.Reason = correlate.RollbackRefused, correlate.RollbackUnreadable
	}
	return is, !repeats(is, c.Earlier)
}

// read reads what a decision needs.
func (t *transaction) read(ctx context.Context, c *rollback.Case) (err error) {
	if c.Around, err = t.around(ctx, c.Change); err != nil {
		return err
	}
	c.Killed = t.Killed(ctx).On
	since := t.now.Add(-rollback.Within)
	for _, q := range []ledger.RollbackFilter{
		{ChangeID: c.Change.ID, Limit: mostEarlier},
		{Open: true, Service: c.Change.Service, From: t.now.Add(-followFor), Limit: mostEarlier},
		{Service: c.Change.Service, Result: correlate.RollbackRequested, From: since, Limit: mostEarlier},
		{Service: c.Change.Service, Result: correlate.RollbackWould, From: since, Limit: mostEarlier},
		{Environment: c.Change.Environment, Result: correlate.RollbackRequested, From: since, Limit: mostEarlier},
		{Environment: c.Change.Environment, Result: correlate.RollbackWould, From: since, Limit: mostEarlier},
	} {
		found, err := t.Ledger.Rollbacks(ctx, q)
		if err != nil {
			return err
		}
		c.Earlier = joined(c.Earlier, found)
	}
	c.Earlier = joined(c.Earlier, t.decided)
	return nil
}

// joined are decisions without those that are there already.
func joined(all, more []correlate.Rollback) []correlate.Rollback {
	for _, r := range more {
		if !slices.ContainsFunc(all, func(known correlate.Rollback) bool { return known.ID == r.ID }) {
			all = append(all, r)
		}
	}
	return all
}

// repeats: a decision on this revision is kept, which stays, or the newest one on the change before says the same.
func repeats(is correlate.Rollback, earlier []correlate.Rollback) bool {
	var newest *correlate.Rollback
	for _, r := range earlier {
		if r.ID == is.ID {
			return true
		}
		if r.ChangeID == is.ChangeID && (newest == nil || r.Revision > newest.Revision) {
			newest = &r
		}
	}
	return newest != nil && newest.Mode == is.Mode && newest.Result == is.Result && newest.Reason == is.Reason
}
