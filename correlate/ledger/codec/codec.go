// Package codec answers: how are measurements written down, so that the same cells are always the same bytes?
//
// A blob is one version byte, the payload's length as a uvarint, and the payload, as it is (version 1) or as one zstd
// frame (version 2). The payload is
//
//	strings       uvarint count, then each as uvarint length and bytes, in the order of their first use
//	measurements  uvarint count, then each as
//	              key   service, environment, version, name, peer as uvarint places in strings; kind, origin as bytes
//	              cell  start as varint difference from the one before; requests, errors, sum, n as varints
//	              bins  uvarint count, then each as varint difference of the index and uvarint count
//
// Of a rollup, what was forgotten follows the cells as measurements of the kind 14: of a place, with what as the name,
// before as the sum and the number of cells as n. They are sorted in among the others by key.
//
// Nothing in it depends on a map, a clock or the machine. Order is kept, so equal slices give equal blobs.
package codec

import (
	"errors"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate/packed"
)

// minMeasurement and minBin are the fewest bytes either can take.
const minMeasurement, minBin = 13, 2

var format = &packed.Format{
	What: "measurements", MaxPayload: 256 << 20, MaxRatio: 32, MinCompress: 256, Level: zstd.SpeedFastest, Checked: true,
}

// ErrTooLarge is returned by Encode for cells that would take more than 256 MiB before compression.
var ErrTooLarge = errors.New("the measurements take more than 256 MiB: write fewer at a time")
