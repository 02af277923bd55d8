package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/door"
	"github.com/shipwake/shipwake/collector/otlp"
)

// writeWays lists how requests in protobuf are read, in YAML.
func writeWays(ctx context.Context, w io.Writer, set otelcol.CollectorSettings) (err error) {
	resolver, err := confmap.NewResolver(set.ConfigProviderSettings.ResolverSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resolver.Shutdown(ctx)) }()
	conf, err := resolver.Resolve(ctx)
	if err != nil {
		return err
	}
	pipelines, err := direct.Read(conf)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, "protobuf:"); err != nil {
		return err
	}
	for _, way := range pipelines.Ways(otlp.Type(), door.Type) {
		read := "decoded"
		if way.Direct {
			read = "direct"
		}
		if _, err := fmt.Fprintf(w, "    - receiver: %s\n      signal: %s\n      read: %s\n", way.Receiver, way.Signal, read); err != nil {
			return err
		}
	}
	return nil
}
