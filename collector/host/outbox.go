package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// keepDelivered is how long the key of a delivered message is kept, so that it isn't sent again.
	keepDelivered = 7 * 24 * time.Hour
	// keepUndelivered is how long a message waits for its receiver, parked or not; then it is removed and counted.
	keepUndelivered = 30 * 24 * time.Hour
	// retryParked is how old a parked message may be to be tried again when the daemon starts, or reads its
	// configuration anew: then what was wrong may have been repaired.
	retryParked = 7 * 24 * time.Hour
	// surveyEvery is how often the queues are counted, and sweepEvery how often old messages are removed.
	surveyEvery = 10 * time.Second
	sweepEvery  = 10 * time.Minute
)

// outbox carries messages from the ledger to the sinks that send. It has one courier for each queue, and reads
// everything from the ledger, so its memory doesn't grow however long a receiver is down.
type outbox struct {
	ledger   ledger.Ledger
	log      *zap.Logger
	tally    *correlate.Tally
	sinks    []sinks.Outgoing
	couriers []*courier
	state    *atomic.Pointer[[]sinks.Queue]
}

// newOutbox takes those of the host's sinks that send.
func newOutbox(h *Host) *outbox {
	o := &outbox{ledger: h.ledger, log: h.set.Logger, tally: h.opt.Tally, state: &h.queues}
	for _, s := range h.sinks {
		out, sends := s.(sinks.Outgoing)
		if !sends {
			continue
		}
		o.sinks = append(o.sinks, out)
		for _, queue := range out.Queues() {
			o.couriers = append(o.couriers, newCourier(out, queue, o.ledger, o.log, o.tally))
		}
	}
	return o
}

// queueName is what the ledger and metrics call a queue.
func queueName(sink, queue string) string {
	if queue == "" {
		return sink
	}
	return sink + "/" + queue
}

// rows are the messages that follow from effects, to be stored with them. A sink that fails at it is left out, and the
// failure counted: the engine doesn't wait for a sink.
func (o *outbox) rows(effects []correlate.Effect) []ledger.OutboxRow {
	var rows []ledger.OutboxRow
	for _, s := range o.sinks {
		messages, err := s.Messages(effects)
		if err != nil {
			o.tally.Add(correlate.Count{What: outboxCounts, Source: s.Name(), Result: "unmade"}, 1)
			o.log.Error("A sink can't make its messages", zap.String("sink", s.Name()), zap.Error(err))
		}
		for _, m := range messages {
			rows = append(rows, ledger.OutboxRow{Sink: queueName(s.Name(), m.Queue), Key: m.Key, Payload: m.Payload})
		}
	}
	return rows
}

// wake tells the couriers that there may be something new.
func (o *outbox) wake() {
	for _, c := range o.couriers {
		select {
		case c.news <- struct{}{}:
		default:
		}
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
		running.Go(func() { c.run(ctx) })
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
		s := waiting[c.name]
		state[i] = sinks.Queue{Name: c.name, Waiting: s.Waiting, Parked: s.Parked, Oldest: s.Oldest}
	}
	o.state.Store(&state)
}

// sweep also removes what waits for an endpoint that isn't configured any more.
func (o *outbox) sweep(ctx context.Context, now time.Time) {
	lost, err := o.ledger.ExpireOutbox(ctx, now.Add(-keepDelivered), now.Add(-keepUndelivered))
	for queue, n := range lost {
		o.tally.Add(correlate.Count{What: outboxCounts, Source: queue, Result: "expired"}, n)
		o.log.Error("Messages were removed that could not be delivered for 30 days", zap.String("queue", queue), zap.Int64("messages", n))
	}
	if err != nil && ctx.Err() == nil {
		o.log.Error("Old messages can't be removed", zap.Error(err))
	}
}
