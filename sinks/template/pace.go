package template

import (
	"context"
	"sync"
	"time"
)

// pace keeps requests to one receiver apart.
type pace struct {
	gap  time.Duration
	mu   sync.Mutex
	next time.Time
}

// wait returns when a request has its turn. A turn that is given up is lost, so that nobody jumps the queue.
func (p *pace) wait(ctx context.Context) error {
	d := time.Until(p.turn(time.Now()))
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pace) turn(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	turn := p.next
	if turn.Before(now) {
		turn = now
	}
	p.next = turn.Add(p.gap)
	return turn
}
