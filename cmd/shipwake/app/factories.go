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
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"

	"github.com/shipwake/shipwake/collector/components"
	"github.com/shipwake/shipwake/collector/host"
)

// newFactories lists every component of the binary. A dataDir that isn't empty wins over the configuration; health may be nil.
func newFactories(dataDir string, health host.Health) (otelcol.Factories, error) {
	info, _ := debug.ReadBuildInfo()
	ours := components.New(number(info), dataDir, health)
	receivers, rerr := otelcol.MakeFactoryMap(ours.Receivers()...)
	processors, perr := otelcol.MakeFactoryMap[processor.Factory](
		batchprocessor.NewFactory(),
		memorylimiterprocessor.NewFactory(),
	)
	exporters, eerr := otelcol.MakeFactoryMap[exporter.Factory](
		ours.Door,
		otlpexporter.NewFactory(),
		otlphttpexporter.NewFactory(),
		debugexporter.NewFactory(),
		nopexporter.NewFactory(),
	)
	extensions, xerr := otelcol.MakeFactoryMap[extension.Factory](
		ours.Correlate,
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
