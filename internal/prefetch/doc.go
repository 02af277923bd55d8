// Package prefetch answers: how does memory come near before it is read?
//
// A processor that is told where it will look fetches that while it does something else. A read waits for memory instead, and holds
// up what comes after it. The compiler knows no such instruction, so it is a few lines of assembly, and nothing on other processors.
package prefetch

import "unsafe"

// Place is where something lies. It keeps nothing alive, and need not lie anywhere: fetching never fails.
type Place uintptr

// Of is the place of a value.
func Of[T any](v *T) Place { return Place(unsafe.Pointer(v)) }

// Line is how many bytes are fetched at once, from a multiple of as many.
const Line = 64
