// Package components answers: which components of a Collector are Shipwake's, and what do those of one process share?
//
// Components that are made together count in one tally, hold requests in one budget, and meet: the exporter finds the
// extension among those of its host, the receiver of verdicts takes a seat at it. Each folder below gives one of Shared to the
// Collector builder, which wants a package with a NewFactory for every component.
package components

import (
	"runtime/debug"
	"sync"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/commits/follow"
	"github.com/shipwake/shipwake/collector/door"
	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/kafka"
	"github.com/shipwake/shipwake/collector/kubernetes"
	"github.com/shipwake/shipwake/collector/otlp"
	"github.com/shipwake/shipwake/collector/prometheus"
	"github.com/shipwake/shipwake/collector/pull"
	"github.com/shipwake/shipwake/collector/remotewrite"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/told"
	"github.com/shipwake/shipwake/collector/verdicts"
	"github.com/shipwake/shipwake/collector/webhook"
	"github.com/shipwake/shipwake/correlate"
	sinks "github.com/shipwake/shipwake/sinks/all"
)

// Components are the factories that belong together.
type Components struct {
	Correlate extension.Factory // decides, keeps the ledger, serves readers, tells the sinks
	Door      exporter.Factory  // takes telemetry and reported changes out of a pipeline

	OTLP        receiver.Factory // the OTLP receiver that reads protobuf directly where nothing stands in between
	Webhook     receiver.Factory
	Kafka       receiver.Factory
	Pull        receiver.Factory
	Kubernetes  receiver.Factory
	Prometheus  receiver.Factory
	RemoteWrite receiver.Factory
	Verdicts    receiver.Factory
}

// New makes factories that share what they must. A dataDir that isn't empty wins over the configuration; health may be nil.
func New(version, dataDir string, health host.Health) Components {
	tally, desk := &correlate.Tally{}, &told.Registry{}
	budget := admission.NewBudget(admission.DefaultBudget)
	return Components{
		Correlate: host.NewFactory(host.Options{
			Sinks: sinks.Factories(), Tally: tally, Version: version, DataDir: dataDir, Intake: budget, Told: desk, Health: health,
		}),
		Door:        door.NewFactory(tally),
		OTLP:        otlp.NewFactory(budget, tally),
		Webhook:     webhook.NewFactory(sources.Types(), tally),
		Kafka:       kafka.NewFactory(sources.Types(), tally),
		Pull:        pull.NewFactory(append(sources.Types(), follow.Sources()...), tally),
		Kubernetes:  kubernetes.NewFactory(tally),
		Prometheus:  prometheus.NewFactory(tally),
		RemoteWrite: remotewrite.NewFactory(budget, tally),
		Verdicts:    verdicts.NewFactory(desk),
	}
}

// Receivers lists them.
func (c Components) Receivers() []receiver.Factory {
	return []receiver.Factory{c.OTLP, c.Webhook, c.Kafka, c.Pull, c.Kubernetes, c.Prometheus, c.RemoteWrite, c.Verdicts}
}

// Shared are those of a Collector that the builder makes: its packages are called one by one, and have nothing else in common.
var Shared = sync.OnceValue(func() Components {
	info, _ := debug.ReadBuildInfo()
	return New(versionIn(info), "", nil)
})

const module = "github.com/shipwake/shipwake"

// versionIn is that of Shipwake among the modules of a binary.
func versionIn(info *debug.BuildInfo) string {
	if info != nil {
		for _, m := range info.Deps {
			if m.Path == module {
				return m.Version
			}
		}
	}
	return "devel"
}
