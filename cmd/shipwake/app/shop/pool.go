package shop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// pool is the load balancer in front of one service: it hands out its live instances in turn.
type pool struct {
	mu   sync.Mutex
	live []*instance
	next int
}

func (p *pool) add(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live = append(p.live, i)
}

// remove takes an instance out of the turn. It may still be busy with requests that it was sent before.
func (p *pool) remove(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := slices.Index(p.live, i); at >= 0 {
		p.live = slices.Delete(p.live, at, at+1)
	}
}

// send gives a request to the instance whose turn it is, and returns its answer.
func (p *pool) send(ctx context.Context, method, path string, at time.Time) answer {
	i := p.take()
	if i == nil {
		return answer{at: at, err: errors.New("no live instance")}
	}
	defer i.busy.Done()
	return i.handler.handle(ctx, method, path, at)
}

// take counts a request in before the instance can be removed.
func (p *pool) take() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.live) == 0 {
		return nil
	}
	p.next++
	i := p.live[p.next%len(p.live)]
	i.busy.Add(1)
	return i
}

// all returns the live instances, oldest first.
func (p *pool) all() []*instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.live)
}

// versions counts the live instances of each version.
func (p *pool) versions() map[string]int {
	count := map[string]int{}
	for _, i := range p.all() {
		count[i.release.Version]++
	}
	return count
}
