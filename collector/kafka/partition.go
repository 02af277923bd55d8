package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// errRefused says that the ledger will never take a batch.
var errRefused = errors.New("the ledger refuses the batch for good")

// partition reads one partition for one generation of the group.
type partition struct {
	topic   string
	id      int
	stream  string // the ledger's name for it
	brokers []string
	dialer  *kafkago.Dialer
	reader  reader // what reads its messages
	intake  source.Intake
	commit  func(next int64) error // tells the broker; nothing depends on it
	count   counter
	log     *zap.Logger
	client  kafkago.Logger

	held    cursor // what the ledger holds
	next    int64  // the offset to read next; ahead of held while nothing between them was worth a commit
	suspect int64  // a connection was silent although the log reached up to here; 0: none
}

func (r *member) partition(gen *kafkago.Generation, topic string, id int) *partition {
	return &partition{
		topic:   topic,
		id:      id,
		stream:  fmt.Sprintf("kafka/%s/%d", topic, id),
		brokers: r.config.Brokers,
		dialer:  r.dialer,
		reader:  r.readers[topic],
		intake:  r.intake,
		commit: func(next int64) error {
			return gen.CommitOffsets(map[string]map[int]int64{topic: {id: next}})
		},
		count:  counter{r.tally, topic},
		log:    r.log.With(zap.String("topic", topic), zap.Int("partition", id), zap.Int32("generation", gen.ID)),
		client: r.clientLogger(),
	}
}

// refusedPause keeps a batch that is refused again and again from turning into a storm of rejoins.
const refusedPause = 5 * time.Second

// run reads until the generation ends or the partition is no longer ours. Returning ends the generation.
func (p *partition) run(ctx context.Context) {
	err := p.consume(ctx)
	switch {
	case errors.Is(err, correlate.ErrFenced):
		p.count.add(resultFenced, 1)
		p.log.Warn("another reader has moved this partition's offset; starting again from the ledger", zap.Int64("offset", p.held.offset))
		pause(ctx, joinBackoff)
	case errors.Is(err, errRefused):
		p.count.add(resultRefused, 1)
		p.log.Error("a batch was refused for good; starting again from the ledger", zap.Int64("offset", p.held.offset), zap.Error(err))
		pause(ctx, refusedPause)
	}
}

func (p *partition) consume(ctx context.Context) error {
	if err := p.restore(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		b, err := p.bounds(ctx)
		if err != nil {
			return err
		}
		if err := p.seek(ctx, b); err != nil {
			return err
		}
		if err := p.read(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// read uses one connection: until it falls silent without reason (nil) or the partition is to be given up.
func (p *partition) read(ctx context.Context) error {
	r := kafkago.NewReader(kafkago.ReaderConfig{
		Brokers:        p.brokers,
		Dialer:         p.dialer,
		Topic:          p.topic,
		Partition:      p.id,
		QueueCapacity:  64,
		MaxBytes:       1 << 20,
		MaxWait:        500 * time.Millisecond,
		IsolationLevel: kafkago.ReadCommitted,
		ErrorLogger:    p.client,
		// The watch over silence asks for offsets itself.
		ReadLagInterval: -1,
	})
	defer func() { _ = r.Close() }()
	if err := r.SetOffset(p.next); err != nil {
		return err
	}
	for {
		batch, err := gather(ctx, r)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errSilent):
			if stale, err := p.stale(ctx); stale || err != nil {
				return err
			}
		case err != nil:
			p.log.Debug("reading failed; trying on", zap.Error(err))
			pause(ctx, joinBackoff)
		default:
			if err := p.apply(ctx, batch); err != nil {
				return err
			}
		}
	}
}

// stale tells whether silence has another reason than that nobody wrote.
func (p *partition) stale(ctx context.Context) (bool, error) {
	b, err := p.bounds(ctx)
	if err != nil || b.end == p.next {
		return false, err
	}
	p.suspect = b.end
	return true, nil
}

// vindicate counts a stall when a new connection brings what the silent one should have: the log may also reach further
// because of transaction markers alone.
func (p *partition) vindicate(first kafkago.Message) {
	if first.Offset < p.suspect {
		p.count.add(resultStalled, 1)
		p.log.Warn("a connection handed out nothing although there was something to read; opened another", zap.Int64("offset", first.Offset))
	}
	p.suspect = 0
}
