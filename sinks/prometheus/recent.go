package prometheus

import "hash/maphash"

// thing is what something is remembered under: an id, and what it is the id of.
type thing struct {
	kind byte
	id   string
}

// The kinds of things.
const (
	aChange = iota
	anIncident
	aRegression
	aCommit
)

// recent remembers a bounded number of things and forgets the oldest first. It keeps no ids but 64 bits of a seeded hash:
// that two of 100,000 things are taken for one has a chance of 3 in 10¹⁰.
type recent[T any] struct {
	limit int
	seed  maphash.Seed
	slots map[uint64]int32
	items [][]remembered[T] // in blocks, so that an item stays where it is
	next  int               // where the next one goes
}

type remembered[T any] struct {
	hash uint64
	item T
}

const perBlock = 1024

func newRecent[T any](limit int) *recent[T] {
	return &recent[T]{limit: limit, seed: maphash.MakeSeed(), slots: map[uint64]int32{}}
}

// get returns what is remembered of a thing; the zero value, from now on remembered, when there is nothing. It is valid until
// as many other things as there is room for were asked for.
func (r *recent[T]) get(of thing) *T {
	hash := r.hash(of)
	if slot, ok := r.slots[hash]; ok {
		return &r.at(int(slot)).item
	}
	if r.next/perBlock == len(r.items) {
		r.items = append(r.items, make([]remembered[T], min(perBlock, r.limit-r.next)))
	}
	oldest := r.at(r.next)
	if slot, ok := r.slots[oldest.hash]; ok && int(slot) == r.next {
		delete(r.slots, oldest.hash)
	}
	*oldest = remembered[T]{hash: hash}
	r.slots[hash] = int32(r.next)
	r.next = (r.next + 1) % r.limit
	return &oldest.item
}

func (r *recent[T]) at(slot int) *remembered[T] { return &r.items[slot/perBlock][slot%perBlock] }

func (r *recent[T]) hash(of thing) uint64 { return maphash.Comparable(r.seed, of) }
