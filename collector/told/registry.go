// Package told answers: how does a receiver that passes on what was decided meet the host that decides?
//
// A receiver takes a Seat when it is made, which is before any component starts. The host asks at its start who sits there,
// and treats each as one of its sinks that send: messages are stored with what they follow from, and delivered from the
// ledger until they have arrived. So nothing is missed between the start of the host and that of a receiver, and what a
// receiver was not told before the daemon ended it is told after the next start.
package told

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/shipwake/shipwake/sinks"
)

// Registry is where receivers and the host of a process meet. The zero value is empty, a nil one stays so. It is safe for
// concurrent use.
type Registry struct {
	mu    sync.Mutex
	seats []*Seat
}

// Seat is the place of one receiver. What Deliver is given waits for Open, and comes back after Leave.
type Seat struct {
	sinks.Outgoing
	registry *Registry
	taken    bool // under the registry's lock
	opened   chan struct{}
	left     chan struct{}
	open     sync.Once
	leave    sync.Once
}

// Join takes a seat. Its name, and that of no other seat, is the sink's.
func (r *Registry) Join(o sinks.Outgoing) *Seat {
	s := &Seat{Outgoing: o, registry: r, opened: make(chan struct{}), left: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seats = append(r.seats, s)
	return s
}

// Take is for the host: the seats that are taken now, by name.
func (r *Registry) Take() []sinks.Outgoing {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]sinks.Outgoing, len(r.seats))
	for i, s := range r.seats {
		s.taken = true
		all[i] = s
	}
	slices.SortStableFunc(all, func(a, b sinks.Outgoing) int { return cmp.Compare(a.Name(), b.Name()) })
	return all
}

// errAlone ends the start of a receiver that no host knows of.
var errAlone = errors.New("nothing is decided in this Collector: list the extension correlate under service::extensions, and start it together with this receiver")

// Open says that the receiver can pass on what it is given. It is an error when no host knows of the seat.
func (s *Seat) Open() error {
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	if !s.taken {
		return errAlone
	}
	s.open.Do(func() { close(s.opened) })
	return nil
}

// Leave gives the seat up: what is to be delivered waits for the next one of that name. It may be called at any time.
func (s *Seat) Leave() {
	s.leave.Do(func() { close(s.left) })
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.registry.seats = slices.DeleteFunc(s.registry.seats, func(other *Seat) bool { return other == s })
}

// Deliver implements sinks.Outgoing.
func (s *Seat) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	select {
	case <-s.opened:
	case <-s.left:
	case <-ctx.Done():
	}
	select {
	case <-s.left:
		return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: errors.New("the receiver has stopped")}
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: errors.New("the receiver has not started")}
	}
	return s.Outgoing.Deliver(ctx, m)
}
