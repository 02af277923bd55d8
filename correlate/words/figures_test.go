package words_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
			Interval: [2]float64{31, 601.8}, N: 1000, Events: 200}, "0 % → 20 %, at least ×31"},
		"no errors at all": {correlate.Evidence{Signal: "error_ratio", Ratio: 1,
			Interval: [2]float64{0.00166, 601.8}, N: 4113}, "none in 4,113 requests"},
		"errors that went away": {correlate.Evidence{Signal: "error_ratio", Baseline: 0.2,
			Interval: [2]float64{0.00166, 0.08}, N: 4113}, "20 % → 0 %, at most ×0.08"},
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
	require.Equal(t, "1 of 1", words.Ratio(&dora.Ratio{Value: 1, Numerator: 1, Denominator: 1}), "one failure of one is no percentage")
	require.Equal(t, "25.0 %", words.Share(&dora.Ratio{Value: 0.25, Numerator: 2, Denominator: 8}))
	require.Equal(t, "", words.Interval(&dora.Ratio{Value: 1.2, Numerator: 6, Denominator: 5}), "what may exceed 1 has no interval")
	require.Equal(t, "5.5–26.1 %", words.Interval(&dora.Ratio{Interval: [2]float64{0.055, 0.261}}))
	require.Equal(t, "–", words.Median(nil))
	require.Equal(t, "–", words.Rate(nil))
	require.Equal(t, "0.00", words.Rate(&zero))
	require.Equal(t, "–", words.Or(""))
	require.Equal(t, "v2", words.Or("v2"))
	require.Equal(t, "1h 30m (n 4)", words.Median(&dora.Duration{Median: 5400, N: 4}))
	require.Equal(t, words.None, words.Recovery(dora.PolicyRatio, nil))
	for policy, want := range map[dora.Policy][2]string{
		dora.PolicyShipwake: {"1h 30m (n 4)", "recovery (median)"}, dora.PolicyDevLake: {"1h 30m (n 4)", "recovery (lower median)"},
		dora.PolicyMiddleware: {"2h 0m (n 4)", "recovery (mean)"}, dora.PolicyRatio: {"2h 0m (n 4)", "recovery (mean)"},
	} {
		require.Equal(t, want, [2]string{words.Recovery(policy, &dora.Duration{Median: 5400, Mean: 7200, N: 4}), words.RecoveryOf(policy)})
	}
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

func TestAFigureHasTheDigitsThatMatter(t *testing.T) {
	for want, v := range map[string]float64{
		"0": 0, "7": 7, "-3": -3, "1.5": 1.5, "0.031": 0.0312, "9.9": 9.94, "10": 9.96, "12": 12.4, "-1,235": -1234.6, "999,999": 999_999,
		"1e+06": 1_000_000, "1.3e-05": 0.0000131,
	} {
		t.Run(want, func(t *testing.T) { require.Equal(t, want, words.Figure(v)) })
	}
}

func TestALevelIsSaidInItsUnit(t *testing.T) {
	for name, c := range map[string]struct {
		signal string
		value  float64
		want   string
	}{
		"a share of requests":       {"error_ratio", 0.0312, "3.1 %"},
		"a share of another place":  {"zone error_ratio", 0.2, "20 %"},
		"log errors, for each call": {"log_errors", 0.5, "50 %"},
		"a short latency":           {"latency_p50", 0.00123456, "1.2ms"},
		"a long latency":            {"latency_p99", 72.5, "1m12.5s"},
		"a count":                   {"throughput", 1500, "1,500"},
		"no data at all":            {"error_ratio", 0, "0 %"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, words.Level(c.signal, c.value)) })
	}
}

// TestACountIsReadBack: with the commas taken out it is the number again, and each group has three digits.
func TestACountIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "n")
		text := words.Count(n)
		back, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
		require.NoError(t, err)
		require.Equal(t, n, back)
		require.Regexp(t, `^-?\d{1,3}(,\d{3})*$`, text)
	})
}

// TestASpanIsCloseToWhatItWas: what is said is at most one of its smaller unit away from what it was.
func TestASpanIsCloseToWhatItWas(t *testing.T) {
	units := map[string]float64{"d": 86400, "h": 3600, "m": 60, "s": 1}
	rapid.Check(t, func(t *rapid.T) {
		seconds := float64(rapid.IntRange(0, 400*86400).Draw(t, "seconds"))
		var said, smallest float64
		for _, part := range strings.Fields(words.Span(seconds)) {
			n, err := strconv.Atoi(part[:len(part)-1])
			require.NoError(t, err)
			smallest = units[part[len(part)-1:]]
			said += float64(n) * smallest
		}
		require.LessOrEqual(t, said, seconds)
		require.Less(t, seconds-said, smallest)
	})
}

func TestAFindingSaysItsPartsApart(t *testing.T) {
	f := words.NewFinding(correlate.Evidence{Service: "cart", Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.7,
		Interval: [2]float64{0.001, 700}, N: 12000, Events: 372, Mix: 1.25})
	require.Equal(t, words.Finding{
		Service: "cart", Signal: "error_ratio", Before: "0.4 %", After: "3.1 %", Factor: "7.7", Least: "0", Most: "∞", Mix: "1.25", N: "12,000",
	}, f)
	require.Equal(t, "cart error_ratio", f.Name())
	require.Equal(t, "0.4 % → 3.1 %, by which factor can't be told, of ×1.25 by the route mix", f.Text())
	require.Equal(t, "orders", words.Finding{Signal: "orders"}.Name())
	require.True(t, words.NewFinding(correlate.Evidence{Signal: "error_ratio", N: 7}).Nothing)
}
