package stats_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora/stats"
)

func TestRatios(t *testing.T) {
	for name, c := range map[string]struct{ got, want *stats.Ratio }{
		"no data is no ratio":              {stats.Part(0, 0), nil},
		"nothing per nothing is no ratio":  {stats.Per(3, 0), nil},
		"one of one is uncertain":          {stats.Part(1, 1), &stats.Ratio{Value: 1, Numerator: 1, Denominator: 1, Interval: [2]float64{0.206549, 1}}},
		"none of ten":                      {stats.Part(0, 10), &stats.Ratio{Denominator: 10, Interval: [2]float64{0, 0.277533}}},
		"2 of 5, by Wilson (1927)":         {stats.Part(2, 5), &stats.Ratio{Value: 0.4, Numerator: 2, Denominator: 5, Interval: [2]float64{0.117621, 0.769276}}},
		"6 per 5 are no part: no interval": {stats.Per(6, 5), &stats.Ratio{Value: 1.2, Numerator: 6, Denominator: 5}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.got) })
	}
}

func TestSpans(t *testing.T) {
	for name, c := range map[string]struct {
		seconds []int
		want    *stats.Duration
	}{
		"none":                         {nil, nil},
		"one":                          {[]int{7}, &stats.Duration{N: 1, Median: 7, P90: 7, Mean: 7, Buckets: [13]int{1}}},
		"the median of two is between": {[]int{10, 0}, &stats.Duration{N: 2, Median: 5, P90: 9, Mean: 5, Buckets: [13]int{2}}},
		"of five in any order":         {[]int{5, 1, 4, 2, 3}, &stats.Duration{N: 5, Median: 3, P90: 4.6, Mean: 3, Buckets: [13]int{5}}},
	} {
		t.Run(name, func(t *testing.T) {
			var spans []time.Duration
			for _, s := range c.seconds {
				spans = append(spans, time.Duration(s)*time.Second)
			}
			require.Equal(t, c.want, stats.Summarise(spans))
		})
	}
}

func TestTheLowerMedianIsASpan(t *testing.T) {
	for want, seconds := range map[time.Duration][]time.Duration{7: {7}, 1: {10, 1}, 2: {3, 9, 2, 1}, 3: {5, 3, 1}} {
		for i := range seconds {
			seconds[i] *= time.Second
		}
		require.EqualValues(t, want, stats.SummariseLower(seconds).Median)
	}
	require.Nil(t, stats.SummariseLower(nil))
}

func TestASummaryLiesAmongTheSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spans []time.Duration
		for _, s := range rapid.SliceOfN(rapid.IntRange(0, 1_000_000), 1, 300).Draw(t, "seconds") {
			spans = append(spans, time.Duration(s)*time.Second)
		}
		least, most := slices.Min(spans).Seconds(), slices.Max(spans).Seconds()
		got := stats.Summarise(spans)
		for _, v := range []float64{got.Median, got.P90, got.Mean} {
			require.GreaterOrEqual(t, v, least*0.99999)
			require.LessOrEqual(t, v, most*1.00001)
		}
		require.LessOrEqual(t, got.Median, got.P90)
	})
}
