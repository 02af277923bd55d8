package kafka

import (
	"context"
	"errors"
	"net"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const (
	joinBackoff   = 500 * time.Millisecond
	shutdownGrace = 5 * time.Second // for leaving the group politely
)

// member is one member of the consumer group.
type member struct {
	config  *Config
	readers map[string]reader // by topic
	tally   *correlate.Tally
	log     *zap.Logger
	dial    dialFunc

	// From Start on.
	host    component.Host
	intake  source.Intake
	dialer  *kafkago.Dialer
	group   *kafkago.ConsumerGroup
	cut     context.CancelFunc // ends every connection
	stop    context.CancelFunc // ends run
	stopped chan struct{}      // run has ended
	known   map[string]int     // partitions by topic, as last seen; of the watch alone
	failing bool               // the group can't be joined; of run alone
}

func newMember(set receiver.Settings, cfg *Config, sources []source.Source, tally *correlate.Tally) (*member, error) {
	byTopic, err := readers(cfg.Topics, sources)
	if err != nil {
		return nil, err
	}
	return &member{
		config: cfg, readers: byTopic, tally: tally, log: set.Logger,
		dial: (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext, known: map[string]int{},
	}, nil
}

// Start returns without waiting for a broker: one that can't be reached is tried for as long as the receiver lives.
func (r *member) Start(_ context.Context, host component.Host) error {
	intake, err := source.FindIntake(host)
	if err != nil {
		return err
	}
	alive, cut := context.WithCancel(context.Background())
	dialer, err := newDialer(alive, r.config, r.dial)
	if err != nil {
		cut()
		return err
	}
	group, err := kafkago.NewConsumerGroup(r.groupConfig(dialer))
	if err != nil {
		cut()
		return err
	}
	if dialer.TLS == nil && dialer.SASLMechanism != nil && dialer.SASLMechanism.Name() == "PLAIN" {
		r.log.Warn("sasl PLAIN without tls sends the password in clear")
	}
	for topic := range r.readers {
		counter{r.tally, topic}.announce()
	}
	for _, from := range r.readers {
		intake.Register(from.Name(), from.Projector())
	}
	ctx, stop := context.WithCancel(context.Background())
	r.host, r.intake, r.dialer, r.group = host, intake, dialer, group
	r.cut, r.stop, r.stopped = cut, stop, make(chan struct{})
	go r.run(ctx)
	return nil
}

// Shutdown leaves the group. A broker that doesn't answer is given the grace, or until ctx ends.
func (r *member) Shutdown(ctx context.Context) error {
	if r.group == nil {
		return nil
	}
	r.stop()
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	release := context.AfterFunc(ctx, r.cut)
	defer release()
	err := r.group.Close()
	<-r.stopped
	r.cut()
	return err
}

// run takes generations until the group is closed. There are never two at a time: a new one starts after every
// function of the old one has returned.
func (r *member) run(ctx context.Context) {
	defer close(r.stopped)
	for {
		gen, err := r.group.Next(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, kafkago.ErrGroupClosed):
			return
		case err != nil:
			r.failed(err)
		default:
			r.joined(gen)
			r.begin(gen)
		}
	}
}

func (r *member) begin(gen *kafkago.Generation) {
	for topic, partitions := range gen.Assignments {
		for _, assigned := range partitions {
			p := r.partition(gen, topic, assigned.ID)
			gen.Start(p.run)
		}
	}
	gen.Start(r.watch)
}

// failed reports only the first failure of a row: the next follows half a second later.
func (r *member) failed(err error) {
	if r.failing {
		r.log.Debug("still can't join the consumer group", zap.Error(err))
		return
	}
	r.failing = true
	r.log.Warn("can't join the consumer group; trying on", zap.Strings("brokers", r.config.Brokers), zap.Error(err))
	componentstatus.ReportStatus(r.host, componentstatus.NewRecoverableErrorEvent(err))
}

func (r *member) joined(gen *kafkago.Generation) {
	count := 0
	for _, partitions := range gen.Assignments {
		count += len(partitions)
	}
	r.log.Info("joined the consumer group", zap.Int32("generation", gen.ID), zap.Int("partitions", count))
	if r.failing {
		r.failing = false
		componentstatus.ReportStatus(r.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

func (r *member) groupConfig(dialer *kafkago.Dialer) kafkago.ConsumerGroupConfig {
	return kafkago.ConsumerGroupConfig{
		ID:                r.config.GroupID,
		Brokers:           r.config.Brokers,
		Dialer:            dialer,
		Topics:            r.config.topicNames(),
		SessionTimeout:    r.config.SessionTimeout,
		RebalanceTimeout:  r.config.SessionTimeout, // a member slower than that is fenced, not waited for
		HeartbeatInterval: r.config.HeartbeatInterval,
		JoinGroupBackoff:  joinBackoff,
		StartOffset:       kafkago.FirstOffset,
		ErrorLogger:       r.clientLogger(),
	}
}

func (r *member) clientLogger() kafkago.Logger {
	return kafkago.LoggerFunc(r.log.Sugar().Debugf)
}
