// Package archive answers: how are the fine cells of a stretch of time written down to be judged from days later?
//
// A Chunk is everything that was measured in one stretch of event time. Its bytes are
//
//	"SWCA", a form byte (1: plain, 2: one zstd frame), the payload's length as a uvarint, the payload,
//	and the CRC-32C of all that, little endian
//
// and the payload is
//
//	from, to   varints, Unix seconds
//	gaps       uvarint count, then each as two varints
//	strings    uvarint count, then each as uvarint length and bytes, in the order of their first use
//	series     uvarint count, then each as
//	             key      service, environment, version, name, peer as uvarint places in strings; kind, origin as bytes
//	             columns  uvarint count of cells, then all starts (varint difference from the one before), all requests,
//	                      errors, sums and ns (varints), all counts of bins (uvarints), and of all bins the indexes (varint
//	                      difference from the one before; the first of a cell from the first of the cell before) and
//	                      the counts (uvarints)
//
// Columns of one series look alike, so that they compress to about half of what the same cells take one after the other.
// Nothing in it depends on a map, a clock or the machine: equal chunks are equal bytes.
package archive

import (
	"errors"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Chunk is what was measured in the stretch [From, To) of event time.
type Chunk struct {
	From, To int64
	// Gaps are the stretches in which nothing was taken in. They may have begun before From.
	Gaps   []window.Span
	Series []Series // sorted by key
}

// Series is the cells of one key by their start.
type Series struct {
	Key   correlate.Key
	Cells []correlate.Cell
}

// ErrTooLarge is returned by Encode for a chunk that would take more than 64 MiB before compression.
var ErrTooLarge = errors.New("the cells take more than 64 MiB: archive a shorter stretch at a time")
