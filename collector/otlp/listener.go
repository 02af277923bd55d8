package otlp

import (
	"net"
	"sync"

	"github.com/shipwake/shipwake/collector/admission"
)

// metered reserves what a connection holds for as long as it is open, and closes one that there is no room for.
type metered struct {
	net.Listener
	entry *entry
	each  int64
}

var noRoom = &admission.Refusal{Reason: admission.Busy, Text: "too many connections are open"}

func (m metered) Accept() (net.Conn, error) {
	for {
		conn, err := m.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if m.entry.budget.TakeIdle(m.each) {
			return &meteredConn{Conn: conn, release: sync.OnceFunc(func() { m.entry.budget.ReleaseIdle(m.each) })}, nil
		}
		m.entry.count(connections, noRoom)
		_ = conn.Close() // its sender will try again; there is nothing to tell him without holding it
	}
}

type meteredConn struct {
	net.Conn
	release func()
}

func (c *meteredConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
