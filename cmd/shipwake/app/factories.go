package app

import (
	"errors"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/exporter/nopexporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/exporter/otlphttpexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/zpagesextension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"

	"github.com/shipwake/shipwake/collector/admission"
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

// newFactories lists every component of the binary. A dataDir that isn't empty wins over the configuration.
func newFactories(dataDir string) (otelcol.Factories, error) {
	tally := &correlate.Tally{} // one for all doors of the process
	decisions := &told.Registry{}
	budget := admission.NewBudget(admission.DefaultBudget)
	info, _ := debug.ReadBuildInfo()
	receivers, rerr := otelcol.MakeFactoryMap[receiver.Factory](
		otlp.NewFactory(budget, tally),
		webhook.NewFactory(sources.Types(), tally),
		kafka.NewFactory(sources.Types(), tally),
		pull.NewFactory(sources.Types(), tally),
		kubernetes.NewFactory(tally),
		prometheus.NewFactory(tally),
		remotewrite.NewFactory(budget, tally),
		verdicts.NewFactory(decisions),
	)
	processors, perr := otelcol.MakeFactoryMap[processor.Factory](
		batchprocessor.NewFactory(),
		memorylimiterprocessor.NewFactory(),
	)
	exporters, eerr := otelcol.MakeFactoryMap[exporter.Factory](
		door.NewFactory(tally),
		otlpexporter.NewFactory(),
		otlphttpexporter.NewFactory(),
		debugexporter.NewFactory(),
		nopexporter.NewFactory(),
	)
	extensions, xerr := otelcol.MakeFactoryMap[extension.Factory](
		host.NewFactory(host.Options{Sinks: sinks.Factories(), Tally: tally, Version: number(info), DataDir: dataDir, Intake: budget, Told: decisions}),
		zpagesextension.NewFactory(),
	)
	return otelcol.Factories{
		Receivers: receivers, Processors: processors, Exporters: exporters, Extensions: extensions,
		ReceiverModules: modules(receivers, "receiver", info), ProcessorModules: modules(processors, "processor", info),
		ExporterModules: modules(exporters, "exporter", info), ExtensionModules: modules(extensions, "extension", info),
		Telemetry: otelconftelemetry.NewFactory(),
	}, errors.Join(rerr, perr, eerr, xerr)
}

// modules names the module of each component: one that follows the Collector's naming, else ours.
func modules[F component.Factory](factories map[component.Type]F, kind string, info *debug.BuildInfo) map[component.Type]string {
	named := map[component.Type]string{}
	if info == nil {
		return named
	}
	for t := range factories {
		named[t] = info.Main.Path + " " + number(info)
		suffix := "/" + kind + "/" + strings.ReplaceAll(strings.TrimSuffix(t.String(), "_grpc"), "_", "") + kind
		for _, m := range info.Deps {
			if strings.HasSuffix(m.Path, suffix) {
				named[t] = m.Path + " " + m.Version
			}
		}
	}
	return named
}
