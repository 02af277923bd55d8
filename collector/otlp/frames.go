package otlp

import (
	"math/bits"
	"sync"

	"google.golang.org/grpc/mem"
)

// frames lends the buffers that gRPC reads frames of HTTP/2 into. Each is read into in its whole length before anybody looks at it,
// so they aren't cleared, which gRPC's own pool does. A buffer is less than twice as large as what was asked for, so a sender of
// small frames can't make his window many times as large.
type frames struct{ classes [largestFrame + 1]sync.Pool }

// largestFrame is that of the largest frame that gRPC takes, as a power of two: 16 KiB.
const largestFrame = 14

var _ mem.BufferPool = (*frames)(nil)

// Get lends a buffer of a length.
func (f *frames) Get(n int) *[]byte {
	class := bits.Len(uint(max(n, 1) - 1))
	if class > largestFrame {
		fresh := make([]byte, n)
		return &fresh
	}
	old, ok := f.classes[class].Get().(*[]byte)
	if !ok {
		fresh := make([]byte, 1<<class)
		old = &fresh
	}
	*old = (*old)[:n]
	return old
}

// Put takes a buffer back.
func (f *frames) Put(b *[]byte) {
	if size := cap(*b); size > 0 && size <= 1<<largestFrame && size&(size-1) == 0 {
		f.classes[bits.Len(uint(size)-1)].Put(b)
	}
}
