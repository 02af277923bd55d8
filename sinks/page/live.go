package page

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// mostStreams is how many pages follow at once; the others show what was known when they were loaded.
	mostStreams = 200
	// keepAlive is how often a page hears that the daemon is there, so that nothing on the way ends the connection.
	keepAlive = 15 * time.Second
	// writeWithin is how long a page has to take what it is told.
	writeWithin = 10 * time.Second
)

// live tells the pages that are open when something is committed that they show.
type live struct {
	mu      sync.Mutex
	streams map[string]map[chan struct{}]bool // by change id; "" hears of every change
	count   int
	over    chan struct{}
	ended   bool
}

func newLive() *live {
	return &live{streams: map[string]map[chan struct{}]bool{}, over: make(chan struct{})}
}

func (l *live) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.ended = true
		close(l.over)
	}
}

// tell has news for those who look at what effects are about. It doesn't block: a page that hasn't loaded the last news yet
// loads these with them.
func (l *live) tell(effects []correlate.Effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 {
		return
	}
	for _, e := range effects {
		for _, id := range concerned(e) {
			for c := range l.streams[id] {
				select {
				case c <- struct{}{}:
				default:
				}
			}
		}
	}
}

// concerned are the pages that an effect is news for: those of changes, and the lists.
func concerned(e correlate.Effect) []string {
	switch {
	case e.Change != nil:
		return []string{"", e.Change.ID}
	case e.Verdict != nil:
		return []string{"", e.Verdict.ChangeID}
	case e.Incident != nil:
		return append([]string{""}, e.Incident.SuspectedOf()...)
	case e.Regression != nil:
		ids := []string{""}
		for _, s := range e.Regression.Suspects {
			ids = append(ids, s.ChangeID)
		}
		return ids
	case e.Rollback != nil:
		return []string{"", e.Rollback.ChangeID}
	case e.KillSwitch != nil:
		return []string{""}
	}
	return nil
}

func (l *live) join(id string) (news chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || l.count >= mostStreams {
		return nil, false
	}
	news = make(chan struct{}, 1)
	if l.streams[id] == nil {
		l.streams[id] = map[chan struct{}]bool{}
	}
	l.streams[id][news] = true
	l.count++
	return news, true
}

func (l *live) leave(id string, news chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams[id], news)
	if len(l.streams[id]) == 0 {
		delete(l.streams, id)
	}
	l.count--
}

// serve is the stream of a change, or of all changes when the path names none.
func (l *live) serve(w http.ResponseWriter, r *http.Request) { l.follow(w, r, r.PathValue("id")) }

// follow is a stream of server-sent events: "changed" whenever the page has news.
func (l *live) follow(w http.ResponseWriter, r *http.Request, id string) {
	news, ok := l.join(id)
	if !ok {
		w.WriteHeader(http.StatusNoContent) // which tells a browser not to come again
		return
	}
	defer l.leave(id, news)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for text := "retry: 3000\n\n"; ; {
		_ = out.SetWriteDeadline(time.Now().Add(writeWithin)) // a server without deadlines has none that ends the stream
		if _, err := io.WriteString(w, text); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-news:
			text = "event: changed\ndata:\n\n"
		case <-alive.C:
			text = ":\n\n"
		case <-l.over:
			return
		case <-r.Context().Done():
			return
		}
	}
}
