package chart

import (
	"math"
	"strings"
)

// The signs of a sparkline, the lowest first, and the one for no data.
const (
	blocks, blank           = "▁▂▃▄▅▆▇█", "·"
	plainBlocks, plainBlank = "_.:-=+*#", " "
)

// Spark draws values as one line of text, a sign each: from zero, or from the least where that is less, to the greatest. A nil
// value is no data and has a sign of its own. Plain needs no more than ASCII.
func Spark(values []*float64, plain bool) string {
	signs, none := []rune(blocks), blank
	if plain {
		signs, none = []rune(plainBlocks), plainBlank
	}
	low, high := extent(values)
	var b strings.Builder
	for _, v := range values {
		if v == nil {
			b.WriteString(none)
			continue
		}
		at := 0.0
		if high > low {
			at = (*v - low) / (high - low)
		}
		b.WriteRune(signs[int(math.Round(at*float64(len(signs)-1)))])
	}
	return b.String()
}

// extent is the least and the greatest of zero and the values.
func extent(values []*float64) (low, high float64) {
	for _, v := range values {
		if v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	return low, high
}
