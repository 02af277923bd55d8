package wire

import "sync"

// perBlock is how many records are kept together. Blocks neither move nor grow.
const perBlock = 128

// blocks is a list of records in blocks that are used again.
type blocks[T any] struct {
	all []*[perBlock]T
	n   int
}

// pool keeps blocks for the next request.
type pool[T any] struct{ sync.Pool }

func (p *pool[T]) get() *[perBlock]T {
	if old, ok := p.Get().(*[perBlock]T); ok {
		return old
	}
	return new([perBlock]T)
}

// add makes a record, which may hold what an earlier one did.
func (l *blocks[T]) add(from *pool[T]) *T {
	at := l.n % perBlock
	if at == 0 {
		l.all = append(l.all, from.get())
	}
	l.n++
	return &l.all[len(l.all)-1][at]
}

// full says that the next record takes another block.
func (l *blocks[T]) full() bool { return l.n%perBlock == 0 }

// at is the record at a place.
func (l *blocks[T]) at(i int) *T { return &l.all[i/perBlock][i%perBlock] }

// release gives the blocks back.
func (l *blocks[T]) release(to *pool[T]) {
	for i, used := range l.all {
		to.Put(used)
		l.all[i] = nil
	}
	l.all, l.n = l.all[:0], 0
}
