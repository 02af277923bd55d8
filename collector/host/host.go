// Package host answers: who owns the engine, the ledger and the sinks?
//
// The extension `correlate` does. Extensions start before and stop after the pipelines, so that everything a door
// accepts has somewhere to go. Deliveries are committed to the ledger first, with the facts read from them, and
// acknowledged; one loop then applies the facts to the engine in the order of the ledger, commits what follows, and only
// then tells the sinks. In the background, deliveries that were read by another version of their source or under other
// naming rules are read again, and what that changes follows in the ledger.
package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/host/late"
	"github.com/shipwake/shipwake/collector/host/numbers"
	"github.com/shipwake/shipwake/collector/host/people"
	"github.com/shipwake/shipwake/collector/host/records"
	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/collector/owners"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
)

// Host is the extension. It implements Feed for the doors and source.Intake for receivers.
type Host struct {
	set component.TelemetrySettings
	cfg Config
	opt Options

	records.Recorder

	ledger    ledger.Ledger
	engine    *engine.Engine
	memory    *heap
	late      *late.Archive // nil when nothing is kept, as are the two that go with it
	judge     *late.Judge
	found     chan finding
	numbers   *numbers.Numbers
	sinks     []sinks.Sink
	outbox    *outbox
	rollbacks *rollbacks.Desk
	web       *http.Server
	host      component.Host

	ends direct.Registry // where receivers find the doors that need no decoding

	mu         sync.Mutex
	measured   []Measurer
	projectors map[string]source.Projector // by source
	naming     *names.Rules                // of services, environments and versions
	owners     *owners.Owners              // of services
	settled    settled

	wake    chan struct{} // facts were committed
	express express
	fresh   fresh
	// questions are asked by readers and answered by the loop.
	questions chan question
	stop      context.CancelFunc
	done      sync.WaitGroup
	status    atomic.Pointer[sinks.Status]
	queues    atomic.Pointer[[]sinks.Queue]
	backlog   atomic.Pointer[ledger.Backlog] // as it was last read
	ready     atomic.Bool
}

