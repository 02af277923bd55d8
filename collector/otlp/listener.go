package otlp

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/collector/admission"
)

// metered reserves what a connection holds for as long as it is open, and closes one that there is no room for.
type metered struct {
	net.Listener
	entry *entry
	each  int64
	used  *atomic.Int64 // by the connections of this listener
}

// connections is how many bytes the connections of one protocol may hold: those of one leave room for the other's.
func (e *entry) connections() int64 { return e.budget.Size() / 4 }

var noRoom = &admission.Refusal{Reason: admission.Busy, Text: "too many connections are open"}

func (m metered) Accept() (net.Conn, error) {
	for {
		conn, err := m.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if m.take() {
			return &meteredConn{Conn: conn, release: sync.OnceFunc(m.release)}, nil
		}
		m.entry.count(connections, noRoom)
		_ = conn.Close() // its sender will try again; there is nothing to tell him without holding it
	}
}

func (m metered) take() bool {
	if m.used.Add(m.each) <= m.entry.connections() && m.entry.budget.TakeIdle(m.each) {
		return true
	}
	m.used.Add(-m.each)
	return false
}

func (m metered) release() {
	m.used.Add(-m.each)
	m.entry.budget.ReleaseIdle(m.each)
}

type meteredConn struct {
	net.Conn
	release func()
}

func (c *meteredConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
