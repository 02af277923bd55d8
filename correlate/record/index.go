package record

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"time"
)

// key is a place in an index: an instant, then an id.
type key struct {
	at time.Time
	id string
}

func (k key) compare(o key) int { return cmp.Or(k.at.Compare(o.at), cmp.Compare(k.id, o.id)) }

// index is a sorted list in blocks of bounded length, so that putting something in doesn't move all that follows.
type index[T any] struct{ blocks [][]item[T] }

type item[T any] struct {
	key
	of T
}

// blockMost is how long a block may grow before it is split.
const blockMost = 128

// seek is the place of the first item at or after a key.
func (x *index[T]) seek(k key) (block, at int) {
	block = sort.Search(len(x.blocks), func(i int) bool {
		b := x.blocks[i]
		return b[len(b)-1].compare(k) >= 0
	})
	if block == len(x.blocks) {
		return block, 0
	}
	at, _ = slices.BinarySearchFunc(x.blocks[block], k, func(i item[T], k key) int { return i.compare(k) })
	return block, at
}

// insert puts a value at a key at which there is none.
func (x *index[T]) insert(k key, of T) {
	if len(x.blocks) == 0 {
		x.blocks = [][]item[T]{{{k, of}}}
		return
	}
	block, at := x.seek(k)
	if block == len(x.blocks) {
		block--
		at = len(x.blocks[block])
	}
	b := slices.Insert(x.blocks[block], at, item[T]{k, of})
	x.blocks[block] = b
	if half := len(b) / 2; len(b) > blockMost {
		x.blocks[block] = slices.Clone(b[:half])
		x.blocks = slices.Insert(x.blocks, block+1, slices.Clone(b[half:]))
	}
}

// remove takes out what is at a key, if there is anything.
func (x *index[T]) remove(k key) {
	block, at := x.seek(k)
	if block == len(x.blocks) || x.blocks[block][at].compare(k) != 0 {
		return
	}
	x.blocks[block] = slices.Delete(x.blocks[block], at, at+1)
	if len(x.blocks[block]) == 0 {
		x.blocks = slices.Delete(x.blocks, block, block+1)
	}
}

// from yields the items at and after a key, in order. The index must not change meanwhile.
func (x *index[T]) from(k key) iter.Seq[item[T]] {
	return func(yield func(item[T]) bool) {
		block, at := x.seek(k)
		for ; block < len(x.blocks); block, at = block+1, 0 {
			for _, i := range x.blocks[block][at:] {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// before yields the items before a key, the last first. The index must not change meanwhile.
func (x *index[T]) before(k key) iter.Seq[item[T]] {
	return func(yield func(item[T]) bool) {
		block, at := x.seek(k)
		if block < len(x.blocks) && !yieldBackward(x.blocks[block][:at], yield) {
			return
		}
		for block--; block >= 0; block-- {
			if !yieldBackward(x.blocks[block], yield) {
				return
			}
		}
	}
}

func yieldBackward[T any](items []item[T], yield func(item[T]) bool) bool {
	for _, i := range slices.Backward(items) {
		if !yield(i) {
			return false
		}
	}
	return true
}

// all yields every item in order.
func (x *index[T]) all() iter.Seq[item[T]] { return x.from(key{}) }

func (x *index[T]) len() (n int) {
	for _, b := range x.blocks {
		n += len(b)
	}
	return n
}

func (x *index[T]) empty() bool { return len(x.blocks) == 0 }

// last is the key of the last item, the zero key without any.
func (x *index[T]) last() key {
	if x.empty() {
		return key{}
	}
	b := x.blocks[len(x.blocks)-1]
	return b[len(b)-1].key
}
