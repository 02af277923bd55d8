package otlp

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/shipwake/shipwake/collector/admission"
)

// Config is the configuration of the receiver. Protocols is that of the Collector's own OTLP receiver.
type Config struct {
	// Protocols are what it speaks, at least one of them.
	Protocols Protocols `mapstructure:"protocols"`
	// MaxMemory is how many bytes all requests that are on their way in may hold at once, over all OTLP receivers of the
	// process; the last one to start wins. 0 leaves it to the process. More takes larger bursts, and memory.
	MaxMemory int64 `mapstructure:"max_memory"`
	// MaxRequestMemory is how many bytes of that one request may take when it is decoded; 0 is half.
	MaxRequestMemory int64 `mapstructure:"max_request_memory"`
}

// Protocols are what the receiver speaks; at least one of them.
type Protocols struct {
	// GRPC, HTTP and Kafka are on as soon as they are named.
	GRPC  configoptional.Optional[configgrpc.ServerConfig] `mapstructure:"grpc"`
	HTTP  configoptional.Optional[HTTPConfig]              `mapstructure:"http"`
	Kafka configoptional.Optional[KafkaConfig]             `mapstructure:"kafka"`
}

// HTTPConfig is a server and the path of each signal.
type HTTPConfig struct {
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// TracesURLPath, MetricsURLPath and LogsURLPath are where each signal is taken.
	TracesURLPath  urlPath `mapstructure:"traces_url_path,omitempty"`
	MetricsURLPath urlPath `mapstructure:"metrics_url_path,omitempty"`
	LogsURLPath    urlPath `mapstructure:"logs_url_path,omitempty"`
}

// urlPath is a path that begins with a slash.
type urlPath string

// UnmarshalText adds the slash.
func (p *urlPath) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	if err != nil {
		return fmt.Errorf("%q is not the path of a URL: %w", text, err)
	}
	if !path.IsAbs(u.Path) {
		u.Path = "/" + u.Path
	}
	*p = urlPath(u.Path)
	return nil
}

// The limits that are set unless configured.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second // of a whole request
	maxBody           = 20 << 20         // max_request_body_size, in bytes
	maxMessage        = 4 << 20          // max_recv_msg_size_mib, in bytes
	// A connection's read buffer is there as long as the connection.
	grpcReadBuffer = 32 << 10
)

func defaultConfig() component.Config {
	grpc := configgrpc.NewDefaultServerConfig()
	grpc.NetAddr.Endpoint = "localhost:4317"
	grpc.ReadBufferSize = grpcReadBuffer
	http := confighttp.NewDefaultServerConfig()
	http.NetAddr.Endpoint = "localhost:4318"
	http.ReadHeaderTimeout = readHeaderTimeout
	http.ReadTimeout = readTimeout
	http.WriteTimeout = 0 // how long what follows takes is its business
	return &Config{Protocols: Protocols{
		GRPC: configoptional.Default(grpc),
		HTTP: configoptional.Default(HTTPConfig{
			ServerConfig: http, TracesURLPath: "/v1/traces", MetricsURLPath: "/v1/metrics", LogsURLPath: "/v1/logs",
		}),
		Kafka: configoptional.Default(defaultKafka()),
	}}
}

// Validate names the key that is wrong and what would be right.
func (c *Config) Validate() error {
	var problems []error
	if !c.Protocols.GRPC.HasValue() && !c.Protocols.HTTP.HasValue() && !c.Protocols.Kafka.HasValue() {
		problems = append(problems, errors.New("protocols: name at least one of grpc, http and kafka"))
	}
	if c.MaxMemory < 0 || (c.MaxMemory > 0 && c.MaxMemory < 1<<20) {
		problems = append(problems, fmt.Errorf("max_memory: %d: must be at least 1048576 bytes, or 0 for the process's share", c.MaxMemory))
	}
	if c.MaxRequestMemory < 0 || (c.MaxMemory > 0 && c.MaxRequestMemory > c.MaxMemory) {
		problems = append(problems, fmt.Errorf("max_request_memory: %d: must be at most max_memory (%d), or 0 for half of it",
			c.MaxRequestMemory, c.MaxMemory))
	}
	if http := c.Protocols.HTTP.Get(); c.Protocols.HTTP.HasValue() {
		for _, name := range http.ServerConfig.CompressionAlgorithms {
			if !admission.KnowsEncoding(name) {
				problems = append(problems, fmt.Errorf("protocols::http::compression_algorithms: %q is unknown; the known ones are %s",
					name, strings.Join(slices.Sorted(slices.Values(admission.Encodings())), ", ")))
			}
		}
	}
	return errors.Join(problems...)
}
