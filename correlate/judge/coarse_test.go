package judge

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// inBuckets makes of some cells what a histogram of coarse buckets tells of them, with what the requests took
// together.
func inBuckets(cells []correlate.Cell, bounds ...float64) {
	for i := range cells {
		c := &cells[i]
		var in correlate.Histogram
		for _, b := range c.Latency {
			seconds := correlate.BinFloor(b.Index) / 1e9
			c.Sum += int64(float64(b.Count) * seconds * correlate.Fixed)
			c.N += int64(b.Count)
			middle := seconds
			for k := 1; k < len(bounds); k++ {
				if seconds >= bounds[k-1] && seconds < bounds[k] {
					middle = (bounds[k-1] + bounds[k]) / 2
				}
			}
			in.Add(correlate.BinIndex(int64(middle*1e9)), int64(b.Count))
		}
		c.Latency = in
	}
}

// TestALatencyThatMayHideInABucketIsNotHealthy: buckets that are wider than the margin prove nothing; the mean does.
func TestALatencyThatMayHideInABucketIsNotHealthy(t *testing.T) {
	for name, tc := range map[string]struct {
		slower  float64
		days    int64
		bounds  []float64
		healthy bool
	}{
		"as fast as before, by the mean":                 {1, 0, []float64{0, 5, 10}, true},
		"as fast as before, by the mean of earlier days": {1, 4, []float64{0, 5, 10}, true},
		"four times as slow in one bucket":               {4, 0, []float64{0, 5, 10}, false},
		"four times as slow, against earlier days":       {4, 4, []float64{0, 5, 10}, false},
		"half as slow again in one bucket":               {1.5, 0, []float64{0, 5, 10}, false},
		"half as slow again among coarse buckets":        {1.5, 0, []float64{0, 0.001, 0.2, 5, 10}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(31)
			c := s.canary(2400, 0.4, 1, tc.slower)
			if tc.days > 0 {
				c = s.withHistory(s.allAtOnce(3600, 1, tc.slower), tc.days)
			}
			of := &c.Streams[0]
			for _, cells := range [...][]correlate.Cell{of.New, of.Old, of.Whole, of.History} {
				inBuckets(cells, tc.bounds...)
			}
			a := Assess(DefaultParams(), c)
			require.Equal(t, tc.healthy, a.Outcome == correlate.Healthy, "%+v", a)
		})
	}
}

// TestOnlyWhatAServiceHasIsRequired: what isn't told of a service is not asked of it, and what is told must be proven.
func TestOnlyWhatAServiceHasIsRequired(t *testing.T) {
	counted := func(c Case) Case {
		of := &c.Streams[0]
		for _, cells := range [...][]correlate.Cell{of.New, of.Old, of.Whole, of.History} {
			for i := range cells {
				cells[i].Latency = nil
			}
		}
		return c
	}
	requests := func() Case { return newSim(9).canary(2400, 0.4, 1, 1) }
	kpi := func(steady bool) Case {
		s := newSim(4)
		return s.business(4, 5400, func(int64) float64 {
			if steady {
				return 0
			}
			return 60 * s.Rng.NormFloat64()
		})
	}
	with := func(c Case, o Case) Case {
		c.Streams = append(c.Streams, o.Streams...)
		return c
	}
	for name, tc := range map[string]struct {
		c        Case
		required []family
		healthy  bool
	}{
		"requests with latencies":                   {requests(), []family{familyErrors, familyLatency}, true},
		"requests without latencies":                {counted(requests()), []family{familyErrors}, true},
		"a steady custom signal alone":              {kpi(true), []family{familyCustom}, true},
		"a restless custom signal alone":            {kpi(false), []family{familyCustom}, false},
		"a steady and a restless one":               {with(kpi(true), kpi(false)), []family{familyCustom}, false},
		"one that is only known since an hour":      {with(kpi(true), newSim(5).business(0, 5400, within(0, 0, 0))), []family{familyCustom}, false},
		"requests, and a custom signal beside them": {with(requests(), kpi(false)), []family{familyErrors, familyLatency}, true},
		"nothing": {Case{Resolution: 10, Coarse: 300, Start: drawn.Start, Finish: drawn.Start, Now: drawn.Start + 5400}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			required := new(Memory).newTrial(&p, &tc.c, tc.c.Start).required()
			for f := range families {
				require.Equal(t, slices.Contains(tc.required, f), required[f], f)
			}
			a := Assess(p, tc.c)
			require.Equal(t, tc.healthy, a.Outcome == correlate.Healthy, "%+v", a)
		})
	}
}