func newHost(set component.TelemetrySettings, cfg Config, o Options) *Host {
	if o.DataDir != "" {
		cfg.DataDir = o.DataDir
	}
	if o.Tally == nil {
		o.Tally = &correlate.Tally{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	h := &Host{set: set, cfg: cfg, opt: o, wake: make(chan struct{}, 1), questions: make(chan question), memory: newMemory(cfg.Memory), naming: &names.Rules{}}
	h.numbers = numbers.New(numbers.Desk{Dir: cfg.DataDir, Log: set.Logger, Told: h.told, Most: counted(int64(cfg.Memory.Limit))})
	h.status.Store(&sinks.Status{NotReady: "starting"})
	return h
}

// Start opens the ledger, restores the engine from it, and starts the loop and the web listener.
func (h *Host) Start(ctx context.Context, host component.Host) error {
	h.host = host
	if err := h.open(ctx); err != nil {
		return err
	}
	loopCtx, stop := context.WithCancel(context.Background())
	h.stop = stop
	people.Register(h)
	h.done.Go(func() { h.outbox.run(loopCtx) })
	h.done.Add(1)
	go func() {
		defer h.done.Done()
		newLoop(h).run(loopCtx)
	}()
	h.done.Go(func() { h.numbers.Run(loopCtx, h.ledger) })
	h.done.Go(func() { h.reproject(loopCtx) })
	h.done.Go(func() { h.archive(loopCtx) })
	h.done.Go(func() { h.judgeLate(loopCtx) })
	return h.startWeb(ctx, host)
}

// open opens the ledger, restores the engine from it, and makes the sinks.
func (h *Host) open(ctx context.Context) error {
	l, err := sqlite.Open(ctx, sqlite.Options{
		Dir: h.cfg.DataDir, Reserve: h.cfg.DiskReserve, Now: h.opt.Now, Unsynced: h.opt.Unsynced, Release: h.opt.Version,
	})
	if err != nil {
		return err
	}
	h.keepIn(l)
	h.Read(l)
	if h.naming, err = names.New(h.cfg.Names); err != nil {
		return fmt.Errorf("names: %w", err)
	}
	if err := openOwners(h); err != nil {
		return err
	}
	h.memory.apply()
	if h.opt.Intake != nil {
		h.opt.Intake.Resize(int64(h.cfg.Memory.Limit) / 4)
	}
	cfg := h.cfg.engineConfig()
	cfg.Memory, cfg.Owned = h.memory.store, h.owners.Owned
	h.engine = engine.New(cfg)
	if err := h.openArchive(cfg); err != nil {
		return err
	}
	if err := restore(ctx, h.engine, l, cfg, h.opt.Now()); err != nil {
		return fmt.Errorf("restore from %s: %w", h.cfg.DataDir, err)
	}
	if err := h.startSinks(); err != nil {
		return err
	}
	h.outbox = newOutbox(h)
	return nil
}

// keepIn says where everything is kept.
func (h *Host) keepIn(l ledger.Ledger) {
	h.ledger = l
	h.rollbacks = rollbacks.New(rollbacks.Options{Config: h.cfg.Rollback, Ledger: l, Log: h.set.Logger, Tally: h.opt.Tally, Now: h.opt.Now})
}

// openOwners reads whose the services are. What is wrong in a file of owners is told and holds nothing up.
func openOwners(h *Host) (err error) {
	h.owners, err = owners.New(h.cfg.Owners, h.naming.Service)
	if err != nil {
		return fmt.Errorf("owners: %w", err)
	}
	for _, p := range h.owners.Problems() {
		h.set.Logger.Error("A file of owners has a mistake; what it says there is left out", zap.Error(p))
	}
	return nil
}

// NotifyConfigSnapshot implements extensioncapabilities.ConfigSnapshotWatcher: it is called before the pipelines start.
func (h *Host) NotifyConfigSnapshot(_ context.Context, snapshot extensioncapabilities.ConfigSnapshot) error {
	pipelines, err := direct.Read(snapshot.Effective())
	if err != nil {
		return err
	}
	h.ends.Configure(pipelines)
	return nil
}

// DirectEnds implements direct.Keeper.
func (h *Host) DirectEnds() *direct.Registry { return &h.ends }

// Ready implements extensioncapabilities.PipelineWatcher: all receivers take what comes.
func (h *Host) Ready() error {
	h.ends.Settle()
	h.ready.Store(true)
	if h.opt.Health != nil {
		h.opt.Health.Ready()
	}
	return nil
}

// NotReady implements extensioncapabilities.PipelineWatcher: receivers are about to stop.
func (h *Host) NotReady() error {
	h.ready.Store(false)
	if h.opt.Health != nil {
		h.opt.Health.NotReady()
	}
	return nil
}

// Shutdown stops the listener and the loop, which takes in what the doors had accepted, and closes the ledger. It may
// be called after a Start that failed half way.
func (h *Host) Shutdown(ctx context.Context) error {
	h.ready.Store(false)
	var errs []error
	if h.web != nil {
		errs = append(errs, h.web.Shutdown(ctx))
	}
	if h.stop != nil {
		h.stop()
	}
	h.done.Wait()
	h.numbers.Close(ctx)
	for _, s := range h.sinks {
		errs = append(errs, s.Close())
	}
	if h.ledger != nil {
		errs = append(errs, h.ledger.Close())
	}
	return errors.Join(errs...)
}

// Attach implements Feed.
func (h *Host) Attach(m Measurer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, known := range h.measured {
		if known == m {
			return
		}
	}
	h.measured = append(h.measured, m)
}

func (h *Host) measurers() []Measurer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.measured
}

// Signals implements Feed.
func (h *Host) Signals() []correlate.Signal { return h.cfg.Signals }

// Resolution implements Feed.
func (h *Host) Resolution() time.Duration { return h.cfg.Resolution }

// Room implements Feed.
func (h *Host) Room() int64 { return h.memory.reducer }

// Admit implements Feed.
func (h *Host) Admit() error { return h.memory.admit() }

// fail reports an error that the daemon can't go on with.
func fail(h *Host, err error) {
	h.set.Logger.Error("correlate stops", zap.Error(err))
	componentstatus.ReportStatus(h.host, componentstatus.NewFatalErrorEvent(err))
}
