// Package courier answers: how does a message get from the ledger to its receiver, and what happens when it doesn't?
//
// One Courier carries the messages of one queue. Each subject's messages go in order, one after the other, and no subject
// waits for another: the courier goes through the queue in rounds, oldest first, and passes over a subject whose last try
// failed until its time has come. Such a try again runs beside the round, a few at a time, so that a receiver that hangs at
// one message holds up no other. When one try after the other fails, the receiver is held to be away: then there is one try
// at a time, ever less often, until one succeeds.
//
// Everything that waits stays in the ledger. In memory are a page of messages and what is known of a bounded number of
// subjects in trouble, however long a receiver is away.
package courier

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// page is how many messages are in memory at once, besides those that are on their way.
	page = 32
	// lanes is how many subjects in trouble are tried again at the same time.
	lanes = 4
	// lookAgain is when a courier looks for messages though nobody told it of any.
	lookAgain = time.Minute
	// retryParked is how old a parked message may be to be tried again when the daemon starts, or reads its configuration
	// anew: then what was wrong may have been repaired.
	retryParked = 7 * 24 * time.Hour
	// deliverWithin bounds one try, and grace what is left of it when the daemon stops.
	deliverWithin = time.Minute
	grace         = 5 * time.Second
)

// Counts is the tally's name for what became of messages.
const Counts = "outbox"

// Shelf is what a courier needs of the ledger.
type Shelf interface {
	Outbox(ctx context.Context, sink string, after int64, limit int) ([]ledger.Waiting, error)
	Delivered(ctx context.Context, sink, key string, receipt []byte) error
	Park(ctx context.Context, sink, key string) error
	Unpark(ctx context.Context, sink string, since time.Time) (int64, error)
}

// Options are what a courier is made of.
type Options struct {
	Sink  sinks.Outgoing
	Queue string // as the sink names it
	Shelf Shelf
	Log   *zap.Logger
	Tally *correlate.Tally
}

// Courier carries the messages of one queue. A message is noted as delivered after it has arrived; a courier that dies in
// between delivers it a second time, with the same key and the same receipt.
type Courier struct {
	Options
	name    string // as the ledger calls the queue
	news    chan struct{}
	random  func() float64 // in [0, 1)
	retries sync.WaitGroup
	free    chan struct{} // holds a token for each lane in use
	care    care
}

// New makes the courier of a queue. Use Run.
func New(o Options) *Courier {
	c := &Courier{
		Options: o, name: Name(o.Sink.Name(), o.Queue), news: make(chan struct{}, 1), random: rand.Float64,
		free: make(chan struct{}, lanes), care: newCare(),
	}
	c.Log = o.Log.With(zap.String("queue", c.name))
	for _, result := range []string{"delivered", "retried", "parked", "expired"} {
		c.count(result, 0)
	}
	return c
}

// Name is what the ledger and metrics call a queue of a sink.
func Name(sink, queue string) string {
	if queue == "" {
		return sink
	}
	return sink + "/" + queue
}

// Name is what the ledger and metrics call the courier's queue.
func (c *Courier) Name() string { return c.name }

// Wake says that there may be messages.
func (c *Courier) Wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *Courier) count(result string, n int64) {
	c.Tally.Add(correlate.Count{What: Counts, Source: c.name, Result: result}, n)
}

// Run delivers until the context ends; messages that are on their way get a few seconds more.
func (c *Courier) Run(ctx context.Context) {
	c.insist(ctx, "call parked messages back", func() error {
		n, err := c.Shelf.Unpark(ctx, c.name, time.Now().Add(-retryParked))
		if n > 0 {
			c.Log.Info("Messages that were set aside are tried again", zap.Int64("messages", n))
		}
		return err
	})
	for ctx.Err() == nil {
		if c.round(ctx) {
			c.rest(ctx, c.care.nextRound(time.Now()), c.news)
		}
	}
	c.retries.Wait()
}

// round goes once through what waits, oldest first. It returns false when it is to be begun anew at once, because a
// receiver that was away is back.
func (c *Courier) round(ctx context.Context) bool {
	c.care.begin()
	for after := int64(0); ctx.Err() == nil; {
		rows, ok := c.read(ctx, after)
		if !ok {
			return true
		}
		if back := c.carry(ctx, rows); back {
			return false
		}
		if len(rows) < page {
			c.care.end()
			return true
		}
		after = rows[len(rows)-1].Seq
	}
	return true
}

func (c *Courier) read(ctx context.Context, after int64) (rows []ledger.Waiting, ok bool) {
	c.care.reading()
	ok = c.insist(ctx, "read messages", func() (err error) {
		rows, err = c.Shelf.Outbox(ctx, c.name, after, page)
		return err
	})
	return rows, ok
}

