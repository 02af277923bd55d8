package listen

import (
	"container/list"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
)

// Limit bounds the connections of a server that hasn't started yet. The next one beyond makes room by closing that which has
// waited the longest for its sender: to say what it wants, or to ask again. Only when none waits, that is closed which has
// been answered the longest, to a reader that doesn't read. So senders that never finish take turns among themselves, and
// one that sends at once is answered whatever the others do.
func Limit(server *http.Server, most int) {
	l := &limit{most: most, conns: map[net.Conn]*connection{}, next: server.Handler}
	server.Handler = l
	server.ConnState = l.changed
	server.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
}

type connKey struct{}

// limit knows every connection of one server.
type limit struct {
	most int
	next http.Handler

	mu      sync.Mutex
	conns   map[net.Conn]*connection
	waiting list.List // connections from which something is awaited, the longest first
	working list.List // connections whose request is here whole, the longest first
}

// connection is in one of the lists; busy is how many of its requests are here whole (HTTP/2 has several at a time).
type connection struct {
	net.Conn
	place *list.Element
	busy  int
}

// changed follows the life of a connection. It is called for a new one before anything is read from it.
func (l *limit) changed(c net.Conn, state http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew:
		if len(l.conns) >= l.most {
			l.makeRoom()
		}
		known := &connection{Conn: c}
		known.place = l.waiting.PushBack(known)
		l.conns[c] = known
	case http.StateClosed, http.StateHijacked:
		l.forget(l.conns[c])
	}
}

func (l *limit) makeRoom() {
	oldest := l.waiting.Front()
	if oldest == nil {
		oldest = l.working.Front()
	}
	if oldest == nil {
		return
	}
	known := oldest.Value.(*connection)
	l.forget(known)
	plain := known.Conn
	if over, ok := plain.(*tls.Conn); ok {
		plain = over.NetConn() // a farewell by TLS would wait for a peer that doesn't read
	}
	_ = plain.Close() // its own goroutine sees that and ends
}

func (l *limit) forget(c *connection) {
	if c == nil {
		return
	}
	l.waiting.Remove(c.place)
	l.working.Remove(c.place)
	delete(l.conns, c.Conn)
}

// ServeHTTP counts a connection as working from the end of the request's body to the end of its answer.
func (l *limit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	var once sync.Once
	begin := func() { once.Do(func() { l.move(c, 1) }) }
	if r.Body == nil || r.Body == http.NoBody {
		begin()
	} else {
		r = r.WithContext(r.Context()) // a copy: the server itself looks at what kind of body its own request has
		r.Body = &untilEnd{r.Body, begin}
	}
	defer func() {
		ended := false
		once.Do(func() { ended = true }) // a body that nobody read to its end
		if !ended {
			l.move(c, -1)
		}
	}()
	l.next.ServeHTTP(w, r)
}

func (l *limit) move(conn net.Conn, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.conns[conn]
	if c == nil {
		return // it was closed to make room
	}
	before := c.busy
	c.busy += by
	if (before > 0) == (c.busy > 0) {
		return
	}
	from, to := &l.waiting, &l.working
	if c.busy == 0 {
		from, to = to, from
	}
	from.Remove(c.place)
	c.place = to.PushBack(c)
}

// untilEnd tells when a body has come whole, or has failed.
type untilEnd struct {
	io.ReadCloser
	end func()
}

func (b *untilEnd) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.end()
	}
	return n, err
}
