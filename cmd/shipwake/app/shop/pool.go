package shop

import (
	"errors"
	"slices"
	"sync"
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

// drain takes an instance out of the turn and waits for the requests that it already has.
func (p *pool) drain(i *instance) {
	p.mu.Lock()
	if at := slices.Index(p.live, i); at >= 0 {
		p.live = slices.Delete(p.live, at, at+1)
	}
	p.mu.Unlock()
	i.busy.Wait()
}

// use lets do send its request to the base URL of the instance whose turn it is.
func (p *pool) use(do func(base string) error) error {
	i := p.take()
	if i == nil {
		return errors.New("no live instance")
	}
	defer i.busy.Done()
	return do(i.url)
}

// take counts a request in before the instance can be drained.
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
