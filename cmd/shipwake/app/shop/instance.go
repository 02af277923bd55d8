package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// instance is one running process of a service, as far as anybody outside can tell: a server, a client and an SDK of
// its own.
type instance struct {
	id      string
	url     string
	release Release
	server  *http.Server
	client  *http.Client
	sdk     *sdk
	served  chan error
	busy    sync.WaitGroup // requests that the load balancer has sent here
}

// startInstance listens on a free loopback port and serves until stop.
func startInstance(ctx context.Context, s *Shop, spec Service, r Release, id string) (*instance, error) {
	tel, err := newSDK(ctx, identity{spec.Name, r.Version, id, s.options.Environment}, spec.Exporter, s.options.OTLP, s.options.ExportEvery)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", id, err), tel.Shutdown(ctx))
	}
	i := &instance{id: id, url: "http://" + listener.Addr().String(), release: r, sdk: tel, served: make(chan error, 1)}
	i.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: patience}
	recorder, err := newRecorder(tel.traces, tel.metrics, tel.logs)
	if err != nil {
		return nil, errors.Join(err, listener.Close(), tel.Shutdown(ctx))
	}
	h := &handler{spec: spec, fault: newFault(spec.Work, r), pools: s.pools, client: i.client, record: recorder}
	i.server = &http.Server{Handler: h.routes(), ReadHeaderTimeout: 5 * time.Second}
	go func() { i.served <- i.server.Serve(listener) }()
	return i, nil
}

// stop lets running requests end, sends the telemetry that is left and frees everything.
func (i *instance) stop(ctx context.Context) error {
	err := i.server.Shutdown(ctx)
	if serr := <-i.served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	i.client.CloseIdleConnections()
	return errors.Join(err, i.sdk.Shutdown(ctx))
}
