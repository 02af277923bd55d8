package wire

import (
	"iter"
	"sync"

	"github.com/shipwake/shipwake/collector/reduce"
)

// What records take, in bytes. Lists that aren't in blocks grow by doubling, and the old ones are garbage.
const (
	spanBytes  = 256
	groupBytes = 4 * 32
	nameBytes  = 4 * 16
)

// roomy is the longest list that is kept for the next request.
const roomy = 1024

// Spans is the spans of one request.
type Spans struct {
	purse
	spans      blocks[reduce.Span]
	groups     []group
	exceptions []string
	servers    reduce.Servers
	sender     reduce.Sender // of the group that is being reduced
}

var (
	spansPool  = sync.Pool{New: func() any { return &Spans{} }}
	spanBlocks pool[reduce.Span]
)

// NewSpans begins with no spans. Release ends it.
func NewSpans(room Room) *Spans {
	b := spansPool.Get().(*Spans)
	b.purse = purse{room: room}
	return b
}

// Release ends the use of the spans, and of the request that they are parts of.
func (b *Spans) Release() {
	b.spans.release(&spanBlocks)
	b.purse = purse{}
	if max(cap(b.groups), cap(b.exceptions)) > roomy {
		return
	}
	clear(b.groups)
	clear(b.exceptions)
	b.groups, b.exceptions = b.groups[:0], b.exceptions[:0]
	b.servers.Reset()
	spansPool.Put(b)
}

// Len is how many spans there are.
func (b *Spans) Len() int { return b.spans.n }

// add makes a span; nil when there is no room.
func (b *Spans) add() *reduce.Span {
	if b.spans.full() && !b.pay(perBlock*spanBytes) {
		return nil
	}
	s := b.spans.add(&spanBlocks)
	*s = reduce.Span{}
	return s
}

// pieces are the spans from one place to another.
func (b *Spans) pieces(from, to int) iter.Seq[[]reduce.Span] {
	return func(yield func([]reduce.Span) bool) {
		for from := from; from < to; {
			end := min(to, from-from%perBlock+perBlock)
			if !yield(b.spans.all[from/perBlock][from%perBlock : (end-1)%perBlock+1]) {
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
		if i == 0 {
			b.sender = r.Sender(*g.resource)
		} else {
			b.sender.Next(g.resource)
		}
		b.sender.Spans(b.pieces(from, g.to), &counts)
		from = g.to
	}
	b.sender = reduce.Sender{}
	r.Count(reduce.Spans, counts)
}
