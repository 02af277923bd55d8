package host

import (
	"context"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// question is put to the loop, which alone may look at the engine. Done is closed when it is answered.
type question struct {
	ask  func(*loop)
	done chan struct{}
}

// askAtMost is how long a reader waits for the loop.
const askAtMost = 2 * time.Second

// Outlook implements sinks.Reader. While the loop is busy for long it is nil, as for a change that isn't observed.
func (r reader) Outlook(ctx context.Context, id string) (o *correlate.Outlook) {
	if !r.h.ask(ctx, func(l *loop) { o = l.outlook(id) }) {
		return nil
	}
	return o
}

// HeardIn implements sinks.Reader. It is nil while the loop is busy for long.
func (r reader) HeardIn(ctx context.Context, service string) (environments []string) {
	if !r.h.ask(ctx, func(l *loop) { environments = engine.HeardIn(l.engine, service) }) {
		return nil
	}
	return environments
}

// Heard implements sinks.Reader. It is nil while the loop is busy for long.
func (r reader) Heard(ctx context.Context) (places []correlate.Place) {
	if !r.h.ask(ctx, func(l *loop) { places = engine.Heard(l.engine) }) {
		return nil
	}
	return places
}

// Series implements sinks.Reader. What is known now of a change that is observed is of the loop; while that is busy for long it
// is what was kept last.
func (r reader) Series(ctx context.Context, id string, revision int) (s *correlate.Series, err error) {
	if revision == 0 && r.h.ask(ctx, func(l *loop) { s = engine.Series(l.engine, id) }) && s != nil {
		return s, nil
	}
	kept, err := r.h.ledger.Series(ctx, id)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	if revision == 0 {
		return &kept[len(kept)-1], nil
	}
	for _, k := range slices.Backward(kept) {
		if k.Revision <= revision {
			return &k, nil
		}
	}
	return r.seriesBefore(ctx, id, revision, kept[0])
}

// seriesBefore is the series of a revision with which none is kept any more: a later one, as far as it had come by then.
func (r reader) seriesBefore(ctx context.Context, id string, revision int, later correlate.Series) (*correlate.Series, error) {
	_, verdicts, err := r.h.ledger.Change(ctx, id)
	for _, v := range verdicts {
		if v.Revision == revision {
			cut := later.Until(v.DecidedAt)
			cut.Revision = revision
			return &cut, nil
		}
	}
	return nil, err
}

// told is a mark up to which all that was recorded was published: the loop does one after the other.
func (h *Host) told(ctx context.Context) (mark ledger.Mark, ok bool) {
	var err error
	answered := h.ask(ctx, func(l *loop) { mark, err = l.ledger.RecordedTo(ctx) })
	return mark, answered && err == nil
}

// ask has the loop answer a question, and says whether it did. What the question writes is to be read only then.
func (h *Host) ask(ctx context.Context, ask func(*loop)) bool {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	q := question{ask, make(chan struct{})}
	select {
	case h.questions <- q:
		<-q.done // the loop has begun with it, and takes no longer than a look at one change
		return true
	case <-ctx.Done():
		return false
	}
}

// turn turns the kill switch of rollbacks, and returns when that is kept.
func (h *Host) turn(ctx context.Context, k correlate.KillSwitch) (err error) {
	answered := h.ask(ctx, func(l *loop) {
		effects := []correlate.Effect{{KillSwitch: &k}}
		if err = l.Commit(effects, 0); err == nil {
			l.Publish(effects)
		}
	})
	if !answered {
		return correlate.ErrUnavailable
	}
	return err
}

// outlooks are the answers of one instant: what is asked again before anything new was judged costs nothing.
type outlooks struct {
	at    time.Time
	known map[string]*correlate.Outlook
}

func (l *loop) answer(q question) {
	q.ask(l)
	close(q.done)
}

func (l *loop) outlook(id string) *correlate.Outlook {
	if at := l.engine.Watermark(); l.asked.known == nil || !at.Equal(l.asked.at) {
		l.asked = outlooks{at, map[string]*correlate.Outlook{}}
	}
	o := l.asked.known[id]
	if o == nil {
		if o = engine.Outlook(l.engine, id); o != nil {
			l.asked.known[id] = o
		}
	}
	return o
}
