package host

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/sinks"
)

// Stepped is a host that does nothing by itself: it takes in deliveries and measurements as any Host does, and decides and
// tells what follows when it is stepped to the next instant of the clock in its Options. Whoever steps it lives through a
// stretch of time as fast as the machine allows. It sends no messages, listens on no address, and is for one goroutine.
type Stepped struct {
	*Host
	loop  *loop
	next  time.Time // when the archive and what came late are looked at again
	waits bool      // something that came late can't be judged yet
}

// OpenStepped opens the ledger in the data directory of a configuration and brings the engine to where it was left.
func OpenStepped(ctx context.Context, set component.TelemetrySettings, cfg Config, o Options) (*Stepped, error) {
	h := newHost(set, cfg, o)
	if err := h.open(ctx); err != nil {
		return nil, err
	}
	h.outbox.sinks, h.outbox.couriers = nil, nil
	if h.judge != nil {
		h.judge.Pause = func(time.Duration) {}
	}
	beside, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.done.Go(func() { h.numbers.Run(beside, h.ledger) })
	h.ready.Store(true)
	l := newLoop(h)
	l.pacer.given = true // the heap is its caller's business
	return &Stepped{Host: h, loop: l}, nil
}

// Step applies the facts that were committed and decides up to the present instant.
func (s *Stepped) Step(ctx context.Context) error {
	now := s.opt.Now()
	select {
	case <-s.wake:
		for s.loop.facts(); s.loop.more && ctx.Err() == nil; s.loop.facts() {
		}
	default:
	}
	s.loop.tick(now)
	if s.judge == nil || now.Before(s.next) {
		return ctx.Err()
	}
	s.next = now.Add(archiveSteps)
	s.Host.late.CatchUp(ctx, now, s.engine.Watermark())
	if !s.judge.Wanted() && !s.waits {
		return nil
	}
	return s.judged(ctx)
}

// archiveSteps is how often a Stepped host archives measurements and judges what came late.
const archiveSteps = time.Hour

// judged judges what came late, and takes in what is found.
func (s *Stepped) judged(ctx context.Context) error {
	worked := make(chan error, 1)
	go func() {
		var err error
		s.waits, err = s.judge.Work(ctx)
		worked <- err
	}()
	for {
		select {
		case f := <-s.found:
			f.done <- s.loop.driver.Rejudged(f.of)
		case err := <-worked:
			return err
		}
	}
}

// Handler answers what the sinks serve.
func (s *Stepped) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, sink := range s.sinks {
		for pattern, handler := range sinks.Routes(sink) {
			mux.Handle(pattern, handler)
		}
	}
	return mux
}
