// Package blocks answers: how are samples of the past written so that Prometheus serves them as its own?
//
// As one block: a directory with an index, chunks of Gorilla-compressed samples and meta.json, in the formats that
// Prometheus documents in tsdb/docs/format. Whoever starts Prometheus on the directory that holds the block sees the
// samples as if it had scraped them. Importing text with promtool would parse every sample once for each two hours.
package blocks
