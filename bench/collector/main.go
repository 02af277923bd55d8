// Command collector is the peer of the ingest benchmark: an OpenTelemetry Collector that turns spans into span metrics, and
// with the tag servicegraph also into a service graph, and serves them, and the metrics it is sent, to Prometheus.
//
// It is a module of its own because it needs another release of the Collector than the product.
package main

import (
	"fmt"
	"os"

	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/spanmetricsconnector"
	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/prometheusexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Description: "span metrics to Prometheus", Version: "0.155.0"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			ProviderFactories: []confmap.ProviderFactory{envprovider.NewFactory(), fileprovider.NewFactory()},
		}},
	})
	if err := command.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func factories() (otelcol.Factories, error) {
	otlp, limiter := otlpreceiver.NewFactory(), memorylimiterprocessor.NewFactory()
	prometheus := prometheusexporter.NewFactory()
	connectors := map[component.Type]connector.Factory{}
	for _, c := range append(graph(), spanmetricsconnector.NewFactory()) {
		connectors[c.Type()] = c
	}
	return otelcol.Factories{
		Receivers:  map[component.Type]receiver.Factory{otlp.Type(): otlp},
		Processors: map[component.Type]processor.Factory{limiter.Type(): limiter},
		Connectors: connectors,
		Exporters:  map[component.Type]exporter.Factory{prometheus.Type(): prometheus},
		Telemetry:  otelconftelemetry.NewFactory(),
	}, nil
}
