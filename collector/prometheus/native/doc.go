// Package native answers: what did a native histogram of a Prometheus add since it was scraped before?
//
// It has buckets where it has observations only, at bounds that its schema gives: 2^schema of them an octave. While it goes on
// it may become coarser, by a smaller schema or a wider zero bucket, and what was there before is merged likewise. Anything that
// falls, or becomes finer, is a reset. A classic histogram that a server stores as a native one has bounds of its own, which an
// answer tells only of buckets that hold something.
//
// The forms are those of https://prometheus.io/docs/specs/native_histograms/.
package native
