package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/listen"
)

// exposure warns, at every start and reload, of OTLP endpoints that other machines reach without saying who they are.
// It changes nothing: in a cluster that is how the Collector is used, and the network decides there.
type exposure struct{ log *zap.Logger }

func newExposure(set confmap.ConverterSettings) confmap.Converter { return exposure{set.Logger} }

func (e exposure) Convert(_ context.Context, conf *confmap.Conf) error {
	for _, key := range openEndpoints(conf) {
		e.log.Warn("Whoever reaches this address can send telemetry, and so make a service look healthy or not; "+
			"set tls with client_ca_file or auth beside it, or keep strangers off that network", zap.String("key", key))
	}
	return nil
}

// openEndpoints are the keys of the endpoints of OTLP receivers that neither a loopback address nor a check protects.
func openEndpoints(conf *confmap.Conf) []string {
	var keys []string
	receivers := section(conf.ToStringMap(), "receivers")
	for _, id := range slices.Sorted(maps.Keys(receivers)) {
		if kind, _, _ := strings.Cut(id, "/"); kind != "otlp" {
			continue
		}
		protocols := section(section(receivers, id), "protocols")
		for _, protocol := range slices.Sorted(maps.Keys(protocols)) {
			server := section(protocols, protocol)
			endpoint, _ := server["endpoint"].(string)
			transport, _ := server["transport"].(string)
			addr := confignet.AddrConfig{Endpoint: endpoint, Transport: confignet.TransportType(transport)}
			_, checked := section(server, "tls")["client_ca_file"]
			if endpoint != "" && !listen.Loopback(addr) && !checked && section(server, "auth") == nil {
				keys = append(keys, strings.Join([]string{"receivers", id, "protocols", protocol, "endpoint"}, confmap.KeyDelimiter))
			}
		}
	}
	return keys
}

func section(of map[string]any, key string) map[string]any {
	inner, _ := of[key].(map[string]any)
	return inner
}
