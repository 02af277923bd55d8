package webhook

import (
	"errors"
	"io"
	"sync/atomic"
)

// errTooLarge and errBusy are why a body wasn't read to its end.
var (
	errTooLarge = errors.New("the body is too large")
	errBusy     = errors.New("too many bodies are being read")
)

// minBudget is how many bytes of bodies may be in memory at once, at least.
const minBudget = 64 << 20

// budget bounds the bytes of all bodies in memory. What a body takes grows as its bytes really come, so a sender who
// only announces a large body takes nothing from the others.
type budget struct{ left atomic.Int64 }

func newBudget(maxBodySize int64) *budget {
	b := &budget{}
	b.left.Store(max(minBudget, 4*maxBodySize))
	return b
}

// grant is what one request has taken from the budget.
type grant struct {
	budget *budget
	taken  int64
}

func (g *grant) take(n int64) bool {
	if g.budget.left.Add(-n) < 0 {
		g.budget.left.Add(n)
		return false
	}
	g.taken += n
	return true
}

func (g *grant) release() {
	g.budget.left.Add(g.taken)
	g.taken = 0
}

// readAll reads up to limit bytes, and takes room for them before they are read.
func (g *grant) readAll(r io.Reader, limit int64) ([]byte, error) {
	var body []byte
	for {
		if len(body) == cap(body) {
			grown, err := g.grow(body, limit)
			if err != nil {
				return nil, err
			}
			body = grown
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, errTooLarge
		case err == io.EOF: //nolint:errorlint // a wrapped EOF is a body that was cut short
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// grow doubles the room of a body, to at most one byte more than the limit: the byte that proves it too large.
func (g *grant) grow(body []byte, limit int64) ([]byte, error) {
	size := min(max(2*int64(len(body)), 4<<10), limit+1)
	if !g.take(size - int64(len(body))) {
		return nil, errBusy
	}
	grown := make([]byte, len(body), size)
	copy(grown, body)
	return grown, nil
}
