package prometheus

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/prometheus/births"
	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/past"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/correlate"
)

// Bounds, of time in milliseconds.
const (
	mostSpan      = 5 * 60_000  // that is asked for at once, besides the overlap
	leastSpan     = 10_000      //
	mostBehind    = 10 * 60_000 // then it goes on with the present
	firstLookBack = 5 * 60_000  // for what the first increments are differences to
	leastOverlap  = 30_000
	mostOverlap   = 10 * 60_000
	lookEvery     = 10 * time.Minute // at its clock
	mostPause     = 5 * time.Minute
	// firstHour is what is read of the time before the first start ever, as if it came live: what a change is compared with at
	// first. Nobody has counted it.
	firstHour = 60 * 60_000
)

// server is one that is asked.
type server struct {
	*client
	cfg   *ServerConfig
	table *families.Table
	// selectors are what to ask for: all families at each step, since a series that appears counts from nothing.
	selectors []string
	next      consumer.Metrics
	tally     *correlate.Tally
	health    *following.Health
	log       *zap.Logger
	births    *births.Register
	memory    past.Memory   // nil: nobody remembers
	begun     chan struct{} // closed once it is known where it begins

	poll   podPoll
	reader *points.Reader
	gather int64     // in the server's time: what is added before is handed on at once
	since  int64     // in the server's time: what was added by then isn't handed on
	cursor int64     // everything up to here was read
	span   int64     // how much to ask for at once
	ahead  int64     // of the server's clock before ours
	looked time.Time // at its clock
	warned bool
	live   atomic.Int64 // targets that answer scrapes
	steps  atomic.Int64 // stretches that were read
}

// run asks until the context ends.
func (s *server) run(ctx context.Context) {
	failures := 0
	for {
		wait := s.cfg.Poll
		more, err := s.step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait = pauseAfter(err, failures)
			failures++
			if s.health.Ill(s.endpoint, err) {
				s.log.Warn("Can't read from Prometheus; trying again", zap.Error(err), zap.Duration("in", wait))
			}
		default:
			failures = 0
			if s.health.Well(s.endpoint) {
				s.log.Info("Reading from Prometheus again")
			}
			if more {
				wait = time.Millisecond
			}
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// pauseAfter doubles from a second to five minutes; chance takes up to a half of it.
func pauseAfter(err error, failures int) time.Duration {
	wait := min(time.Second<<min(failures, 20), mostPause)
	wait = wait/2 + rand.N(wait/2)
	if r := (*refusal)(nil); errors.As(err, &r) {
		wait = max(wait, min(r.wait, mostPause))
	}
	return wait
}

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

// step reads one stretch and hands on what it comes to. More: there is another one to read at once.
func (s *server) step(ctx context.Context) (more bool, err error) {
	if err := s.look(ctx); err != nil {
		return false, err
	}
	newest := time.Now().UnixMilli() + s.ahead - s.cfg.Delay.Milliseconds()
	if newest-s.cursor > mostBehind && s.cursor >= s.gather {
		s.log.Warn("Too far behind; going on with the present", zap.Time("from", time.UnixMilli(s.cursor)))
		s.refuse(1)
		s.cursor = newest - s.span
	}
	to := min(newest, s.cursor+s.span)
	if to <= s.cursor {
		return false, nil
	}
	if err := s.read(ctx, s.cursor, to); err != nil {
		if tooMuch(err) {
			s.span = max(s.span/2, leastSpan)
		}
		return false, err
	}
	s.cursor, s.span = to, min(s.span*2, mostSpan)
	if to < min(s.gather, newest) {
		return true, nil
	}
	s.pods(ctx, to)
	s.births.Begin(ctx)
	if err := s.hand(ctx, s.reader.Advance(to)); err != nil {
		return false, err
	}
	s.keep(ctx)
	s.refuse(s.reader.Lost())
	points.Tally(s.tally, s.reader.Missed())
	live, _ := s.reader.Live(to - mostBehind)
	s.live.Store(int64(live))
	s.steps.Add(1)
	return to < newest, nil
}

// look finds out, now and then, what time it is there.
func (s *server) look(ctx context.Context) error {
	if s.reader != nil && time.Since(s.looked) < lookEvery {
		return nil
	}
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	s.looked = time.Now()
	s.ahead = now - s.looked.UnixMilli()
	if s.reader == nil {
		return s.begin(ctx, now)
	}
	return nil
}

// begin starts where whoever ran before ended, see goOn, or else with the present: what was added before it may have been
// counted. When nobody ever ran, it starts an hour before.
func (s *server) begin(ctx context.Context, now int64) error {
	s.since = now - s.cfg.Delay.Milliseconds()
	first, err := s.first(ctx)
	if err != nil {
		return err
	}
	if first {
		s.gather = s.since
		s.since -= firstHour
	} else if err := s.goOn(ctx); err != nil {
		return err
	}
	s.cursor = s.since - firstLookBack
	s.reader = points.New(points.Options{
		Table: s.table, Environment: s.cfg.Environment, ReplicaLabels: s.cfg.ReplicaLabels, Since: s.since, Whole: true,
		Born: s.births.Version,
	})
	s.span = firstLookBack
	close(s.begun)
	return nil
}

// first says that nothing was ever read of this server, and has that kept.
func (s *server) first(ctx context.Context) (bool, error) {
	if s.memory == nil || s.cfg.History == 0 {
		return false, nil
	}
	p, err := past.Resume(ctx, s.memory, pastOf(s.client))
	if err != nil || p.To > 0 {
		return false, err
	}
	p.To = s.since / 1000 / past.Step * past.Step
	p.From = p.To
	return true, p.Keep(ctx, s.memory)
}

// read takes in the samples of a stretch, and of so much before it that what took long to scrape is there by then.
func (s *server) read(ctx context.Context, from, to int64) error {
	overlap := min(max(2*s.reader.Every(from-mostOverlap), leastOverlap), mostOverlap)
	width := to - from + overlap
	if err := s.take(ctx, tellers, to, width); err != nil {
		return err
	}
	for _, selector := range s.selectors {
		if err := s.take(ctx, selector, to, width); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) take(ctx context.Context, selector string, to, width int64) error {
	all, warning, err := s.window(ctx, selector, to, width)
	if err != nil {
		return err
	}
	if warning != "" {
		s.refuse(1)
		if !s.warned {
			s.warned = true
			s.log.Warn("The server doesn't vouch for its answers; no verdict is healthy meanwhile", zap.String("warning", warning))
		}
	}
	for _, one := range all {
		give(s.reader, one)
	}
	return nil
}

// hand passes points on until they are taken.
func (s *server) hand(ctx context.Context, metrics pmetric.Metrics) error {
	if metrics.ResourceMetrics().Len() == 0 {
		return nil
	}
	for failures := 0; ; failures++ {
		err := s.next.ConsumeMetrics(ctx, metrics)
		switch {
		case err == nil:
			return nil
		case consumererror.IsPermanent(err):
			s.refuse(int64(metrics.DataPointCount()))
			return nil
		case !pause(ctx, pauseAfter(err, min(failures, 4))):
			return ctx.Err()
		}
	}
}

// refuse counts what was lost, so that no verdict is healthy that it may have been meant for.
func (s *server) refuse(n int64) {
	if n > 0 {
		s.tally.Refuse("points", correlate.LostRefused, n)
	}
}
