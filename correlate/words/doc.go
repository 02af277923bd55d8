// Package words answers: how is what Shipwake knows said to a person?
//
// The terminal, the sinks and the page say it in the same words: those of outcomes, reasons and evidence, of DORA numbers,
// and, for one change, an Explanation in parts, which each of them lays out in its own way. A ratio is never said without
// what it was counted from, and no data is "–", never zero.
package words
