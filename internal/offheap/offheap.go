// Package offheap answers: where does a table of fixed size lie that the garbage collector must not count?
//
// A heap of so many bytes lets the collector wait until there is as much again of garbage, so that a large table that never
// changes its size would cost its memory twice.
package offheap

import "unsafe"

// Make is memory for n values without pointers, all zero, for as long as the process runs. Pages are taken as they are
// written to. Where the system gives none it is a slice of the heap.
func Make[T any](n int) []T {
	var zero T
	raw := pages(n * int(unsafe.Sizeof(zero)))
	if raw == nil {
		return make([]T, n)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(raw))), n)
}

// Join asks the system to keep memory from Make in large pages: of a table that is read all over, most reads then find in the
// processor where the page lies. All of it takes memory from then on, whether it was written to or not.
func Join[T any](table []T) {
	if len(table) > 0 {
		join(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(table))), len(table)*int(unsafe.Sizeof(table[0]))))
	}
}
