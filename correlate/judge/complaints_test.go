package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// Complaints that are open against canary judges of fixed horizon: each was called fine, and none may be.
func TestComplaintsAreNeverHealthy(t *testing.T) {
	p := DefaultParams()
	long := func(pattern []int64, times int) (out []int64) {
		for range times {
			out = append(out, pattern...)
		}
		return out
	}
	for name, tc := range map[string]struct{ canary, control []int64 }{
		"a few errors against none":                 {[]int64{0, 1, 2, 1, 0, 0}, []int64{0, 0, 0, 0, 0, 0}},
		"hundreds of errors, then as few as before": {[]int64{100, 100, 100, 100, 100, 100, 100, 1, 1, 1}, []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		"errors where the baseline never had any":   {long([]int64{2}, 90), long([]int64{0}, 90)},
		"the spread grows and the mean doesn't":     {long([]int64{20, 0, 0, 0}, 60), long([]int64{5}, 240)},
	} {
		for kind, of := range map[string]func([]int64, []int64) Case{
			"as error counts": complaintAsCounts, "as a value by version": complaintAsValue,
			"as a value of everything": complaintAsWhole,
		} {
			t.Run(name+" "+kind, func(t *testing.T) {
				c := of(tc.canary, tc.control)
				for now := drawn.Start + 10; now <= c.Now; now += 10 {
					a := Assess(p, upTo(c, now))
					require.NotEqual(t, correlate.Healthy, a.Outcome, "%+v", a)
				}
			})
		}
	}
}

func complaintAsCounts(canary, control []int64) Case {
	cells := func(errors []int64) (out []correlate.Cell) {
		for i, e := range errors {
			c := correlate.Cell{Start: drawn.Start + 10*int64(i), Requests: 200, Errors: e}
			c.Latency.Add(200, 200)
			out = append(out, c)
		}
		return out
	}
	new, old := cells(canary), cells(control)
	return complaint(Stream{Kind: correlate.Traffic, New: new, Old: old, Whole: added(new, old)}, len(canary))
}

func complaintAsValue(canary, control []int64) Case {
	new, old := values(drawn.Start, canary), values(drawn.Start, control)
	return complaint(Stream{Kind: correlate.Gauge, Name: "kpi", Bad: correlate.BadUp, New: new, Old: old, Whole: added(new, old)}, len(canary))
}

func complaintAsWhole(canary, control []int64) Case {
	whole := append(values(drawn.Start-10*int64(len(control)), control), values(drawn.Start, canary)...)
	return complaint(Stream{Kind: correlate.Gauge, Name: "kpi", Bad: correlate.BadUp, Whole: whole}, len(canary))
}

func values(from int64, v []int64) (out []correlate.Cell) {
	for i, x := range v {
		out = append(out, correlate.Cell{Start: from + 10*int64(i), Sum: x * correlate.Fixed, N: 1})
	}
	return out
}

func complaint(s Stream, cells int) Case {
	return Case{
		Resolution: 10, Coarse: 300, Now: drawn.Start + 10*int64(cells) + 1200, Start: drawn.Start, Finish: drawn.Start,
		Streams: []Stream{s},
	}
}
