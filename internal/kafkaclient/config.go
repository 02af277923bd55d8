// Package kafkaclient answers: how is a Kafka cluster reached, and as whom?
//
// It holds the keys that all have who read from Kafka or write to it, and the options of the client library that follow from
// them. Only what is committed is read.
package kafkaclient

import (
	"errors"
	"slices"

	"go.opentelemetry.io/collector/config/configtls"
)

// Config is how to reach a cluster; it is squashed into the configuration of who uses it.
type Config struct {
	// Brokers are the addresses to find the cluster by, host:port.
	Brokers []string `mapstructure:"brokers"`
	// ClientID is how the broker's logs and quotas name this client.
	ClientID string `mapstructure:"client_id"`
	// TLS, when set, secures every connection.
	TLS *configtls.ClientConfig `mapstructure:"tls"`
	// SASL, when set, authenticates every connection.
	SASL *SASL `mapstructure:"sasl"`
}

// Default is a broker on this machine.
func Default() Config {
	return Config{Brokers: []string{"localhost:9092"}, ClientID: "shipwake"}
}

// Validate checks the keys of a cluster.
func (c *Config) Validate() error {
	if len(c.Brokers) == 0 || slices.Contains(c.Brokers, "") {
		return errors.New("brokers: at least one host:port is required, none empty")
	}
	return nil
}
