package main

import (
	"fmt"
	"slices"
	"time"
)

// quantile is the value below which a share of the values lies; the values need no order.
func quantile[T ~int64 | ~float64](values []T, share float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// spread is a median with the least and the most, in a unit and a format of one number.
func spread(values []float64, unit float64, format string) string {
	return fmt.Sprintf(format+" ("+format+"–"+format+")",
		quantile(values, 0.5)/unit, slices.Min(values)/unit, slices.Max(values)/unit)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
