package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// errRefused says that the ledger will never take a batch.
var errRefused = errors.New("the ledger refuses the batch for good")

// waiting is how many answers of brokers may wait for the ledger in each partition.
const waiting = 2

// partition reads one partition for as long as the group lets it.
type partition struct {
	topic  string
	id     int32
	stream string // the ledger's name for it
	admin  *kadm.Client
	reader reader // what reads its messages
	intake source.Intake
	commit func(next int64) // for the broker's view of the lag; nothing depends on it
	fail   func(error)      // ends the session
	count  following.Counter
	log    *zap.Logger

	held cursor // what the ledger holds
	next int64  // the offset to read next; ahead of held while nothing between them was worth a commit

	queue chan kgo.FetchPartition
	ctx   context.Context // ends with stop or the session
	stop  context.CancelFunc
	done  chan struct{} // run has ended
}

func (s *session) partition(topic string, id int32) *partition {
	ctx, stop := context.WithCancel(s.ctx)
	return &partition{
		topic:  topic,
		id:     id,
		stream: fmt.Sprintf("kafka/%s/%d", topic, id),
		admin:  s.admin,
		reader: s.readers[topic],
		intake: s.intake,
		commit: func(next int64) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.note(topic, id, next)
		},
		fail:  s.end,
		count: following.Counter{Tally: s.tally, Source: topic},
		log:   s.log.With(zap.String("topic", topic), zap.Int32("partition", id)),
		queue: make(chan kgo.FetchPartition, waiting),
		ctx:   ctx,
		stop:  stop,
		done:  make(chan struct{}),
	}
}

// take waits until there is room for what a broker sent, or drops it when the partition is no longer ours.
func (p *partition) take(f kgo.FetchPartition) {
	select {
	case p.queue <- f:
	case <-p.done:
	}
}

// run applies what comes until the partition is taken away or can't go on; that ends the session.
func (p *partition) run() {
	defer close(p.done)
	for {
		select {
		case <-p.ctx.Done():
			return
		case f := <-p.queue:
			if err := p.apply(p.ctx, f); err != nil {
				p.ended(p.ctx, err)
				return
			}
		}
	}
}

// ended says why reading can't go on, and ends the session unless the partition is no longer part of it.
func (p *partition) ended(ctx context.Context, err error) {
	switch {
	case errors.Is(err, correlate.ErrFenced):
		p.count.Add(resultFenced, 1)
		p.log.Warn("another reader has moved this partition's offset; starting again from the ledger", zap.Int64("offset", p.held.offset))
	case errors.Is(err, errRefused):
		p.count.Add(resultRefused, 1)
		p.log.Error("a batch was refused for good; starting again from the ledger", zap.Int64("offset", p.held.offset), zap.Error(err))
	}
	if ctx.Err() == nil {
		p.fail(err)
	}
}
