package words_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
)

func TestAnEffectIsSaidWithItsInterval(t *testing.T) {
	for name, c := range map[string]struct {
		evidence correlate.Evidence
		want     string
	}{
		"more errors": {correlate.Evidence{Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.7,
			Interval: [2]float64{4.9, 11.8}, N: 1000, Events: 31}, "0.4 % → 3.1 %, ×7.7 (4.9 … 12)"},
		"errors where there were none": {correlate.Evidence{Signal: "error_ratio", Observed: 0.2, Ratio: 452,
			Interval: [2]float64{31, 601.8}, N: 1000, Events: 200}, "0 % → 20 %, ×452 (31 … ∞)"},
		"no errors at all": {correlate.Evidence{Signal: "error_ratio", Ratio: 1,
			Interval: [2]float64{0.00166, 601.8}, N: 4113}, "none in 4,113 requests"},
		"errors that went away": {correlate.Evidence{Signal: "error_ratio", Baseline: 0.2,
			Interval: [2]float64{0.00166, 0.08}, N: 4113}, "20 % → 0 %, ×0 (0 … 0.08)"},
		"slower": {correlate.Evidence{Signal: "latency_p90", Baseline: 0.1234, Observed: 0.2468, Ratio: 2,
			Interval: [2]float64{1.8, 2.1}, N: 100, Events: 50}, "123.4ms → 246.8ms, ×2 (1.8 … 2.1)"},
		"other routes than before": {correlate.Evidence{Signal: "error_ratio", Baseline: 0.01, Observed: 0.03, Ratio: 1.5,
			Interval: [2]float64{1.2, 1.9}, N: 1000, Events: 30, Mix: 2}, "1 % → 3 %, ×1.5 (1.2 … 1.9), of ×2 by the route mix"},
		"a signal of one's own": {correlate.Evidence{Signal: "orders", Baseline: 1234567, Observed: 617283, Ratio: 0.5,
			Interval: [2]float64{0.4, 0.6}, N: 1, Events: 1}, "1.2e+06 → 617,283, ×0.5 (0.4 … 0.6)"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, words.Effect(c.evidence)) })
	}
}

func TestNoDataIsNotZero(t *testing.T) {
	zero := 0.0
	require.Equal(t, "–", words.Ratio(nil))
	require.Equal(t, "0.0 % (0 of 7)", words.Ratio(&dora.Ratio{Denominator: 7}))
	require.Equal(t, "–", words.Median(nil))
	require.Equal(t, "–", words.Rate(nil))
	require.Equal(t, "0.00", words.Rate(&zero))
	require.Equal(t, "–", words.Or(""))
	require.Equal(t, "v2", words.Or("v2"))
	require.Equal(t, "1h 30m (n 4)", words.Median(&dora.Duration{Median: 5400, N: 4}))
}

func TestASpanHasTwoUnits(t *testing.T) {
	for want, seconds := range map[string]float64{
		"0s": 0, "59s": 59, "1m 5s": 65, "2h 1m": 7265, "3d 4h": 3*86400 + 4*3600 + 59,
	} {
		require.Equal(t, want, words.Span(seconds))
	}
}

func TestCountsHaveTheirThousandsApart(t *testing.T) {
	for want, n := range map[string]int64{"0": 0, "999": 999, "1,000": 1000, "-12,345,678": -12345678} {
		require.Equal(t, want, words.Count(n))
	}
}

func TestTimesAreInUTC(t *testing.T) {
	late := time.Date(2026, 3, 1, 1, 30, 0, 999, time.FixedZone("east", 2*3600))
	require.Equal(t, "2026-02-28 23:30:00Z", words.Instant(late))
	require.Equal(t, "2026-02-28", words.Day(late))
}
