package admission

import (
	"errors"
	"fmt"
	"io"
)

// Grant is what one request has taken from a budget. It belongs to one goroutine at a time.
type Grant struct {
	budget *Budget
	taken  int64
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
func (g *Grant) Release() { g.Give(g.taken) }

// firstRead is the room for a body of unknown length.
const firstRead = 4 << 10

// ReadAll reads up to limit bytes, and reserves room before they are read: as they really come, so that a sender who only
// announces a large body takes nothing from the others. What stays reserved is the capacity of the result. A Refusal is
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
	size := min(max(2*int64(cap(body)), firstRead), limit+1)
	if err := g.Take(size); err != nil {
		return nil, err
	}
	grown := make([]byte, len(body), size)
	copy(grown, body)
	g.Give(int64(cap(body)))
	return grown, nil
}

func tooLarge(limit int64) error {
	return &Refusal{TooLarge, fmt.Sprintf("the body is larger than %d bytes, as it comes or decompressed", limit)}
}
