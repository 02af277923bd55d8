package listen

import (
	"container/list"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
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
	since time.Time // when it came into the list
	busy  int
}

// patience is how long every connection may take to say what it wants, however many others come.
const patience = 200 * time.Millisecond

// changed follows the life of a connection. It is called for a new one before anything is read from it, and before the
// next one is accepted.
func (l *limit) changed(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		time.Sleep(l.untilRoom())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch state {
	case http.StateNew:
		if len(l.conns) >= l.most {
			l.makeRoom()
		}
		known := &connection{Conn: c, since: time.Now()}
		known.place = l.waiting.PushBack(known)
		l.conns[c] = known
	case http.StateClosed, http.StateHijacked:
		l.forget(l.conns[c])
	}
}

// untilRoom is how long it takes until a connection has had its time.
func (l *limit) untilRoom() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	oldest := l.oldest()
	if len(l.conns) < l.most || oldest == nil {
		return 0
	}
	return time.Until(oldest.since.Add(patience))
}

// oldest is the connection that makes room.
func (l *limit) oldest() *connection {
	for _, of := range []*list.List{&l.waiting, &l.working} {
		if first := of.Front(); first != nil {
			return first.Value.(*connection)
		}
	}
	return nil
}

func (l *limit) makeRoom() {
	known := l.oldest()
	if known == nil {
		return
	}
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
	c.place, c.since = to.PushBack(c), time.Now()
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
