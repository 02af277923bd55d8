package kafkaclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// DialTimeout is how long a connection, or an answer to a question about offsets, may take.
const DialTimeout = 10 * time.Second

// metadataAge is how soon new partitions and topics are noticed.
const metadataAge = 10 * time.Second

// Dial opens a network connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what every client of a configuration is made with. They read the certificates of tls.
func (c *Config) Options(dial Dial, log *zap.Logger) ([]kgo.Opt, error) {
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second, Timeout: DialTimeout}).DialContext
	}
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.WithLogger(logger{log.Sugar()}),
		kgo.MetadataMaxAge(metadataAge),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
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
		if c.TLS == nil && strings.EqualFold(c.SASL.Mechanism, "PLAIN") {
			log.Warn("sasl PLAIN without tls sends the password in clear")
		}
	}
	return append(opts, kgo.Dialer(dial)), nil
}

// secured makes every connection one of TLS; the name to verify is the broker's unless the configuration gives one.
func secured(dial Dial, config *tls.Config) Dial {
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

// logger hands the client library's messages on; what users need to know is said by this package.
type logger struct{ log *zap.SugaredLogger }

func (logger) Level() kgo.LogLevel { return kgo.LogLevelInfo }

func (l logger) Log(_ kgo.LogLevel, text string, pairs ...any) { l.log.Debugw(text, pairs...) }
