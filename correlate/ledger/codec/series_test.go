package codec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// someValue is one that a series holds: three significant digits, or nothing.
var someValue = rapid.Custom(func(t *rapid.T) float64 {
	if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
		return math.NaN()
	}
	v := rapid.SampledFrom([]float64{0, 1, -1}).Draw(t, "sign") * rapid.Float64Range(1e-12, 1e12).Draw(t, "value")
	v, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	if err != nil || v == 0 {
		return 0
	}
	return v
})

func drawSeries(t *rapid.T, signals, points int) correlate.Series {
	moment := func(label string) time.Time {
		return time.Unix(1_700_000_000+rapid.Int64Range(-1e6, 1e6).Draw(t, label), 0).UTC()
	}
	s := correlate.Series{At: moment("at"), Start: moment("start"), From: moment("from"), Step: 60, Points: points}
	if rapid.Bool().Draw(t, "finished") {
		s.Finish = moment("finish")
	}
	for n := range rapid.IntRange(0, 3).Draw(t, "steps") {
		s.Steps = append(s.Steps, correlate.ZoneStep{Name: fmt.Sprint("zone-", n), ReachedAt: moment("reached")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "gaps") {
		from := moment("gap")
		s.Gaps = append(s.Gaps, correlate.Stretch{From: from, To: from.Add(time.Minute)})
	}
	for range signals {
		of := correlate.SignalSeries{
			Signal: rapid.SampledFrom([]string{"error_ratio", "latency_p90", "exception java.lang.Ωmega"}).Draw(t, "signal"),
			Grade:  rapid.SampledFrom([]correlate.Grade{"", correlate.GradeA, correlate.GradeC}).Draw(t, "grade"), Expected: correlate.BasisDays,
		}
		for _, role := range correlate.Roles() {
			values := correlate.Values(rapid.SliceOfN(someValue, points, points).Draw(t, "values"))
			of.Lines = append(of.Lines, correlate.Line{Role: role, Values: values})
		}
		s.Signals = append(s.Signals, of)
	}
	return s
}

// alike compares series, in which NaN is NaN.
func alike(t require.TestingT, want, got correlate.Series) {
	require.Equal(t, fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got))
}

func TestASeriesComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSeries(t, rapid.IntRange(1, 2).Draw(t, "signals"), rapid.IntRange(0, 12).Draw(t, "points"))
		blob := EncodeSeries(s)
		require.Equal(t, blob, EncodeSeries(s), "the same series is the same bytes")
		back, err := DecodeSeries(blob)
		require.NoError(t, err)
		alike(t, s, back)
	})
}

// TestASeriesNeverTakesMore: whatever is measured, and however long the names are.
func TestASeriesNeverTakesMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSeries(t, 4, 144)
		for n := range 40 {
			from := s.From.Add(time.Duration(n) * time.Hour)
			s.Gaps = append(s.Gaps, correlate.Stretch{From: from, To: from.Add(time.Duration(n) * time.Minute)})
			s.Steps = append(s.Steps, correlate.ZoneStep{Name: strings.Repeat("Ω", n+40), ReachedAt: from})
		}
		s.Signals[0].Signal = strings.Repeat("x", 500)
		blob := EncodeSeries(s)
		require.LessOrEqual(t, len(blob), MaxSeries)
		back, err := DecodeSeries(blob)
		require.NoError(t, err)
		require.Len(t, back.Gaps, maxGaps)
		require.IsIncreasing(t, []int64{back.Gaps[maxGaps-2].From.Unix(), back.Gaps[maxGaps-1].From.Unix()})
	})
}

func TestNeighbouringValuesHaveNeighbouringNumbers(t *testing.T) {
	for _, pair := range [][2]float64{{0, 1e-40}, {0.00999, 0.01}, {0.123, 0.124}, {9.99, 10}, {-0.124, -0.123}, {1e12, 1.01e12}} {
		require.Equal(t, int64(1), ordinal(pair[1])-ordinal(pair[0]), pair)
		require.Equal(t, pair[0], valueOf(ordinal(pair[0])))
	}
	require.Zero(t, ordinal(1e-300))
	require.Equal(t, 9.99e40, valueOf(ordinal(1e300)), "the last there is")
}

func FuzzDecodeSeries(f *testing.F) {
	s := correlate.Series{Step: 10, Points: 3, Signals: []correlate.SignalSeries{{
		Signal: "error_ratio", Lines: []correlate.Line{{Role: correlate.RoleNew, Values: correlate.Values{0, math.NaN(), 0.3}}},
	}}}
	f.Add(EncodeSeries(s))
	f.Add([]byte{1, 3, 0, 0, 0})
	f.Fuzz(func(t *testing.T, blob []byte) {
		s, err := DecodeSeries(blob)
		if err != nil {
			return
		}
		again, err := DecodeSeries(EncodeSeries(s))
		require.NoError(t, err)
		require.Equal(t, s.Points, again.Points)
	})
}
