package kafka

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/kafka/client"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/kafkaclient"
)

const (
	sessionPause  = 500 * time.Millisecond
	refusedPause  = 5 * time.Second // keeps a batch that is refused again and again from turning into a storm of rejoins
	shutdownGrace = 5 * time.Second // for leaving the group politely
)

// member is one member of the consumer group. It lives through one session after the other.
type member struct {
	config  *Config
	readers map[string]reader // by topic
	tally   *correlate.Tally
	log     *zap.Logger
	dial    kafkaclient.Dial // nil for the network; tests put an in-memory one here
	// reports: the group is told how far the ledger is. In virtual time it isn't: the client waits at a mutex then, where time stands still.
	reports bool

	// From Start on.
	intake  source.Intake
	health  *client.Health
	cut     context.CancelFunc // ends the wait for a polite goodbye
	stop    context.CancelFunc // ends run
	stopped chan struct{}      // run has ended
}

func newMember(set receiver.Settings, cfg *Config, sources []source.Source, tally *correlate.Tally) (*member, error) {
	byTopic, err := readers(cfg.Topics, sources)
	if err != nil {
		return nil, err
	}
	return &member{
		config: cfg, readers: byTopic, tally: tally, log: set.Logger, reports: true,
	}, nil
}

// Start returns without waiting for a broker: one that can't be reached is tried for as long as the receiver lives.
func (r *member) Start(_ context.Context, host component.Host) error {
	intake, err := source.FindIntake(host)
	if err != nil {
		return err
	}
	r.intake, r.health = intake, &client.Health{Host: host, Log: r.log, Brokers: r.config.Brokers}
	first, err := r.open()
	if err != nil {
		return err
	}
	for topic, from := range r.readers {
		following.Counter{Tally: r.tally, Source: topic}.Announce(results()...)
		intake.Register(from.Name(), from.Projector())
	}
	patience, cut := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	r.cut, r.stop, r.stopped = cut, stop, make(chan struct{})
	go r.run(ctx, patience, first)
	return nil
}

// Shutdown leaves the group. A broker that doesn't answer is given the grace, or until ctx ends.
func (r *member) Shutdown(ctx context.Context) error {
	if r.stop == nil {
		return nil
	}
	r.stop()
	defer context.AfterFunc(ctx, r.cut)()
	<-r.stopped
	r.cut()
	return nil
}

// run opens a session when the last one is over, until the member is stopped.
func (r *member) run(ctx, patience context.Context, s *session) {
	defer close(r.stopped)
	for {
		err := s.run(ctx)
		s.close(patience)
		for ctx.Err() == nil {
			pause(ctx, r.after(err))
			if s, err = r.open(); err == nil {
				break
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// after says why a session ended, and how long to wait before the next.
func (r *member) after(err error) time.Duration {
	if errors.Is(err, errRefused) {
		return refusedPause
	}
	r.log.Debug("the session with the brokers is over; beginning another", zap.Error(err))
	return sessionPause
}
