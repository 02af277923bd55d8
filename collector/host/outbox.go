package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/host/courier"
	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// keepDelivered is how long the key of a delivered message is kept, so that it isn't sent again.
	keepDelivered = 7 * 24 * time.Hour
	// keepUndelivered is how long a message waits for its receiver, parked or not; then it is removed and counted.
	keepUndelivered = 30 * 24 * time.Hour
	// keepReceipts is how long after its last message a conversation can be taken up again.
	keepReceipts = 90 * 24 * time.Hour
	// surveyEvery is how often the queues are counted, and sweepEvery how often old messages are removed.
	surveyEvery = 10 * time.Second
	sweepEvery  = 10 * time.Minute
	// pastWithin bounds what the engine's loop waits for what was decided before, for all decisions of a transaction.
	pastWithin = 5 * time.Second
)

// outbox carries messages from the ledger to the sinks that send. It has one courier for each queue, and reads
// everything from the ledger, so its memory doesn't grow however long a receiver is down.
type outbox struct {
	ledger   ledger.Ledger
	log      *zap.Logger
	tally    *correlate.Tally
	sinks    []sinks.Outgoing
	couriers []*courier.Courier
	state    *atomic.Pointer[[]sinks.Queue]
}

// newOutbox takes those of the host's sinks that send, and the receivers that pass on what was decided.
func newOutbox(h *Host) *outbox {
	o := &outbox{ledger: h.ledger, log: h.set.Logger, tally: h.opt.Tally, state: &h.queues}
	for _, s := range h.sinks {
		if out, sends := s.(sinks.Outgoing); sends {
			o.sinks = append(o.sinks, out)
		}
	}
	o.sinks = append(o.sinks, h.opt.Told.Take()...)
	for _, out := range o.sinks {
		for _, queue := range out.Queues() {
			o.couriers = append(o.couriers, courier.New(courier.Options{
				Sink: rollbacks.Guard{Outgoing: out, Desk: h.rollbacks}, Queue: queue, Shelf: o.ledger, Log: o.log, Tally: o.tally,
			}))
		}
	}
	for _, s := range o.sinks {
		if a, asks := s.(sinks.Acknowledging); asks {
			for _, queue := range a.Acknowledging() {
				h.rollbacks.Queues = append(h.rollbacks.Queues, courier.Name(a.Name(), queue))
			}
		}
	}
	for _, s := range h.sinks {
		if keeper, keeps := s.(sinks.Keeper); keeps {
			keeper.Keep(courier.Desk{Ledger: h.ledger, Sink: s.Name(), Naming: h.naming, Wake: o.wake})
		}
	}
	return o
}

// rows are the messages that follow from effects, to be stored with them. A sink that fails at it is left out, and the
// failure counted: the engine doesn't wait for a sink.
func (o *outbox) rows(effects []correlate.Effect) []ledger.OutboxRow {
	if len(o.sinks) == 0 {
		return nil
	}
	batch := o.batch(effects)
	var rows []ledger.OutboxRow
	for _, s := range o.sinks {
		messages, err := s.Messages(batch)
		if err != nil {
			o.tally.Add(correlate.Count{What: courier.Counts, Source: s.Name(), Result: "unmade"}, 1)
			o.log.Error("A sink can't make its messages", zap.String("sink", s.Name()), zap.Error(err))
		}
		rows = append(rows, courier.Rows(s.Name(), messages)...)
	}
	return rows
}

// batch resolves, once for all sinks, what the effects follow on.
func (o *outbox) batch(effects []correlate.Effect) sinks.Batch {
	ctx, cancel := context.WithTimeout(context.Background(), pastWithin)
	defer cancel()
	return sinks.NewBatch(effects, func(id string) sinks.Past {
		p, err := o.past(ctx, id)
		if err != nil {
			o.log.Warn("What was decided of a change before can't be read; whoever may have heard of it is told",
				zap.String("change_id", id), zap.Error(err))
			p.Unknown = true
		}
		return p
	})
}

// mostFaults is how many of the regressions that suspect a change a message may speak of.
const mostFaults = 20

func (o *outbox) past(ctx context.Context, id string) (p sinks.Past, err error) {
	p.Record, p.Prior, err = o.ledger.Change(ctx, id)
	switch p.Known = err == nil; {
	case errors.Is(err, ledger.ErrNotFound): // its record is stored with these effects, or comes later
	case err != nil:
		return sinks.Past{}, err
	}
	p.Faults, err = o.ledger.Regressions(ctx, ledger.RegressionFilter{ChangeID: id, Limit: mostFaults})
	return p, err
}

// wake tells the couriers that there may be something new.
func (o *outbox) wake() {
	for _, c := range o.couriers {
		c.Wake()
	}
}

// run delivers until the context ends; a message that is on its way gets a few seconds more. Where nobody sends any
// more, it is looked once for what others left behind.
func (o *outbox) run(ctx context.Context) {
	if len(o.couriers) == 0 {
		o.sweep(ctx, time.Now())
		return
	}
	var running sync.WaitGroup
	for _, c := range o.couriers {
		running.Go(func() { c.Run(ctx) })
	}
	o.survey(ctx)
	running.Wait()
}

// survey counts what waits and removes what is old.
func (o *outbox) survey(ctx context.Context) {
	ticker := time.NewTicker(surveyEvery)
	defer ticker.Stop()
	var swept time.Time
	for {
		if now := time.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			o.sweep(ctx, now)
		}
		o.count(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// count leaves the last state standing while the ledger can't be read, which the loop reports.
func (o *outbox) count(ctx context.Context) {
	found, err := o.ledger.OutboxState(ctx)
	if err != nil {
		return
	}
	waiting := map[string]ledger.OutboxState{}
	for _, s := range found {
		waiting[s.Sink] = s
	}
	state := make([]sinks.Queue, len(o.couriers))
	for i, c := range o.couriers {
		s := waiting[c.Name()]
		state[i] = sinks.Queue{Name: c.Name(), Waiting: s.Waiting, Parked: s.Parked, Oldest: s.Oldest}
	}
	o.state.Store(&state)
}

// sweep also removes what waits for an endpoint that isn't configured any more.
func (o *outbox) sweep(ctx context.Context, now time.Time) {
	lost, err := o.ledger.ExpireOutbox(ctx, ledger.OutboxExpiry{
		Delivered: now.Add(-keepDelivered), Queued: now.Add(-keepUndelivered), Receipts: now.Add(-keepReceipts),
	})
	for queue, n := range lost {
		o.tally.Add(correlate.Count{What: courier.Counts, Source: queue, Result: "expired"}, n)
		o.log.Error("Messages were removed that could not be delivered for 30 days", zap.String("queue", queue), zap.Int64("messages", n))
	}
	if err != nil && ctx.Err() == nil {
		o.log.Error("Old messages can't be removed", zap.Error(err))
	}
}
