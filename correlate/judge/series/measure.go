package series

import (
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// quantiles are those that the names of latencies tell; 0 is the mean.
var quantiles = map[string]float64{"latency_p50": 0.5, "latency_p90": 0.9, "latency_p99": 0.99, "latency_mean": 0}

// values are the kinds of signals that are values and no counts.
var values = []correlate.SignalKind{correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution}

// measure is how cells become one number.
type measure struct {
	// over is the value of cells that are in a stretch of so many seconds, NaN when they say nothing.
	over func(parts [][]correlate.Cell, seconds int64) float64
	// silent is the value of a stretch without any cell, where telemetry would have come.
	silent float64
	// values: it is a value and no count, so that days differ by a sum and not by a factor.
	values bool
	rate   bool // it is counted by the time that went by
	total  bool // the part of one version is no comparison for that of another
}

// measured finds the stream of a signal and how it is measured; nil where there is none.
func measured(c *judge.Case, signal string) (*judge.Stream, measure) {
	name, kind := signal, correlate.Traffic
	if of, client := strings.CutPrefix(signal, "client_"); client {
		name, kind = of, correlate.Edge
	}
	of := func(kind correlate.SignalKind, name string) *judge.Stream {
		i := slices.IndexFunc(c.Streams, func(s judge.Stream) bool { return s.Kind == kind && s.Name == name })
		if i < 0 {
			return nil
		}
		return &c.Streams[i]
	}
	nothing := math.NaN()
	switch q, latency := quantiles[name]; {
	case latency:
		return of(kind, ""), measure{over: quantileOf(q), silent: nothing}
	case name == "error_ratio":
		return of(kind, ""), measure{over: ratioOf, silent: nothing}
	case name == "log_errors":
		return of(correlate.Log, ""), measure{over: ratioOf, silent: nothing}
	case name == requestRate:
		return of(correlate.Traffic, ""), measure{over: rateOf(func(c *correlate.Cell) int64 { return c.Requests }), rate: true, total: true}
	case correlate.OfException(signal):
		s := of(correlate.Exception, strings.TrimPrefix(signal, "exception "))
		return s, measure{over: rateOf(func(c *correlate.Cell) int64 { return c.Errors }), rate: true}
	case strings.HasPrefix(signal, "saturation "):
		name = strings.TrimPrefix(signal, "saturation ")
		m := measure{over: levelOf(correlate.Gauge, 1), silent: nothing, values: true}
		if name == correlate.Restarts {
			m.over = levelOf(correlate.Rate, 3600)
		}
		return of(correlate.Saturation, name), m
	}
	for i := range c.Streams {
		if s := &c.Streams[i]; s.Name == signal && slices.Contains(values, s.Kind) {
			return s, measure{over: levelOf(s.Kind, 1), silent: nothing, values: true}
		}
	}
	return nil, measure{}
}

func ratioOf(parts [][]correlate.Cell, _ int64) float64 {
	var events, exposure int64
	for _, cells := range parts {
		for i := range cells {
			e, n := evalue.ErrorsOfRequests(&cells[i])
			events, exposure = events+e, exposure+n
		}
	}
	if exposure == 0 {
		return math.NaN()
	}
	return float64(events) / float64(exposure)
}

func rateOf(count func(*correlate.Cell) int64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, seconds int64) float64 {
		var n int64
		for _, cells := range parts {
			for i := range cells {
				n += count(&cells[i])
			}
		}
		return float64(n) / float64(seconds)
	}
}

// quantileOf is a quantile in seconds, the mean for 0.
func quantileOf(q float64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, _ int64) float64 {
		var d evalue.Durations
		for _, cells := range parts {
			d.Add(cells)
		}
		switch {
		case d.Total == 0:
			return math.NaN()
		case q == 0:
			mean, _, _ := d.Mean()
			return mean
		}
		return d.Quantile(q, &d)
	}
}

func levelOf(kind correlate.SignalKind, times float64) func([][]correlate.Cell, int64) float64 {
	return func(parts [][]correlate.Cell, seconds int64) float64 {
		var num, den float64
		for _, cells := range parts {
			for i := range cells {
				n, d := expect.Quantity(&cells[i], kind)
				num, den = num+n, den+d
			}
		}
		switch {
		case den <= 0:
			return math.NaN()
		case kind == correlate.Rate:
			return times * num / float64(seconds)
		}
		return times * num / den
	}
}
