package otlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/kafka/client"
	"github.com/shipwake/shipwake/internal/kafkaclient"
)

const (
	kafkaPoll  = 100      // messages taken before the group may change
	kafkaBytes = 16 << 20 // of one answer of a broker, which is the most that waits
	kafkaAgain = time.Second
)

// KafkaConfig is a cluster and the topics that hold telemetry.
type KafkaConfig struct {
	kafkaclient.Config `mapstructure:",squash"`
	// GroupID is the consumer group, which shares the partitions out.
	GroupID string `mapstructure:"group_id"`
	// From is where a group begins that never read: latest or earliest.
	From string `mapstructure:"from"`
	// Topics by signal; those of a signal that no pipeline has are not read.
	Topics KafkaTopics `mapstructure:"topics"`
}

// KafkaTopics are the topics of each signal.
type KafkaTopics struct {
	// Traces, Metrics and Logs are the topics of each; several are read alike.
	Traces  []string `mapstructure:"traces"`
	Metrics []string `mapstructure:"metrics"`
	Logs    []string `mapstructure:"logs"`
}

func defaultKafka() KafkaConfig {
	return KafkaConfig{
		Config: kafkaclient.Default(), GroupID: "shipwake-telemetry", From: "latest",
		Topics: KafkaTopics{Traces: []string{"otlp_spans"}, Metrics: []string{"otlp_metrics"}, Logs: []string{"otlp_logs"}},
	}
}

// Validate names the key that is wrong and what would be right.
func (c *KafkaConfig) Validate() error {
	var problems []error
	if c.GroupID == "" {
		problems = append(problems, errors.New("group_id: must not be empty"))
	}
	if c.From != "latest" && c.From != "earliest" {
		problems = append(problems, fmt.Errorf("from: %q: must be latest or earliest", c.From))
	}
	seen := map[string]bool{}
	for _, topics := range [][]string{c.Topics.Traces, c.Topics.Metrics, c.Topics.Logs} {
		for _, topic := range topics {
			if topic == "" || seen[topic] {
				problems = append(problems, fmt.Errorf("topics: %q: must be a name, and stand under one signal only", topic))
			}
			seen[topic] = true
		}
	}
	return errors.Join(problems...)
}

func (t *KafkaTopics) of(s pipeline.Signal) []string {
	switch s {
	case pipeline.SignalTraces:
		return t.Traces
	case pipeline.SignalMetrics:
		return t.Metrics
	}
	return t.Logs
}

// subscriber takes requests from topics.
type subscriber struct {
	*otlp
	opts   []kgo.Opt
	health *client.Health
	topics map[string]*signal
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

func (o *otlp) startKafka(host component.Host) error {
	config := o.config.Protocols.Kafka.Get()
	s := &subscriber{otlp: o, topics: map[string]*signal{}, health: &client.Health{Host: host, Log: o.set.Logger, Brokers: config.Brokers}}
	var names []string
	for _, signal := range o.signals {
		for _, topic := range config.Topics.of(signal.of) {
			s.topics[topic] = signal
			names = append(names, topic)
		}
	}
	opts, err := config.Options(nil, o.set.Logger)
	if err != nil {
		return fmt.Errorf("protocols::kafka: %w", err)
	}
	start := kgo.NewOffset().AtEnd()
	if config.From == "earliest" {
		start = kgo.NewOffset().AtStart()
	}
	s.opts = append(opts, kgo.ConsumerGroup(config.GroupID), kgo.ConsumeTopics(names...), kgo.ConsumeStartOffset(start),
		kgo.AutoCommitMarks(), kgo.AutoCommitInterval(kafkaAgain), kgo.BlockRebalanceOnPoll(), kgo.FetchMaxBytes(kafkaBytes), kgo.WithHooks(s.health))
	first, err := kgo.NewClient(s.opts...)
	if err != nil {
		return fmt.Errorf("protocols::kafka: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.ended.Go(func() { s.run(ctx, first) })
	o.kafka = s
	o.set.Logger.Info("Taking OTLP", zap.String("protocol", "kafka"), zap.Strings("topics", names))
	return nil
}

// stop ends reading, tells the group, and waits for what is being taken.
func (s *subscriber) stop() {
	s.cancel()
	s.ended.Wait()
}

// run reads with one client after the other: one that hands out a lasting error of a partition never reads it again.
func (s *subscriber) run(ctx context.Context, c *kgo.Client) {
	for {
		err := s.consume(ctx, c)
		s.leave(c)
		for ctx.Err() == nil {
			s.set.Logger.Warn("reading telemetry from Kafka failed; beginning again", zap.Error(err))
			wait(ctx, kafkaAgain)
			if c, err = kgo.NewClient(s.opts...); err == nil {
				break
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// leave commits what was taken and leaves the group. A broker that doesn't answer isn't waited for.
func (s *subscriber) leave(c *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), kafkaAgain)
	defer cancel()
	c.AllowRebalance()
	_ = c.CommitMarkedOffsets(ctx) // else they are read again
	_ = c.LeaveGroupContext(ctx)
	c.CloseAllowingRebalance()
}

func (s *subscriber) consume(ctx context.Context, c *kgo.Client) error {
	read := map[place]int64{}
	for {
		fetches := c.PollRecords(ctx, kafkaPoll)
		if err := s.failed(ctx, fetches); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			at := place{r.Topic, r.Partition}
			if r.Offset >= read[at] && s.take(ctx, r) {
				read[at] = r.Offset + 1
				c.MarkCommitRecords(r)
			}
		})
		c.AllowRebalance()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// place is a partition; what was read of it isn't taken again when a broker is gone before it heard of that.
type place struct {
	topic     string
	partition int32
}

// failed is an error that the client doesn't get over by itself.
func (s *subscriber) failed(ctx context.Context, fetches kgo.Fetches) (lasting error) {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	fetches.EachError(func(topic string, _ int32, err error) {
		switch {
		case errors.Is(err, kerr.UnknownTopicOrPartition):
			s.health.Missing(topic)
		case topic == "":
			s.health.Failed(err)
		default:
			lasting = fmt.Errorf("%s: %w", topic, err)
		}
	})
	return lasting
}

// take hands a message on until it is taken or refused for good, or ctx ends; only then it is not taken.
func (s *subscriber) take(ctx context.Context, r *kgo.Record) bool {
	for {
		err := s.try(ctx, r)
		switch result := resultOf(err); result {
		case "", string(admission.Busy), unavailable:
			if !wait(ctx, kafkaAgain) {
				return false
			}
		default:
			return true
		}
	}
}

func (s *subscriber) try(ctx context.Context, r *kgo.Record) error {
	signal := s.topics[r.Topic]
	room := s.entry.budget.Grant()
	defer room.Release()
	err := room.Take(int64(len(r.Value)))
	if err == nil {
		err = s.entry.take(ctx, signal, received{wire: r.Value, json: bytes.HasPrefix(r.Value, []byte("{")), limit: maxBody}, room, s.reportKafka)
	}
	s.entry.count(signal.name(), err)
	return err
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
