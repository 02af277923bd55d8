package host

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// outboxCounts is the tally's name for what became of messages.
	outboxCounts = "outbox"
	// page is how many messages are in memory at once.
	page = 32
	// lookAgain is when a courier looks for messages though nobody told it of any.
	lookAgain = time.Minute
	// firstPause doubles with each failure up to longestPause; longestAsked bounds what a receiver may ask for.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	longestAsked = time.Hour
	// mostRefusals is how often a message is offered to a receiver that refuses it, and longestFailure how long to one that
	// fails at it; then it is parked and the next one gets its turn.
	mostRefusals   = 8
	longestFailure = 24 * time.Hour
	// deliverWithin bounds one try, and grace what is left of it when the daemon stops.
	deliverWithin = time.Minute
	grace         = 5 * time.Second
)

// shelf is what a courier needs of the ledger.
type shelf interface {
	Outbox(ctx context.Context, sink string, limit int) ([]ledger.OutboxRow, error)
	Delivered(ctx context.Context, sink, key string) error
	Park(ctx context.Context, sink, key string) error
	Unpark(ctx context.Context, sink string, since time.Time) (int64, error)
}

// courier delivers the messages of one queue, one after the other, in their order. A message is noted as delivered
// after it has arrived; a courier that dies in between delivers it a second time, with the same key.
type courier struct {
	sink   sinks.Outgoing
	queue  string // as the sink names it
	name   string // as the ledger does
	shelf  shelf
	log    *zap.Logger
	tally  *correlate.Tally
	news   chan struct{}
	random func() float64 // in [0, 1)
}

func newCourier(s sinks.Outgoing, queue string, l shelf, log *zap.Logger, tally *correlate.Tally) *courier {
	c := &courier{
		sink: s, queue: queue, name: queueName(s.Name(), queue), shelf: l, tally: tally,
		news: make(chan struct{}, 1), random: rand.Float64,
	}
	c.log = log.With(zap.String("queue", c.name))
	for _, result := range []string{"delivered", "retried", "parked", "expired"} {
		c.count(result, 0)
	}
	return c
}

func (c *courier) count(result string, n int64) {
	c.tally.Add(correlate.Count{What: outboxCounts, Source: c.name, Result: result}, n)
}

func (c *courier) run(ctx context.Context) {
	c.insist(ctx, "call parked messages back", func() error {
		n, err := c.shelf.Unpark(ctx, c.name, time.Now().Add(-retryParked))
		if n > 0 {
			c.log.Info("Messages that were set aside are tried again", zap.Int64("messages", n))
		}
		return err
	})
	for ctx.Err() == nil {
		var rows []ledger.OutboxRow
		c.insist(ctx, "read messages", func() (err error) {
			rows, err = c.shelf.Outbox(ctx, c.name, page)
			return err
		})
		for _, row := range rows {
			if !c.deliver(ctx, row) {
				return
			}
		}
		if len(rows) == 0 {
			c.rest(ctx, lookAgain, c.news)
		}
	}
}

// insist asks the ledger until it answers or the context ends. It says the first of a row of failures.
func (c *courier) insist(ctx context.Context, what string, ask func() error) bool {
	for failures := 0; ; failures++ {
		err := ask()
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case failures == 0:
			c.log.Error("The ledger fails; messages wait until it works again", zap.String("step", what), zap.Error(err))
		}
		c.rest(ctx, c.pause(failures), nil)
	}
}

// deliver tries until the message has arrived or is set aside. It returns false when the context ended before.
func (c *courier) deliver(ctx context.Context, row ledger.OutboxRow) bool {
	var t trouble
	for ctx.Err() == nil {
		err := c.attempt(ctx, row)
		if err == nil {
			if t.failures > 0 {
				c.log.Info("Messages are delivered again", zap.Int("failures", t.failures))
			}
			return c.settle(ctx, "delivered", func(ctx context.Context) error { return c.shelf.Delivered(ctx, c.name, row.Key) })
		}
		if ctx.Err() != nil {
			return false
		}
		after := t.add(err, time.Now())
		if t.hopeless(time.Now()) {
			c.log.Error("A message is set aside; it is tried again at the next start", zap.String("key", row.Key),
				zap.Int("failures", t.failures), zap.Error(err))
			return c.settle(ctx, "parked", func(ctx context.Context) error { return c.shelf.Park(ctx, c.name, row.Key) })
		}
		if t.failures == 1 {
			c.log.Warn("A message can't be delivered; it is tried again, and those behind it wait", zap.String("key", row.Key), zap.Error(err))
		}
		c.count("retried", 1)
		c.rest(ctx, max(c.pause(t.failures-1), min(after, longestAsked)), nil)
	}
	return false
}

// attempt is one try. When the daemon stops, it isn't cut off at once: the receiver may be about to answer.
func (c *courier) attempt(ctx context.Context, row ledger.OutboxRow) error {
	try, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverWithin)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	return c.sink.Deliver(try, sinks.Message{Queue: c.queue, Key: row.Key, Payload: row.Payload})
}

// settle notes what became of a message, also when the daemon is about to stop.
func (c *courier) settle(ctx context.Context, result string, note func(context.Context) error) bool {
	noted := c.insist(ctx, "note what was "+result, func() error {
		err := note(context.WithoutCancel(ctx))
		if errors.Is(err, ledger.ErrNotFound) { // it expired meanwhile
			return nil
		}
		return err
	})
	if noted {
		c.count(result, 1)
	}
	return noted
}

// pause grows with the number of failures before it; the random half of it keeps couriers from trying in step.
func (c *courier) pause(failures int) time.Duration {
	pause := longestPause
	if failures < 9 { // 2⁹ s is more than the longest
		pause = min(firstPause<<failures, longestPause)
	}
	return pause/2 + time.Duration(c.random()*float64(pause/2))
}

// rest waits for a time, for news, or for the end of the context.
func (c *courier) rest(ctx context.Context, d time.Duration, news <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}

// trouble is the history of one message that doesn't arrive.
type trouble struct {
	failures, refusals int
	failingSince       time.Time // zero while the receiver isn't known to fail at this message
}

// add takes in one failure and returns how long the receiver asks to be left alone.
func (t *trouble) add(err error, now time.Time) time.Duration {
	t.failures++
	var u *sinks.Undelivered
	if !errors.As(err, &u) {
		return 0
	}
	switch u.Cause {
	case sinks.Refused:
		t.refusals++
	case sinks.Failed:
		if t.failingSince.IsZero() {
			t.failingSince = now
		}
	}
	return u.After
}

func (t *trouble) hopeless(now time.Time) bool {
	return t.refusals >= mostRefusals || (!t.failingSince.IsZero() && now.Sub(t.failingSince) >= longestFailure)
}
