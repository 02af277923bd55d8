package wire

import (
	"iter"
	"sync"

	"github.com/shipwake/shipwake/collector/reduce"
)

// perBlock is how many spans are kept together. Blocks neither move nor grow.
const perBlock = 128

type block [perBlock]reduce.Span

// What records take, in bytes.
const (
	spanBytes  = 256
	groupBytes = 4 * 32 // lists grow by doubling, and the old ones are garbage
	nameBytes  = 4 * 16
)

// Spans is the spans of one request.
type Spans struct {
	purse
	blocks     []*block
	n          int // spans in blocks
	groups     []group
	exceptions []string
	servers    reduce.Servers
}

// group is the spans of one resource: up to a place in the blocks.
type group struct {
	resource *reduce.Resource
	to       int
}

var (
	spans  = sync.Pool{New: func() any { return &Spans{} }}
	blocks = sync.Pool{New: func() any { return &block{} }}
)

// NewSpans begins with no spans. Release ends it.
func NewSpans(room Room) *Spans {
	b := spans.Get().(*Spans)
	b.purse = purse{room: room}
	return b
}

// roomy is the longest list that is kept for the next request.
const roomy = 1024

// Release ends the use of the spans, and of the request that they are parts of.
func (b *Spans) Release() {
	for _, used := range b.blocks {
		blocks.Put(used)
	}
	if max(cap(b.groups), cap(b.exceptions)) > roomy {
		return
	}
	clear(b.blocks)
	clear(b.groups)
	clear(b.exceptions)
	*b = Spans{blocks: b.blocks[:0], groups: b.groups[:0], exceptions: b.exceptions[:0], servers: b.servers}
	spans.Put(b)
}

// Len is how many spans there are.
func (b *Spans) Len() int { return b.n }

// add makes a span; nil when there is no room.
func (b *Spans) add() *reduce.Span {
	at := b.n % perBlock
	if at == 0 {
		if !b.pay(perBlock * spanBytes) {
			return nil
		}
		b.blocks = append(b.blocks, blocks.Get().(*block))
	}
	b.n++
	s := &b.blocks[len(b.blocks)-1][at]
	*s = reduce.Span{}
	return s
}

// pieces are the spans from one place to another.
func (b *Spans) pieces(from, to int) iter.Seq[[]reduce.Span] {
	return func(yield func([]reduce.Span) bool) {
		for from := from; from < to; {
			end := min(to, from-from%perBlock+perBlock)
			if !yield(b.blocks[from/perBlock][from%perBlock : (end-1)%perBlock+1]) {
				return
			}
			from = end
		}
	}
}

// Reduce counts all spans.
func (b *Spans) Reduce(r *reduce.Reducer) {
	var counts reduce.Counts
	from := 0
	for i := range b.groups {
		g := &b.groups[i]
		sender := r.Sender(*g.resource)
		sender.Spans(b.pieces(from, g.to), &counts)
		from = g.to
	}
	r.Count(reduce.Spans, counts)
}
