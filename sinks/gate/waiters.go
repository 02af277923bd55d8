package gate

import (
	"sync"

	"github.com/shipwake/shipwake/correlate"
)

// mostWaiting is how many may wait for an answer at once; the next ones are answered at once, with "wait".
const mostWaiting = 1000

// waiters are those who wait for something to be committed about a service.
type waiters struct {
	mu     sync.Mutex
	places map[string][]chan struct{} // by service; each is closed once
	count  int
	closed bool
}

func newWaiters() *waiters { return &waiters{places: map[string][]chan struct{}{}} }

// join returns a channel that is closed when something is committed about a service, and what ends the waiting. It is
// nil when there are too many, or when the sink is closed.
func (w *waiters) join(service string) (news <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.count >= mostWaiting {
		return nil, func() {}
	}
	c := make(chan struct{})
	w.places[service] = append(w.places[service], c)
	w.count++
	return c, func() { w.leave(service, c) }
}

func (w *waiters) leave(service string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.places[service]
	for i, other := range all {
		if other == c {
			w.set(service, append(all[:i:i], all[i+1:]...))
			w.count--
			return
		}
	}
}

func (w *waiters) set(service string, all []chan struct{}) {
	if len(all) == 0 {
		delete(w.places, service)
		return
	}
	w.places[service] = all
}

// wake lets those go on who wait for something about a service that effects are about.
func (w *waiters) wake(effects []correlate.Effect) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count == 0 {
		return
	}
	for _, e := range effects {
		for _, service := range about(e) {
			w.release(service)
		}
	}
}

func (w *waiters) release(service string) {
	for _, c := range w.places[service] {
		close(c)
		w.count--
	}
	delete(w.places, service)
}

func (w *waiters) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for service := range w.places {
		w.release(service)
	}
}

// about are the services that an effect may decide something of.
func about(e correlate.Effect) []string {
	switch {
	case e.Change != nil:
		return []string{e.Change.Service}
	case e.Verdict != nil:
		return []string{e.Verdict.Service}
	case e.Incident != nil:
		return e.Incident.About()
	case e.Regression != nil:
		return []string{e.Regression.Service}
	}
	return nil
}
