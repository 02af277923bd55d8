package kafka

import (
	"context"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// bounds are the offsets of a partition's oldest message and of the message that will be written next.
type bounds struct{ first, end int64 }

// bounds asks the partition's leader, until it answers or the generation ends.
func (p *partition) bounds(ctx context.Context) (bounds, error) {
	for attempt := 0; ; attempt++ {
		b, err := p.askBounds(ctx)
		if err == nil {
			return b, nil
		}
		p.log.Debug("can't ask the partition's leader for its offsets; trying on", zap.Error(err))
		if !pause(ctx, backoff(attempt)) {
			return bounds{}, ctx.Err()
		}
	}
}

func (p *partition) askBounds(ctx context.Context) (b bounds, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var conn *kafkago.Conn
	for _, broker := range p.brokers {
		if conn, err = p.dialer.DialLeader(ctx, "tcp", broker, p.topic, p.id); err == nil {
			break
		}
	}
	if err != nil {
		return bounds{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return bounds{}, err
	}
	b.first, b.end, err = conn.ReadOffsets()
	return b, err
}

// span is a run of offsets that were expected and didn't come: from, up to and without to.
type span struct{ from, to int64 }

// lost is how many of the missing offsets the log no longer holds. The others never held a message that is ours to
// read: compaction and transaction markers leave such holes.
func (b bounds) lost(missing []span) (n int64) {
	for _, s := range missing {
		n += max(0, min(s.to, b.first)-s.from)
	}
	return n
}

func width(spans []span) (n int64) {
	for _, s := range spans {
		n += s.to - s.from
	}
	return n
}

// backoff grows from a quarter of a second to eight seconds.
func backoff(attempt int) time.Duration {
	return 250 * time.Millisecond << min(attempt, 5)
}
