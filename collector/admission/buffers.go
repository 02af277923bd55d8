package admission

import (
	"math/bits"
	"sync"
)

// Buffers are used again by the size of a power of two, from 4 KiB to 4 MiB.
const smallest, largest = 12, 22

var buffers [largest - smallest + 1]sync.Pool

// classOf is the pool for a size; not ok when it is too large for any.
func classOf(size int) (class int, ok bool) {
	class = max(bits.Len(uint(size-1))-smallest, 0)
	return class, class < len(buffers)
}

// giveBuffer leaves a buffer to the next body.
func giveBuffer(body []byte) {
	if class, ok := classOf(cap(body)); ok {
		body = body[:0]
		buffers[class].Put(&body)
	}
}

// Pooled is a Grant whose bodies lie in buffers that are used again: nothing of them may be kept after Release. A buffer may
// be twice as large as what is in it.
func (b *Budget) Pooled() *Grant { return &Grant{budget: b, pooled: true} }

// buffer reserves room for a body of so many bytes, and makes it.
func (g *Grant) buffer(size int) ([]byte, error) {
	class, ok := classOf(size)
	if !g.pooled || !ok {
		if err := g.Take(int64(size)); err != nil {
			return nil, err
		}
		return make([]byte, 0, size), nil
	}
	size = 1 << (class + smallest)
	if err := g.Take(int64(size)); err != nil {
		return nil, err
	}
	old, ok := buffers[class].Get().(*[]byte)
	if !ok {
		fresh := make([]byte, 0, size)
		old = &fresh
	}
	body := *old
	g.bodies = append(g.bodies, body)
	return body, nil
}

// drop gives a body back before its grant ends.
func (g *Grant) drop(body []byte) {
	if cap(body) == 0 {
		return
	}
	g.Give(int64(cap(body)))
	for i, one := range g.bodies {
		if &one[:1][0] == &body[:1][0] {
			g.bodies = append(g.bodies[:i], g.bodies[i+1:]...)
			giveBuffer(body)
			return
		}
	}
}
