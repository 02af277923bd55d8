package kafka

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

const dialTimeout = 10 * time.Second

// dialFunc opens a network connection; tests put an in-memory network here.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newDialer makes the dialer of every connection, which all end when alive does.
func newDialer(alive context.Context, c *Config, dial dialFunc) (*kafkago.Dialer, error) {
	d := &kafkago.Dialer{ClientID: c.ClientID, Timeout: dialTimeout, DialFunc: bound(alive, dial)}
	if c.TLS != nil {
		config, err := c.TLS.LoadTLSConfig(alive)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		d.TLS = config
	}
	if c.SASL != nil {
		mechanism, err := c.SASL.mechanism()
		if err != nil {
			return nil, fmt.Errorf("sasl: %w", err)
		}
		d.SASLMechanism = mechanism
	}
	return d, nil
}

// mechanism never puts the password into an error.
func (c *SASLConfig) mechanism() (sasl.Mechanism, error) {
	switch strings.ToUpper(c.Mechanism) {
	case "PLAIN":
		return plain.Mechanism{Username: c.Username, Password: string(c.Password)}, nil
	case "SCRAM-SHA-256":
		return scrammed(scram.SHA256, c)
	case "SCRAM-SHA-512":
		return scrammed(scram.SHA512, c)
	}
	return nil, fmt.Errorf("mechanism: %q is unknown; use one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", c.Mechanism)
}

func scrammed(algorithm scram.Algorithm, c *SASLConfig) (sasl.Mechanism, error) {
	m, err := scram.Mechanism(algorithm, c.Username, string(c.Password))
	if err != nil {
		return nil, fmt.Errorf("username or password: not allowed by SASLprep (RFC 4013)")
	}
	return m, nil
}

// bound ties connections to a context, because the group client waits for an answer to a join up to 40 s and can't be
// interrupted otherwise.
func bound(alive context.Context, dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if err := alive.Err(); err != nil {
			return nil, err
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		b := &boundConn{Conn: conn}
		b.release = context.AfterFunc(alive, func() { _ = conn.Close() })
		return b, nil
	}
}

type boundConn struct {
	net.Conn
	once    sync.Once
	release func() bool
}

func (c *boundConn) Close() error {
	c.once.Do(func() { c.release() })
	return c.Conn.Close()
}
