package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/collector/prometheus/births"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/correlate"
)

// path is where senders are told to send.
const path = "/api/v1/write"

// door is the receiver.
type door struct {
	set    receiver.Settings
	cfg    *Config
	budget *admission.Budget
	held   *held

	server *http.Server
	addr   net.Addr
	stop   context.CancelFunc
	done   sync.WaitGroup
}

func newDoor(set receiver.Settings, cfg *Config, next consumer.Metrics, budget *admission.Budget, tally *correlate.Tally) (*door, error) {
	table, err := cfg.Table()
	if err != nil {
		return nil, err
	}
	h := &held{next: next, tally: tally, hold: cfg.Hold, births: &births.Register{}}
	h.reader = points.New(points.Options{
		Table: table, Environment: cfg.Environment, ReplicaLabels: cfg.ReplicaLabels, Since: time.Now().UnixMilli(), Born: h.born,
	})
	return &door{set: set, cfg: cfg, budget: budget, held: h}, nil
}

// Start listens, and returns when requests are taken.
func (d *door) Start(ctx context.Context, host component.Host) error {
	d.held.births = births.Of(host)
	config := d.cfg.ServerConfig
	limit := config.MaxRequestBodySize
	config.CompressionAlgorithms = []string{} // snappy's block format isn't one of HTTP's
	config.MaxRequestBodySize = limit + 1     // the handler itself keeps to the limit
	mux := http.NewServeMux()
	mux.Handle(path, &handler{held: d.held, budget: d.budget, limit: limit})
	server, err := config.ToServer(ctx, host.GetExtensions(), d.set.TelemetrySettings, mux)
	if err != nil {
		return err
	}
	server.MaxHeaderBytes = 32 << 10
	listen.Limit(server, d.cfg.MaxConnections)
	listener, err := config.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("can't listen for remote write on %s: %w; receivers::%s::endpoint sets another address",
			config.NetAddr.Endpoint, err, d.set.ID)
	}
	d.server, d.addr = server, listener.Addr()
	d.warn()
	d.done.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	alive, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.done.Go(func() { d.held.run(alive) })
	return nil
}

// warn says when anybody on the network may make a service look healthy or not.
func (d *door) warn() {
	tls := d.cfg.ServerConfig.TLS
	guarded := d.cfg.ServerConfig.Auth.HasValue() || (tls.HasValue() && tls.Get().ClientCAFile != "")
	if !guarded && !listen.Loopback(d.cfg.ServerConfig.NetAddr) {
		d.set.Logger.Warn("Other machines reach the endpoint of remote write, and whoever does can make a service look healthy or not; "+
			"set auth, or tls with client_ca_file", zap.Stringer("address", d.addr))
	}
}

// Shutdown takes no more requests, and hands on what is held.
func (d *door) Shutdown(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	err := d.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, d.server.Close())
	}
	d.stop()
	d.done.Wait()
	d.held.end(ctx)
	return err
}
