package otlp

import (
	"net"
	"sync"

	"github.com/shipwake/shipwake/collector/admission"
)

// metered reserves what a connection holds for as long as it is open, and closes one that there is no room for.
type metered struct {
	net.Listener
	budget *admission.Budget
	each   int64
}

func (m metered) Accept() (net.Conn, error) {
	for {
		conn, err := m.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if m.budget.TakeIdle(m.each) {
			return &meteredConn{Conn: conn, release: sync.OnceFunc(func() { m.budget.ReleaseIdle(m.each) })}, nil
		}
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
