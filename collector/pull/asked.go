package pull

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// pageTimeout bounds the requests of one page.
const pageTimeout = 2 * time.Minute

// asked is a source that is asked, one request at a time.
type asked struct {
	source   source.Configured
	streams  []*stream
	client   *http.Client
	intake   source.Intake
	records  source.Records // nil unless a stream follows them
	interval time.Duration
	since    time.Time
	count    following.Counter
	health   *following.Health
	log      *zap.Logger

	busy int // times in a row that it wanted to be left alone
}

// stream is one of its sequences of pages.
type stream struct {
	source.Stream
	name     string // the ledger's name for it
	known    bool   // held is what the ledger holds
	held     []byte // the cursor
	due      time.Time
	failures int    // in a row
	said     string // of them, the last that was reported
}

// run asks until the context ends. The stream that has waited longest comes first.
func (a *asked) run(ctx context.Context) {
	for ctx.Err() == nil && len(a.streams) > 0 {
		next := a.streams[0]
		for _, s := range a.streams[1:] {
			if s.due.Before(next.due) {
				next = s
			}
		}
		if wait := time.Until(next.due); wait > 0 && !pause(ctx, wait) {
			return
		}
		a.turn(ctx, next)
	}
}

// turn asks for one page of a stream and says when the next one is due.
func (a *asked) turn(ctx context.Context, s *stream) {
	more, err := a.pull(ctx, s)
	var busy *source.BusyError
	switch {
	case ctx.Err() != nil:
	case errors.As(err, &busy):
		a.leaveAlone(busy)
	case errors.Is(err, correlate.ErrFenced):
		a.fenced(s)
	case err != nil:
		a.failed(s, err)
	default:
		a.succeeded(s, more)
	}
}

func (a *asked) succeeded(s *stream, more bool) {
	a.busy, s.failures, s.said = 0, 0, ""
	a.health.Well(s.name)
	s.due = time.Now()
	if !more {
		s.due = s.due.Add(spread(a.interval))
	}
}

// leaveAlone puts all streams off: a limit is one of the whole source.
func (a *asked) leaveAlone(busy *source.BusyError) {
	a.count.Add(resultBusy, 1)
	wait := patience(busy.Wait, a.busy)
	a.busy++
	a.log.Info("a source wants to be left alone", zap.String("source", a.source.Name()), zap.String("why", busy.Why), zap.Duration("for", wait))
	until := time.Now().Add(wait)
	for _, s := range a.streams {
		if s.due.Before(until) {
			s.due = until
		}
	}
}

// fenced: another reader has moved the cursor, or the answer to a commit was lost. What the ledger holds is right.
func (a *asked) fenced(s *stream) {
	a.count.Add(resultFenced, 1)
	s.known = false
	s.due = time.Now().Add(backoff(s.failures))
	s.failures++
}

// failed reports the first failure of a row, and those for another reason.
func (a *asked) failed(s *stream, err error) {
	a.count.Add(resultFailed, 1)
	s.due = time.Now().Add(backoff(s.failures))
	s.failures++
	if s.said != err.Error() {
		s.said = err.Error()
		a.log.Warn("can't ask a source; trying on", zap.String("stream", s.name), zap.Error(err))
		a.health.Ill(s.name, err)
	}
}

// pull asks for the page after the cursor and stores it.
func (a *asked) pull(ctx context.Context, s *stream) (more bool, err error) {
	page, err := a.page(ctx, s)
	if err != nil {
		return false, err
	}
	return page.More, a.store(ctx, s, page)
}

// page asks for the page after the cursor.
func (a *asked) page(ctx context.Context, s *stream) (page source.Page, err error) {
	if !s.known {
		if s.held, err = a.intake.Cursor(ctx, s.name); err != nil {
			return page, err
		}
		s.known = true
	}
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	if s.Follow != nil {
		return s.Follow(ctx, a.client, a.records, s.held, a.since)
	}
	return s.Pull(ctx, a.client, s.held, a.since)
}

// store commits a page with the cursor after it. What changes neither needs no commit.
func (a *asked) store(ctx context.Context, s *stream, page source.Page) error {
	if len(page.Raws) == 0 && bytes.Equal(page.Next, s.held) {
		return nil
	}
	entries := source.Entries(a.source.ReadPage(page, time.Now()))
	move := &correlate.Move{Stream: s.name, Expect: s.held, Next: page.Next}
	for attempt := 0; ; attempt++ {
		_, err := a.intake.Commit(ctx, entries, move)
		if err == nil {
			break
		}
		if !errors.Is(err, correlate.ErrUnavailable) {
			return err
		}
		a.count.Add(resultRetried, 1)
		if !pause(ctx, backoff(attempt)) {
			return ctx.Err()
		}
	}
	s.held = page.Next
	a.count.Add(resultStored, 1)
	return nil
}
