// Package stats answers: what do some counts and some durations come to, and how sure is that?
//
// It takes whole numbers, and divides last.
package stats

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// z95 is the normal quantile of a two-sided 95 % interval.
const z95 = 1.959963984540054

// Ratio travels with its numerator, denominator and 95 % Wilson interval.
type Ratio struct {
	Value       float64 `json:"value"`
	Numerator   int     `json:"numerator"`
	Denominator int     `json:"denominator"`
	// Interval is left out where the numerator counts something else than a part of what the denominator counts, so that
	// the value may exceed 1.
	Interval [2]float64 `json:"interval,omitzero"`
}

// Duration summarises durations in seconds; medians interpolate.
type Duration struct {
	N      int     `json:"n"`
	Median float64 `json:"median_seconds"`
	P90    float64 `json:"p90_seconds"`
	Mean   float64 `json:"mean_seconds"`
	// Buckets are how many are at most as long as each of Bounds and longer than the one before; the last, how many are longer
	// than all.
	Buckets [13]int `json:"buckets"`
}

// bounds are whole seconds, so that floats hold them.
var bounds = [12]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour,
	day, 2 * day, 7 * day, 14 * day, 30 * day,
}

const day = 24 * time.Hour

// Bounds are the upper bounds of all Buckets but the last, in seconds.
func Bounds() []float64 {
	var all []float64
	for _, b := range bounds {
		all = append(all, b.Seconds())
	}
	return all
}

// Part is the ratio of a part to the whole. It is nil when the denominator is zero: no data is not a rate of zero.
func Part(numerator, denominator int) *Ratio {
	if denominator == 0 {
		return nil
	}
	low, high := wilson(numerator, denominator)
	r := Per(numerator, denominator)
	r.Interval = [2]float64{round(low), round(high)}
	return r
}

// Per is the ratio of one count to another, of which it is no part. It is nil when the denominator is zero.
func Per(numerator, denominator int) *Ratio {
	if denominator == 0 {
		return nil
	}
	return &Ratio{Value: round(float64(numerator) / float64(denominator)), Numerator: numerator, Denominator: denominator}
}

// wilson is the Wilson score interval of k out of n at 95 %, for n > 0.
func wilson(k, n int) (low, high float64) {
	count, p := float64(n), float64(k)/float64(n)
	centre := p + z95*z95/(2*count)
	half := z95 * math.Sqrt(p*(1-p)/count+z95*z95/(4*count*count))
	scale := 1 + z95*z95/count
	low, high = (centre-half)/scale, (centre+half)/scale
	if k == 0 {
		low = 0
	}
	if k == n {
		high = 1
	}
	return low, high
}

// Summarise is nil without data. It orders in place.
func Summarise(spans []time.Duration) *Duration {
	if len(spans) == 0 {
		return nil
	}
	var seconds, nanos int64 // together: a sum of nanoseconds could overflow
	for _, s := range spans {
		seconds, nanos = seconds+int64(s/time.Second), nanos+int64(s%time.Second)
	}
	sum := float64(seconds) + float64(nanos)/1e9
	median, below := quantile(spans, 0, 0.5)
	p90, _ := quantile(spans, below, 0.9)
	return &Duration{
		N:       len(spans),
		Median:  round(median),
		P90:     round(p90),
		Mean:    round(sum / float64(len(spans))),
		Buckets: buckets(spans),
	}
}

func buckets(spans []time.Duration) (counts [len(bounds) + 1]int) {
	for _, s := range spans {
		n := 0
		for n < len(bounds) && s > bounds[n] {
			n++
		}
		counts[n]++
	}
	return counts
}

// SummariseLower is Summarise with the lower median: of an even number of spans the lesser of the two in the middle.
func SummariseLower(spans []time.Duration) *Duration {
	d := Summarise(spans)
	if d != nil {
		middle := (len(spans) - 1) / 2
		Smallest(spans, middle)
		d.Median = round(spans[middle].Seconds())
	}
	return d
}

// quantile interpolates linearly between the two nearest of the spans in order, in seconds. Those before the first that are
// least must be there already, and those before the second are then.
func quantile(spans []time.Duration, least int, p float64) (seconds float64, below int) {
	h := p * float64(len(spans)-1)
	below = int(h)
	Smallest(spans[least:], below-least)
	if below+1 >= len(spans) {
		return spans[below].Seconds(), below
	}
	a, b := spans[below].Seconds(), slices.Min(spans[below+1:]).Seconds()
	return a + (h-float64(below))*(b-a), below
}

// round keeps six significant digits.
func round(v float64) float64 {
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		return v
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// Rounded keeps six significant digits.
func Rounded(v float64) *float64 {
	r := round(v)
	return &r
}
