package kubernetes

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// watching is the receiver: each kind of workloads in each namespace is watched in a goroutine of its own.
type watching struct {
	set   receiver.Settings
	cfg   *Config
	tally *correlate.Tally
	// connect is the way to the cluster; tests put a cluster in memory here.
	connect func(*Config) (api, error)

	stop context.CancelFunc // nil before Start
	done sync.WaitGroup
}

func newWatching(set receiver.Settings, cfg *Config, tally *correlate.Tally) *watching {
	return &watching{set: set, cfg: cfg, tally: tally, connect: connect}
}

// Start returns without waiting for an answer of the cluster.
func (w *watching) Start(_ context.Context, host component.Host) error {
	intake, err := source.FindIntake(host)
	if err != nil {
		return err
	}
	configured, err := w.cfg.source.Configure(w.name(), w.cfg.Keys)
	if err != nil {
		return err
	}
	cluster, err := w.connect(w.cfg)
	if err != nil {
		return err
	}
	intake.Register(configured.Name(), configured.Projector())
	count := following.Counter{Tally: w.tally, Source: configured.Name()}
	count.Announce(results()...)
	t := &tracker{
		source: configured, intake: intake, count: count, revisions: cluster.revisions, namespace: noLabels, turn: make(chan struct{}, 1),
	}
	if w.cfg.asksNamespaces() {
		t.namespace = cluster.namespace
	}
	alive, stop := context.WithCancel(context.Background())
	w.stop = stop
	health := &following.Health{Host: host}
	for _, k := range kinds() {
		for _, scope := range w.cfg.scopes() {
			one := &watcher{kind: k, scope: scope, selector: w.cfg.LabelSelector, api: cluster, tracker: t, count: count, health: health, log: w.set.Logger}
			w.done.Go(func() { one.run(alive) })
		}
	}
	w.set.Logger.Info("watching rollouts", zap.String("name", configured.Name()), zap.Strings("namespaces", w.cfg.Namespaces))
	return nil
}

func noLabels(context.Context, string) (map[string]string, error) { return nil, nil }

// name is that of the deliveries.
func (w *watching) name() string {
	switch own := w.set.ID.Name(); {
	case w.cfg.Name != "":
		return w.cfg.Name
	case own != "":
		return w.cfg.source.Name + "-" + own
	default:
		return w.cfg.source.Name
	}
}

// Shutdown ends watches and requests that are under way; what they would have told is found at the next start.
func (w *watching) Shutdown(context.Context) error {
	if w.stop != nil {
		w.stop()
	}
	w.done.Wait()
	return nil
}
