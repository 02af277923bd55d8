package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
)

// startSinks makes the configured sinks. A name that nobody knows is an error that lists the known ones.
func (h *Host) startSinks() error {
	known := map[string]sinks.Factory{}
	for _, f := range h.opt.Sinks {
		known[f.Name] = f
	}
	for _, name := range slices.Sorted(maps.Keys(h.cfg.Sinks)) {
		f, ok := known[name]
		if !ok {
			return fmt.Errorf("sinks::%s: unknown sink; known are %v", name, slices.Sorted(maps.Keys(known)))
		}
		s, err := f.New(reader{h}, h.cfg.Sinks[name])
		if err != nil {
			return fmt.Errorf("sinks::%s: %w", name, err)
		}
		h.sinks = append(h.sinks, s)
	}
	return nil
}

// maxHeaderBytes bounds the header of a request; a browser's is a few KiB.
const maxHeaderBytes = 32 << 10

// startWeb listens for readers.
func (h *Host) startWeb(ctx context.Context, host component.Host) error {
	mux := http.NewServeMux()
	healthy := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "healthy") }
	mux.Handle("GET /-/healthy", access.Public(http.HandlerFunc(healthy)))
	mux.Handle("GET /-/ready", access.Public(http.HandlerFunc(h.serveReady)))
	mux.Handle("POST "+rollbacks.SwitchPath, rollbacks.Switch(h.opt.Now, h.turn))
	for _, s := range h.sinks {
		for pattern, handler := range sinks.Routes(s) {
			if pattern == metricsRoute {
				handler = scraped(h.opt.Tally, handler)
			}
			mux.Handle(pattern, handler)
		}
	}
	guard, err := newReaders(&h.cfg, mux, h.set.Logger)
	if err != nil {
		return err
	}
	endpoint := h.cfg.Web.NetAddr.Endpoint
	listener, err := h.cfg.Web.ToListener(ctx)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("web address %s is in use; extensions::correlate::web::endpoint sets another: %w", endpoint, err)
		}
		return fmt.Errorf("extensions::correlate::web::endpoint %s: %w", endpoint, err)
	}
	h.web, err = h.cfg.Web.ToServer(ctx, host.GetExtensions(), h.set, guard)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	h.web.MaxHeaderBytes = maxHeaderBytes
	listen.Limit(h.web, h.cfg.Readers.MaxConnections)
	h.done.Add(1)
	go func() {
		defer h.done.Done()
		if err := h.web.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			fail(h, fmt.Errorf("web listener %s: %w", endpoint, err))
		}
	}()
	base := "http://" + listener.Addr().String()
	if h.cfg.Web.TLS.HasValue() {
		base = "https://" + listener.Addr().String()
	}
	h.set.Logger.Info("serving answers", zap.String("metrics", base+"/metrics"), zap.String("api", base+"/api/v1/changes"))
	return nil
}

func (h *Host) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !h.ready.Load() {
		http.Error(w, "not ready: starting or stopping", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// metricsRoute is what scrapers read.
const metricsRoute = "GET /metrics"

// scrapers are those who read metrics again and again, by how the name that they give themselves begins.
var scrapers = []struct{ begins, name string }{
	{"Prometheus/", "prometheus"}, {"vm_promscrape", "vmagent"}, {"Alloy/", "alloy"}, {"GrafanaAgent/", "grafana-agent"},
}

// scraped counts who reads metrics, so that people can see whether anybody does. A person with curl isn't counted.
func scraped(tally *correlate.Tally, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, s := range scrapers {
			if strings.HasPrefix(r.UserAgent(), s.begins) {
				tally.Add(correlate.Count{What: "scraped", Source: s.name, Result: "served"}, 1)
			}
		}
		next.ServeHTTP(w, r)
	})
}
