package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/internal/freeport"
)

// ports are the addresses of the demo's daemon.
type ports struct{ grpc, http, hooks, web string }

// freePorts is four free ports on the loopback interface.
func freePorts() (p ports, err error) {
	for _, address := range []*string{&p.grpc, &p.http, &p.hooks, &p.web} {
		if *address, err = freeport.Address(); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p ports) otlp() shop.Endpoints { return shop.Endpoints{GRPC: p.grpc, HTTP: p.http} }

// sets is the configuration that differs in every run, as for --set.
func (p ports) sets(s secrets, log string) []string {
	return []string{
		"receivers.otlp.protocols.grpc.endpoint=" + p.grpc,
		"receivers.otlp.protocols.http.endpoint=" + p.http,
		"receivers.change_webhook.endpoint=" + p.hooks,
		"receivers.change_webhook.sources.generic.secrets=[" + s.generic + "]",
		"receivers.change_webhook.sources.github.secrets=[" + s.github + "]",
		"receivers.change_webhook.sources.cdevents.secrets=[" + s.cdevents + "]",
		"extensions.correlate.web.endpoint=" + p.web,
		"service.telemetry.logs.output_paths=[" + log + "]",
		"service.telemetry.logs.error_output_paths=[" + log + "]",
	}
}

// background is a daemon that runs in this process; its end is told on done.
type background struct {
	stop context.CancelFunc
	done chan error
}

// inBackground runs the daemon until stop.
func inBackground(run func(context.Context) error) *background {
	ctx, stop := context.WithCancel(context.Background())
	b := &background{stop: stop, done: make(chan error, 1)}
	go func() { b.done <- run(ctx) }()
	return b
}

// ready waits until the daemon answers that it is, or has ended, or time is up.
func (b *background) ready(ctx context.Context, client *http.Client, web string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		select {
		case err := <-b.done:
			b.done <- err
			return fmt.Errorf("the daemon ended: %w", errors.Join(err, errors.New("see its log")))
		case <-ctx.Done():
			return fmt.Errorf("the daemon is not ready: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+web+"/-/ready", http.NoBody)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			continue
		}
		if err := answer.Body.Close(); err == nil && answer.StatusCode == http.StatusOK {
			return nil
		}
	}
}

// end stops the daemon and waits for it.
func (b *background) end() error {
	b.stop()
	return <-b.done
}
