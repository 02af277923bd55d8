package rollbacks

import (
	"context"
	"errors"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/rollback"
	"github.com/shipwake/shipwake/sinks"
)

// Guard is a sink through which nothing asks for a rollback that isn't to be asked for any more. What is committed is replaced in
// the queue; this is for a message that is read already, and for the kill switch.
type Guard struct {
	sinks.Outgoing
	Desk *Desk
}

// ErrNoLonger is why a request isn't sent. The loop takes it out of the queue.
var ErrNoLonger = errors.New("the request for a rollback no longer stands, isn't answered in time, or all are stopped; it isn't sent")

// hadIt is kept of a request where its sink keeps nothing, so that it is known that the receiver had it.
var hadIt = sinks.Receipt("sent")

// Deliver implements sinks.Outgoing. That a request was withdrawn is told to those who had it.
func (g Guard) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	id, about := sinks.RollbackOf(m.Subject)
	if !about {
		return g.Outgoing.Deliver(ctx, m)
	}
	now := g.Desk.Now()
	is, state, err := g.Desk.of(ctx, id, m.Key)
	switch {
	case err != nil:
		return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: err}
	case state == correlate.RollbackStateWithdrawn && m.Receipt == nil:
		return nil, nil
	case state == correlate.RollbackStateRequested && !g.Desk.maySend(ctx, is, now):
		if is.Standing() && is.AcknowledgedAt.IsZero() { // dropped, it would look as if somebody had taken it
			return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: ErrNoLonger}
		}
		return nil, nil
	}
	if state == correlate.RollbackStateRequested {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, is.DecidedAt.Add(rollback.AnswerWithin).Sub(now))
		defer cancel()
	}
	receipt, err := g.Outgoing.Deliver(ctx, m)
	if err == nil && receipt == nil {
		receipt = hadIt
	}
	return receipt, err
}

// of is the request that a message is about, and the state that it tells; no state for a message about something else.
func (d *Desk) of(ctx context.Context, changeID, key string) (correlate.Rollback, correlate.RollbackState, error) {
	found, err := d.Ledger.Rollbacks(ctx, ledger.RollbackFilter{ChangeID: changeID, Result: correlate.RollbackRequested, Limit: mostEarlier})
	for _, is := range found {
		for _, s := range []correlate.RollbackState{correlate.RollbackStateRequested, correlate.RollbackStateWithdrawn, correlate.RollbackStateUnanswered} {
			if sinks.RollbackKey(is, s) == key {
				return is, s, nil
			}
		}
	}
	return correlate.Rollback{}, "", err
}

// maySend: the request stands, it is still time for it, and nobody stopped all of them. One that was acknowledged by another receiver
// still goes to this one.
func (d *Desk) maySend(ctx context.Context, is correlate.Rollback, now time.Time) bool {
	return is.Standing() && rollback.Fits(is, now) && !d.Killed(ctx).On
}
