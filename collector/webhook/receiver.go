package webhook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/listen"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// maxHeaderBytes bounds the header of a request; the largest known sender uses about 2 KiB.
const maxHeaderBytes = 32 << 10

type webhook struct {
	set     receiver.Settings
	cfg     *Config
	handler *handler
	server  *http.Server
	addr    net.Addr // where it listens
	done    sync.WaitGroup
}

// minBudget is how many bytes of bodies may be in memory at once, at least. It is apart from what telemetry may hold, so
// that telemetry is refused first, and webhooks last.
const minBudget = 64 << 20

func newReceiver(set receiver.Settings, cfg *Config, known []source.Source, tally *correlate.Tally) (*webhook, error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, Transport: "http", ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	h := &handler{
		sources: map[string]*liveSource{},
		limit:   cfg.MaxBodySize,
		tally:   tally,
		report:  report,
		log:     set.Logger,
	}
	for name, sc := range cfg.sources() {
		live, err := newLiveSource(name, sc, known, set.Logger)
		if err != nil {
			return nil, err
		}
		live.guarded, live.closed = cfg.onTrust(sc), cfg.closed(sc)
		h.sources[name] = live
		h.countFromZero(name)
	}
	h.names = slices.Sorted(maps.Keys(h.sources))
	h.budget = admission.NewBudget(max(minBudget, 4*h.largest()))
	return &webhook{set: set, cfg: cfg, handler: h}, nil
}

// largest is how large a body of any source may be, in bytes.
func (h *handler) largest() int64 {
	most := h.limit
	for _, live := range h.sources {
		most = max(most, live.MaxBody())
	}
	return most
}

// Start finds the intake, listens, and returns when connections are taken.
func (w *webhook) Start(ctx context.Context, host component.Host) error {
	intake, err := source.FindIntake(host)
	if err != nil {
		return fmt.Errorf("receiver %q: %w", w.set.ID, err)
	}
	config := w.cfg.ServerConfig
	config.CompressionAlgorithms = []string{}                    // signatures are over the bytes as sent, so the handler itself decompresses
	config.MaxRequestBodySize = w.handler.largest() + maxSurplus // the handler itself keeps to the limit
	server, err := config.ToServer(ctx, host.GetExtensions(), w.set.TelemetrySettings, w.handler)
	if err != nil {
		return err
	}
	if listen.Plain(&config) {
		server.Handler = http.MaxBytesHandler(w.handler, config.MaxRequestBodySize)
	}
	server.MaxHeaderBytes = maxHeaderBytes
	listen.Limit(server, w.cfg.MaxConnections)
	listener, err := config.ToListener(ctx)
	if err != nil {
		return fmt.Errorf("can't listen for webhooks on %s: %w; receivers::%s::endpoint sets another address",
			config.NetAddr.Endpoint, err, w.set.ID)
	}
	w.handler.intake = intake
	for _, name := range w.handler.names {
		intake.Register(name, w.handler.sources[name].Projector())
	}
	w.server, w.addr = server, listener.Addr()
	w.set.Logger.Info("Taking webhooks", zap.Stringer("address", w.addr), zap.Strings("sources", w.handler.open()))
	w.done.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown takes no more connections and waits until every delivery that is under way has its answer.
func (w *webhook) Shutdown(ctx context.Context) error {
	if w.server == nil {
		return nil
	}
	err := w.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, w.server.Close())
	}
	w.done.Wait()
	return err
}
