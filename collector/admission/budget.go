package admission

import "sync/atomic"

// DefaultBudget is how many bytes the telemetry on its way in may hold unless configured: a quarter of the default
// memory limit of 512 MiB.
const DefaultBudget = 128 << 20

// Budget bounds the bytes that everything on its way into one process holds at once. It is safe for concurrent use.
type Budget struct{ size, used, idle atomic.Int64 }

// NewBudget makes a budget of size bytes.
func NewBudget(size int64) *Budget {
	b := &Budget{}
	b.Resize(size)
	return b
}

// Resize changes the size. What was taken stays taken.
func (b *Budget) Resize(size int64) { b.size.Store(size) }

// Size is how many bytes there are in all.
func (b *Budget) Size() int64 { return b.size.Load() }

// Used is how many bytes are taken.
func (b *Budget) Used() int64 { return b.used.Load() }

// Take reserves n bytes, or nothing when fewer are left. Whoever took bytes gives them back with Release.
func (b *Budget) Take(n int64) bool {
	if b.used.Add(n) > b.size.Load() {
		b.used.Add(-n)
		return false
	}
	return true
}

// Release gives n bytes back.
func (b *Budget) Release(n int64) { b.used.Add(-n) }

// TakeIdle reserves n bytes for somebody who may hold them for long without doing anything, a connection. At most half
// of the budget is for those, so that they can't shut out whoever has something to say.
func (b *Budget) TakeIdle(n int64) bool {
	if b.idle.Add(n) > b.size.Load()/2 || !b.Take(n) {
		b.idle.Add(-n)
		return false
	}
	return true
}

// ReleaseIdle gives back what TakeIdle took.
func (b *Budget) ReleaseIdle(n int64) {
	b.idle.Add(-n)
	b.Release(n)
}
