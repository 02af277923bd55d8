package admission

import (
	"errors"
	"fmt"
	"io"
)

// Grant is what one request has taken from a budget. It belongs to one goroutine at a time.
type Grant struct {
	budget   *Budget
	taken    int64
	expected int64 // of the next body
	pooled   bool
	bodies   [][]byte // of the pool
}

// Grant begins with nothing.
func (b *Budget) Grant() *Grant { return &Grant{budget: b} }

// Take reserves n bytes more. The refusal, if any, is Busy.
func (g *Grant) Take(n int64) error {
	if !g.budget.Take(n) {
		return &Refusal{Busy, "the memory for requests is in use; send it again later"}
	}
	g.taken += n
	return nil
}

// Give gives n of the bytes back.
func (g *Grant) Give(n int64) {
	g.taken -= n
	g.budget.Release(n)
}

// Release gives everything back.
func (g *Grant) Release() {
	for _, body := range g.bodies {
		giveBuffer(body)
	}
	g.bodies = nil
	g.Give(g.taken)
}

const (
	// firstRead is the room for a body of unknown length.
	firstRead = 4 << 10
	// believed is how much of an announced length is taken for true before it came.
	believed = 256 << 10
)

// Expect tells how long the next body will be, so that it is read in one piece. A lie costs nobody more than a body of
// 256 KiB does.
func (g *Grant) Expect(n int64) { g.expected = max(0, n) }

// ReadAll reads up to limit bytes, and reserves room before they are read: as they really come, so that a sender who only
// announces a large body takes little from the others. What stays reserved is the capacity of the result. A Refusal is
// TooLarge or Busy; other errors are the reader's.
func (g *Grant) ReadAll(r io.Reader, limit int64) ([]byte, error) {
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
			return nil, tooLarge(limit)
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}

// grow doubles the room of a body, to at most one byte more than the limit: the byte that proves it too large. Until the
// old room is copied both are in memory.
func (g *Grant) grow(body []byte, limit int64) ([]byte, error) {
	size := min(max(2*int64(cap(body)), firstRead, min(g.expected+1, believed)), limit+1)
	g.expected = 0
	grown, err := g.buffer(int(size))
	if err != nil {
		return nil, err
	}
	grown = grown[:len(body)]
	copy(grown, body)
	g.drop(body)
	return grown, nil
}

func tooLarge(limit int64) error {
	return &Refusal{TooLarge, fmt.Sprintf("the body is larger than %d bytes, as it comes or decompressed", limit)}
}
