//go:build !linux

package disk

import (
	"math"
	"os"
)

// allocate writes the whole file.
func allocate(file *os.File, size int64) error { return fill(file, size) }

// diskSize isn't known there.
func diskSize(string) int64 { return 0 }

// Free isn't known there.
func Free(string) int64 { return math.MaxInt64 }
