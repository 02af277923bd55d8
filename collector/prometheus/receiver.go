package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/prometheus/births"
	"github.com/shipwake/shipwake/collector/prometheus/past"
	"github.com/shipwake/shipwake/correlate"
)

// asking is the receiver: it asks each server in a goroutine of its own.
type asking struct {
	set   receiver.Settings
	cfg   *Config
	next  consumer.Metrics
	tally *correlate.Tally
	// network is what tests do to the way to a server.
	network []func(*client)

	servers []*server
	stop    context.CancelFunc // nil before Start
	done    sync.WaitGroup
}

// Start returns without waiting for an answer of anybody.
func (a *asking) Start(ctx context.Context, host component.Host) error {
	health := &following.Health{Host: host}
	for i := range a.cfg.Servers {
		s, err := a.open(ctx, &a.cfg.Servers[i], host)
		if err != nil {
			return fmt.Errorf("servers[%d]::%w", i, err)
		}
		s.health = health
		a.servers = append(a.servers, s)
	}
	alive, stop := context.WithCancel(context.Background())
	a.stop = stop
	for _, s := range a.servers {
		a.done.Go(func() { s.run(alive) })
		if s.memory != nil && s.cfg.History > 0 {
			a.done.Go(func() { (&historian{s, mostPiece}).run(alive) })
		}
	}
	return nil
}

// Shutdown waits until nothing is under way.
func (a *asking) Shutdown(context.Context) error {
	if a.stop != nil {
		a.stop()
		a.done.Wait()
	}
	return nil
}

func (a *asking) open(ctx context.Context, cfg *ServerConfig, host component.Host) (*server, error) {
	table, err := cfg.Table()
	if err != nil {
		return nil, err
	}
	to, err := connect(ctx, cfg, host.GetExtensions(), a.set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	for _, change := range a.network {
		change(to)
	}
	return &server{
		client: to, cfg: cfg, table: table, selectors: selectors(table), next: a.next, tally: a.tally, span: mostSpan,
		log: a.set.Logger.With(zap.String("server", to.endpoint)), births: births.Of(host),
		memory: past.Of(host), begun: make(chan struct{}), poll: newPodPoll(),
	}, nil
}

// connect makes the way to a server. No redirect is followed: the headers would go along.
func connect(ctx context.Context, cfg *ServerConfig, extensions map[component.ID]component.Component, set component.TelemetrySettings) (*client, error) {
	config := cfg.ClientConfig
	timeout := config.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	config.Timeout = 0 // each request has a deadline
	to, err := config.ToClient(ctx, extensions, set)
	if err != nil {
		return nil, err
	}
	to.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{http: to, endpoint: strings.TrimRight(cfg.Endpoint, "/"), timeout: timeout}, nil
}
