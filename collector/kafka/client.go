package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.uber.org/zap"
)

const (
	dialTimeout = 10 * time.Second
	metadataAge = 10 * time.Second // how soon new partitions and topics are noticed
	fetchWait   = 500 * time.Millisecond
	fetchBytes  = 8 << 20 // of one answer of a broker; what waits to be applied is bounded by it
	fetchEach   = 1 << 20 // of it for one partition
)

// dialFunc opens a network connection; tests put an in-memory network here.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// clientOptions are the options of every client of a configuration, apart from what a session adds.
func clientOptions(c *Config, dial dialFunc, log *zap.Logger) ([]kgo.Opt, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.WithLogger(clientLog{log.Sugar()}),
		kgo.MetadataMaxAge(metadataAge),
		kgo.ConsumerGroup(c.GroupID),
		kgo.ConsumeTopics(c.topicNames()...),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.RebalanceTimeout(c.SessionTimeout), // a member slower than that is fenced, not waited for
		kgo.HeartbeatInterval(c.HeartbeatInterval),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(fetchWait),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(fetchEach),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // the ledger decides where reading goes on
	}
	if c.TLS != nil {
		secure, err := c.TLS.LoadTLSConfig(context.Background())
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		dial = secured(dial, secure)
	}
	if c.SASL != nil {
		mechanism, err := c.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("sasl: %w", err)
		}
		opts = append(opts, kgo.SASL(mechanism))
	}
	return append(opts, kgo.Dialer(dial)), nil
}

// secured makes every connection one of TLS; the name to verify is the broker's unless the configuration gives one.
func secured(dial dialFunc, config *tls.Config) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		named := config.Clone()
		if named.ServerName == "" {
			named.ServerName, _, _ = net.SplitHostPort(address)
		}
		client := tls.Client(conn, named)
		if err := client.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("tls: %w", err), conn.Close())
		}
		return client, nil
	}
}

// mechanism never puts the password into an error.
func (c *SASLConfig) mechanism() (sasl.Mechanism, error) {
	switch strings.ToUpper(c.Mechanism) {
	case "PLAIN":
		return plain.Auth{User: c.Username, Pass: string(c.Password)}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: c.Username, Pass: string(c.Password)}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: c.Username, Pass: string(c.Password)}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("mechanism: %q is unknown; use one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", c.Mechanism)
}

// clientLog hands the client library's messages on; what users need to know is said by this package.
type clientLog struct{ log *zap.SugaredLogger }

func (clientLog) Level() kgo.LogLevel { return kgo.LogLevelInfo }

func (l clientLog) Log(_ kgo.LogLevel, text string, pairs ...any) { l.log.Debugw(text, pairs...) }
