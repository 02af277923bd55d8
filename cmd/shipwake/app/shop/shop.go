package shop

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Options says how to run the shop.
type Options struct {
	OTLP        Endpoints
	Environment string        // deployment.environment.name of every instance
	Version     string        // what every service runs at first
	Rate        float64       // visits a second
	ExportEvery time.Duration // how often each instance sends telemetry
	Services    []Service
	Visits      []Visit
}

// Shop is a running shop. Its methods are safe for concurrent use, but a service is rolled by one caller at a time.
type Shop struct {
	options  Options
	newSDK   maker
	specs    map[string]Service
	pools    map[string]*pool
	visitors *visitors
	pacer    pacer
	close    context.CancelFunc
	closed   sync.WaitGroup
	started  atomic.Int64   // instances so far: the number in their ids
	ending   sync.WaitGroup // instances that are being stopped

	mu   sync.Mutex
	errs []error // of instances that did not stop as they should
}

// Open starts every instance, then lets the visitors in. Close must be called, also when the context has ended.
func Open(ctx context.Context, options Options) (*Shop, error) {
	return open(ctx, options, func(ctx context.Context, who identity, how Exporter, arrived *pacer) (*sdk, error) {
		return newSDK(ctx, who, how, options.OTLP, options.ExportEvery, arrived)
	})
}

// maker makes the SDK of an instance.
type maker func(ctx context.Context, who identity, how Exporter, arrived *pacer) (*sdk, error)

// open is Open with the SDKs of instances made by a function.
func open(ctx context.Context, options Options, sdks maker) (*Shop, error) {
	s := &Shop{options: options, newSDK: sdks, specs: map[string]Service{}, pools: map[string]*pool{}}
	for _, spec := range options.Services {
		s.specs[spec.Name], s.pools[spec.Name] = spec, &pool{}
	}
	s.visitors = &visitors{visits: options.Visits, pools: s.pools, pacer: &s.pacer}
	for _, spec := range options.Services {
		for range spec.Replicas {
			if err := s.grow(ctx, spec, Release{Version: options.Version}); err != nil {
				return nil, errors.Join(err, s.shut())
			}
		}
	}
	visiting, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.close = stop
	s.closed.Go(func() { s.visitors.run(visiting, options.Rate) })
	return s, nil
}

// Roll replaces the instances of a service one by one: at every step a new one comes up and takes the turn of the oldest.
// The steps are apart by the clock, however long an instance takes to come up. Roll ends when the last new one serves;
// the old ones end on their own, once they have answered what they were sent.
func (s *Shop) Roll(ctx context.Context, service string, to Release, step time.Duration) error {
	spec, ok := s.specs[service]
	if !ok {
		return fmt.Errorf("the shop has no service %q", service)
	}
	began := time.Now()
	for n, old := range s.pools[service].all() {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(n) * step))):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.grow(ctx, spec, to); err != nil {
			return err
		}
		s.pools[service].remove(old)
		s.ending.Go(func() { s.end(old) })
	}
	return nil
}

// end stops an instance. That it did not stop as it should is said when the shop closes.
func (s *Shop) end(i *instance) {
	if err := i.stop(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.errs = append(s.errs, fmt.Errorf("stopping %s: %w", i.id, err))
	}
}

// Versions counts the live instances of a service by version.
func (s *Shop) Versions(service string) map[string]int {
	if p, ok := s.pools[service]; ok {
		return p.versions()
	}
	return nil
}

// Instances is the number of live instances of all services.
func (s *Shop) Instances() int {
	n := 0
	for _, p := range s.pools {
		n += len(p.all())
	}
	return n
}

// Visited is the number of visits so far and how many of them failed.
func (s *Shop) Visited() (sent, failed int64) {
	return s.visitors.sent.Load(), s.visitors.failed.Load()
}

// Pace is how well the shop has kept up with its clock so far.
func (s *Shop) Pace() Pace { return s.pacer.now() }

// Close sends the visitors home, then stops every instance.
func (s *Shop) Close() error {
	s.close()
	s.closed.Wait()
	return s.shut()
}

func (s *Shop) grow(ctx context.Context, spec Service, r Release) error {
	id := fmt.Sprintf("%s-%s-%d", spec.Name, r.Version, s.started.Add(1))
	i, err := startInstance(ctx, s, spec, r, id)
	if err != nil {
		return err
	}
	s.pools[spec.Name].add(i)
	return nil
}

// shut stops all instances at the same time, callers and callees alike: nobody visits any more.
func (s *Shop) shut() error {
	for _, p := range s.pools {
		for _, i := range p.all() {
			s.ending.Go(func() { s.end(i) })
		}
	}
	s.ending.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.errs...)
}
