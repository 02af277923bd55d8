package judge

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// bucketed are cells as a sender of histograms with few buckets tells them.
func bucketed(cells []correlate.Cell, bounds ...float64) []correlate.Cell {
	out := make([]correlate.Cell, len(cells))
	for i, c := range cells {
		out[i] = c
		out[i].Latency = nil
		for _, b := range c.Latency {
			seconds := math.Sqrt(correlate.BinFloor(b.Index)*correlate.BinFloor(b.Index+1)) / 1e9
			at := 0
			for at < len(bounds)-1 && seconds > bounds[at] {
				at++
			}
			middle := bounds[at] / 2
			if at > 0 {
				middle = math.Sqrt(bounds[at-1] * bounds[at])
			}
			out[i].Latency.Add(correlate.BinIndex(int64(middle*1e9)), int64(b.Count))
			out[i].Sum += int64(seconds * float64(b.Count) * correlate.Fixed)
			out[i].N += int64(b.Count)
		}
	}
	return out
}

// in tells a case's requests in buckets.
func in(c Case, bounds ...float64) Case {
	c.Streams = append([]Stream(nil), c.Streams...)
	for i := range c.Streams {
		s := &c.Streams[i]
		s.New, s.Old, s.Whole, s.History = bucketed(s.New, bounds...), bucketed(s.Old, bounds...), bucketed(s.Whole, bounds...), bucketed(s.History, bounds...)
	}
	return c
}

// randomCase is a change that may do anything, compared with anything, seen through any instrumentation.
func randomCase(t *rapid.T) Case {
	s := newSim(rapid.Uint64().Draw(t, "seed"))
	s.RPS = rapid.SampledFrom([]float64{0.3, 3, 30}).Draw(t, "rps")
	s.Errors = rapid.SampledFrom([]float64{0, 0.001, 0.02, 0.3}).Draw(t, "usual errors")
	s.Burst = rapid.SampledFrom([]float64{0, 5}).Draw(t, "burst")
	errors := rapid.SampledFrom([]float64{1, 1, 1.5, 3, 20}).Draw(t, "errors")
	slower := rapid.SampledFrom([]float64{0.5, 1, 1, 1.1, 1.25, 1.6, 4}).Draw(t, "slower")
	seconds := 10 * rapid.Int64Range(1, 180).Draw(t, "cells")
	var c Case
	switch rapid.IntRange(0, 3).Draw(t, "control") {
	case 0:
		c = s.allAtOnce(seconds, errors, slower)
	case 1:
		c = s.withHistory(s.allAtOnce(seconds, errors, slower), 2)
	case 2:
		c = s.inZones(seconds, unequal(errors, slower)...)
	default:
		c = s.canary(seconds, rapid.Float64Range(0.05, 0.9).Draw(t, "part"), errors, slower)
	}
	if bounds := rapid.SampledFrom([][]float64{nil, {5, 10}, {0.01, 0.025, 0.05, 0.1, 0.25, 1, 5}}).Draw(t, "bounds"); bounds != nil {
		c = in(c, bounds...)
	}
	if rapid.Bool().Draw(t, "new exception") {
		c.Streams = append(c.Streams, thrown(2, 100, 110, 300))
	}
	return upTo(c, c.Now)
}

// TestNumbersOfAnAssessmentAgree: whatever a change did, an estimate lies in its interval, what is shown first is what
// convicted, and nothing that isn't proven looks as if it were.
func TestNumbersOfAnAssessmentAgree(t *testing.T) {
	p := DefaultParams()
	rapid.Check(t, func(t *rapid.T) {
		c := randomCase(t)
		a := Assess(p, c)
		for _, e := range a.Evidence {
			if e.Interval != [2]float64{} {
				require.LessOrEqual(t, e.Interval[0], e.Ratio, "%+v", e)
				require.GreaterOrEqual(t, e.Interval[1], e.Ratio, "%+v", e)
			}
		}
		if a.Outcome != correlate.Regressed {
			requireUnproven(t, &p, a)
			return
		}
		e := a.Evidence[0]
		require.Equal(t, a.Reason, reasonOf(e.Signal), "%+v", a.Evidence)
		require.Greater(t, e.EValue, 1/p.Alpha)
		if a.Reason == correlate.ReasonThroughput {
			require.Less(t, e.Ratio, 1.0)
		} else {
			require.Greater(t, e.Ratio, 1.0, "%+v", e)
		}
		require.GreaterOrEqual(t, a.Onset, drawn.Start)
	})
}

// requireUnproven: a doubt isn't shown with numbers that leave none.
func requireUnproven(t *rapid.T, p *Params, a Assessment) {
	if a.Reason != correlate.ReasonUnderpowered {
		return
	}
	for _, e := range a.Evidence {
		if strings.HasPrefix(e.Signal, "saturation") {
			continue
		}
		require.Less(t, e.EValue, 1/(p.Alpha*0.05), "%+v", e)
		if reasonOf(e.Signal) != correlate.ReasonThroughput {
			require.LessOrEqual(t, e.Interval[0], p.LogErrors.BeforeAfter, "%+v", e)
		}
	}
}

func reasonOf(signal string) correlate.Reason {
	for f := range families {
		if about := asked[f].about; about != nil && about(signal) && !strings.HasPrefix(signal, "exception") {
			return asked[f].reason
		}
	}
	return map[string]correlate.Reason{"throughput": correlate.ReasonThroughput, "log_errors": correlate.ReasonLogErrors, "exception x": correlate.ReasonNewException}[signal]
}
