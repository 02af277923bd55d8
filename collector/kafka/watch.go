package kafka

import (
	"context"
	"errors"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

const watchInterval = 10 * time.Second

// watch returns, and by that ends the generation, when a topic has got more or fewer partitions than at the last look,
// so that the group shares them out anew. The client library has such a watch; it rejoins without a pause while a topic
// doesn't exist.
func (r *member) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if r.partitionsChanged(ctx) {
			r.log.Info("the number of partitions has changed; rejoining the consumer group")
			return
		}
		pause(ctx, watchInterval)
	}
}

func (r *member) partitionsChanged(ctx context.Context) bool {
	changed := false
	for _, topic := range r.config.topicNames() {
		count, err := r.countPartitions(ctx, topic)
		if err != nil {
			continue // the heartbeat notices a broker that is gone
		}
		before, seen := r.known[topic]
		if count == 0 && (!seen || before > 0) {
			r.log.Warn("topic doesn't exist; it will be read as soon as it does", zap.String("topic", topic))
		}
		r.known[topic] = count
		changed = changed || (seen && before != count)
	}
	return changed
}

// countPartitions asks any broker; a topic that doesn't exist has none.
func (r *member) countPartitions(ctx context.Context, topic string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var err error
	for _, broker := range r.config.Brokers {
		var partitions []kafkago.Partition
		partitions, err = r.dialer.LookupPartitions(ctx, "tcp", broker, topic)
		if errors.Is(err, kafkago.UnknownTopicOrPartition) {
			return 0, nil
		}
		if err == nil {
			return len(partitions), nil
		}
	}
	return 0, err
}

// pause sleeps and tells whether the context is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
