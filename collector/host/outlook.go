package host

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// question asks the loop, which alone may look at the engine, how a change stands.
type question struct {
	id     string
	answer chan *correlate.Outlook // with room for one
}

// askAtMost is how long a reader waits for the loop.
const askAtMost = 2 * time.Second

// Outlook implements sinks.Reader. While the loop is busy for long it is nil, as for a change that isn't observed.
func (r reader) Outlook(ctx context.Context, id string) *correlate.Outlook {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	q := question{id: id, answer: make(chan *correlate.Outlook, 1)}
	select {
	case r.h.questions <- q:
	case <-ctx.Done():
		return nil
	}
	select {
	case o := <-q.answer:
		return o
	case <-ctx.Done():
		return nil
	}
}

// outlooks are the answers of one instant: what is asked again before anything new was judged costs nothing.
type outlooks struct {
	at    time.Time
	known map[string]*correlate.Outlook
}

func (l *loop) answer(q question) {
	if at := l.engine.Watermark(); l.asked.known == nil || !at.Equal(l.asked.at) {
		l.asked = outlooks{at, map[string]*correlate.Outlook{}}
	}
	o := l.asked.known[q.id]
	if o == nil {
		if o = engine.Outlook(l.engine, q.id); o != nil {
			l.asked.known[q.id] = o
		}
	}
	q.answer <- o
}
