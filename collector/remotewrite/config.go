package remotewrite

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"

	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// Config is the configuration of the receiver; the package comment shows it as YAML.
type Config struct {
	// ServerConfig is the HTTP server. max_request_body_size bounds a body in bytes as it comes and decompressed; 32 MiB
	// unless set, as in Prometheus.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// Hold is how long a scrape may take to come in whole. Longer forgives slower senders, and answers later.
	Hold time.Duration `mapstructure:"hold"`
	// Environment is that of services whose series don't tell one.
	Environment string `mapstructure:"environment"`
	// ReplicaLabels tell apart servers that scrape the same targets; one of them is listened to.
	ReplicaLabels []string `mapstructure:"replica_labels"`
	// Choice is which families are read.
	families.Choice `mapstructure:",squash"`
	// MaxConnections bounds the connections that are open at once.
	MaxConnections int `mapstructure:"max_connections"`
}

const (
	defaultEndpoint       = "127.0.0.1:4319"
	defaultHold           = 10 * time.Second
	defaultMaxConnections = 1000
	defaultBody           = 32 << 20
	mostBody              = 256 << 20

	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
)

func defaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = defaultEndpoint
	server.ReadHeaderTimeout = readHeaderTimeout
	server.ReadTimeout = readTimeout
	server.WriteTimeout = 0 // how long what follows takes is its business
	server.MaxRequestBodySize = defaultBody
	return &Config{
		ServerConfig: server, Hold: defaultHold, MaxConnections: defaultMaxConnections,
		ReplicaLabels: []string{"prometheus_replica", "replica", "__replica__"},
	}
}

// Validate names the key that is wrong and what would be right.
func (c *Config) Validate() error {
	var problems []error
	if c.Hold < 0 || c.Hold > 5*time.Minute {
		problems = append(problems, fmt.Errorf("hold: %v: must be from 0s to 5m", c.Hold))
	}
	if c.MaxConnections < 1 {
		problems = append(problems, errors.New("max_connections: must be at least 1"))
	}
	if n := c.ServerConfig.MaxRequestBodySize; n < 1 || n > mostBody {
		problems = append(problems, fmt.Errorf("max_request_body_size: %d: must be from 1 to %d bytes", n, mostBody))
	}
	_, err := c.Table()
	return errors.Join(append(problems, err)...)
}
