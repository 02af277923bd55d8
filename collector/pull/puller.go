package pull

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/secret"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/outgoing"
)

// puller is the receiver: it asks each source in a goroutine of its own.
type puller struct {
	set   receiver.Settings
	cfg   *Config
	tally *correlate.Tally
	// network is the way to a source; tests put a server in memory here.
	network func(ctx context.Context, s SourceConfig) (*http.Client, error)

	stop context.CancelFunc // nil before Start
	done sync.WaitGroup
}

func newPuller(set receiver.Settings, cfg *Config, tally *correlate.Tally) *puller {
	return &puller{set: set, cfg: cfg, tally: tally, network: guarded}
}

// Start returns without waiting for an answer of anybody.
func (p *puller) Start(ctx context.Context, host component.Host) error {
	intake, err := source.FindIntake(host)
	if err != nil {
		return err
	}
	health := &following.Health{Host: host}
	var all []*asked
	for _, name := range slices.Sorted(maps.Keys(p.cfg.Sources)) {
		a, err := p.open(ctx, name, intake)
		if err != nil {
			return fmt.Errorf("sources::%s::%w", name, err)
		}
		a.health = health
		if slices.ContainsFunc(a.streams, func(s *stream) bool { return s.Follow != nil }) {
			if a.records, err = source.FindRecords(host); err != nil {
				return fmt.Errorf("sources::%s::%w", name, err)
			}
		}
		all = append(all, a)
	}
	alive, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, a := range all {
		intake.Register(a.source.Name(), a.source.Projector())
		a.count.Announce(results()...)
		p.done.Go(func() { a.run(alive) })
	}
	return nil
}

// Shutdown ends requests that are under way; what they would have brought is asked for again at the next start.
func (p *puller) Shutdown(context.Context) error {
	if p.stop != nil {
		p.stop()
	}
	p.done.Wait()
	return nil
}

// open makes a source ready.
func (p *puller) open(ctx context.Context, name string, intake source.Intake) (*asked, error) {
	s := p.cfg.Sources[name]
	ready, err := p.cfg.configure(name, s)
	if err != nil {
		return nil, err
	}
	a := &asked{
		source: ready.Configured, intake: intake, interval: s.interval(), since: time.Now().Add(-s.history()).UTC(),
		count: following.Counter{Tally: p.tally, Source: name}, log: p.set.Logger,
	}
	for _, one := range ready.Streams {
		a.streams = append(a.streams, &stream{Stream: one, name: "pull/" + name + "/" + one.Name})
	}
	a.client, err = p.client(ctx, s, ready, a.count)
	return a, err
}

// client remembers answers, sends the secret along, and goes through the guard.
func (p *puller) client(ctx context.Context, s SourceConfig, ready source.Pulled, count following.Counter) (*http.Client, error) {
	hosts, err := originsOf(ready.Streams)
	if err != nil {
		return nil, err
	}
	client, err := p.network(ctx, s)
	if err != nil {
		return nil, err
	}
	signer := &signer{next: client.Transport, hosts: hosts, authorize: ready.Authorize}
	if s.Secret != "" || s.SecretFile != "" {
		var fixed []configopaque.String
		if s.Secret != "" {
			fixed = append(fixed, s.Secret)
		}
		if signer.secrets, err = secret.NewLive(fixed, "secret_file", s.SecretFile, p.set.Logger); err != nil {
			return nil, err
		}
	}
	client.Transport = newMemory(signer, count)
	return client, nil
}

// guarded is the way through internal/outgoing.
func guarded(ctx context.Context, s SourceConfig) (*http.Client, error) {
	guard, err := outgoing.NewGuard(s.Allow, "allow")
	if err != nil {
		return nil, err
	}
	proxy, err := s.proxy()
	if err != nil {
		return nil, err
	}
	tls, err := s.tls(ctx)
	if err != nil {
		return nil, err
	}
	return guard.Client(tls, proxy), nil
}