// carry goes through a page. It returns true when a receiver that was away has taken a message.
func (c *Courier) carry(ctx context.Context, rows []ledger.Waiting) (back bool) {
	stays := map[string]bool{}             // subjects of which a message in this page waits on
	receipts := map[string]sinks.Receipt{} // newer ones than those that were read
	for _, row := range rows {
		if ctx.Err() != nil {
			return false
		}
		if stays[row.Subject] || row.Behind {
			stays[row.Subject] = true
			continue
		}
		if receipt, newer := receipts[row.Subject]; newer {
			row.Receipt = receipt
		}
		switch done := c.offer(ctx, row); {
		case !done.arrived:
			stays[row.Subject] = true
		case done.back:
			return true
		case done.receipt != nil:
			receipts[row.Subject] = done.receipt
		}
	}
	return false
}

// done is what came of a message.
type done struct {
	arrived bool // or was set aside: the next one of its subject has its turn
	back    bool // and the receiver had been away
	receipt sinks.Receipt
}

// offer tries a message when its time has come: for the first time, or while the receiver is away, at once; again, beside
// the round if there is a lane.
func (c *Courier) offer(ctx context.Context, row ledger.Waiting) done {
	for ctx.Err() == nil {
		switch turn := c.care.turn(row, time.Now()); {
		case turn.wait > 0:
			c.rest(ctx, turn.wait, nil)
			continue
		case turn.now:
			return c.try(ctx, row)
		case turn.beside:
			c.tryBeside(ctx, row)
		}
		break
	}
	return done{}
}

func (c *Courier) tryBeside(ctx context.Context, row ledger.Waiting) {
	select {
	case c.free <- struct{}{}:
	default:
		c.care.postpone(row.Subject, time.Now())
		return
	}
	c.retries.Go(func() {
		c.try(ctx, row)
		<-c.free
		c.Wake()
	})
}

// try is one try, and the note of what came of it.
func (c *Courier) try(ctx context.Context, row ledger.Waiting) done {
	receipt, err := c.attempt(ctx, row)
	if err == nil {
		return c.arrived(ctx, row, receipt)
	}
	if ctx.Err() != nil {
		c.care.release(row.Subject)
		return done{}
	}
	return c.failed(ctx, row, err)
}

// attempt hands a message to the sink. When the daemon stops, it isn't cut off at once: the receiver may be about to answer.
func (c *Courier) attempt(ctx context.Context, row ledger.Waiting) (sinks.Receipt, error) {
	try, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverWithin)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	return c.Sink.Deliver(try, sinks.Message{
		Queue: c.Queue, Subject: row.Subject, Key: row.Key, Each: row.Each, Payload: row.Payload, Receipt: row.Receipt,
	})
}

func (c *Courier) arrived(ctx context.Context, row ledger.Waiting, receipt sinks.Receipt) done {
	if len(receipt) > sinks.LongestReceipt {
		c.Log.Error("A receipt is too long to be kept; the one before stays", zap.String("key", row.Key), zap.Int("bytes", len(receipt)))
		receipt = nil
	}
	if !c.note(ctx, "delivered", func(ctx context.Context) error { return c.Shelf.Delivered(ctx, c.name, row.Key, receipt) }) {
		c.care.release(row.Subject)
		return done{}
	}
	failures, back := c.care.arrived(row.Subject)
	if failures > 0 {
		c.Log.Info("Messages are delivered again", zap.Int("failures", failures))
	}
	return done{arrived: true, back: back, receipt: receipt}
}

func (c *Courier) failed(ctx context.Context, row ledger.Waiting, err error) done {
	f := c.care.failed(row, err, time.Now(), c.pause)
	if f.hopeless {
		c.Log.Error("A message is set aside; it is tried again at the next start", zap.String("key", row.Key),
			zap.Int("failures", f.failures), zap.Error(err))
		parked := c.note(ctx, "parked", func(ctx context.Context) error { return c.Shelf.Park(ctx, c.name, row.Key) })
		c.care.parked(row.Subject)
		return done{arrived: parked}
	}
	if f.worthSaying {
		c.Log.Warn("A message can't be delivered; it is tried again", zap.String("key", row.Key), zap.Error(err))
	}
	c.count("retried", 1)
	return done{}
}

// note stores what became of a message, also when the daemon is about to stop.
func (c *Courier) note(ctx context.Context, result string, note func(context.Context) error) bool {
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

// insist asks the ledger until it answers or the context ends. It says the first of a row of failures.
func (c *Courier) insist(ctx context.Context, what string, ask func() error) bool {
	for failures := 0; ; failures++ {
		err := ask()
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil:
			return false
		case failures == 0:
			c.Log.Error("The ledger fails; messages wait until it works again", zap.String("step", what), zap.Error(err))
		}
		c.rest(ctx, c.pause(failures), nil)
	}
}

// rest waits for a time, for news, or for the end of the context.
func (c *Courier) rest(ctx context.Context, d time.Duration, news <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}
