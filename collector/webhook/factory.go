package webhook

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const (
	defaultEndpoint    = "127.0.0.1:8787"
	defaultMaxBodySize = 5 << 20

	defaultMaxConnections = 1000

	// A sender has this long for the header and for the whole request; a delivery takes milliseconds.
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	// writeTimeout counts from the end of the header, so it must cover reading, committing and answering.
	writeTimeout  = readTimeout + commitTimeout + 5*time.Second
	commitTimeout = 25 * time.Second
)

// Type is the receiver's type in a configuration.
func Type() component.Type { return component.MustNewType("change_webhook") }

// NewFactory makes the factory of the receiver for the given sources. What comes in is counted in the tally. It is a
// receiver of logs because a Collector runs a receiver only as part of a pipeline, and stops it before the extensions; the
// pipeline itself gets nothing, since deliveries go to the intake.
func NewFactory(sources []source.Source, tally *correlate.Tally) receiver.Factory {
	create := func(_ context.Context, set receiver.Settings, cfg component.Config, _ consumer.Logs) (receiver.Logs, error) {
		config, ok := cfg.(*Config)
		if !ok {
			return nil, fmt.Errorf("the configuration must be a *webhook.Config, not a %T", cfg)
		}
		return newReceiver(set, config, sources, tally)
	}
	return receiver.NewFactory(Type(), func() component.Config { return defaultConfig(sources) },
		receiver.WithLogs(create, component.StabilityLevelDevelopment))
}

func defaultConfig(sources []source.Source) *Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.ReadHeaderTimeout = readHeaderTimeout
	server.ReadTimeout = readTimeout
	server.WriteTimeout = writeTimeout
	return &Config{ServerConfig: server, MaxBodySize: defaultMaxBodySize, MaxConnections: defaultMaxConnections, known: sources}
}
