package native

import (
	"math"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// said is what buckets say, as client_golang's form of a histogram.
type said struct {
	Schema  int32
	Zeros   uint64
	Offsets []int32
	Lengths []uint32
	Deltas  []int64
}

func says(b Buckets) said {
	s := said{Schema: b.Schema(), Zeros: b.Zeros()}
	for offset, length := range b.Spans {
		s.Offsets, s.Lengths = append(s.Offsets, offset), append(s.Lengths, length)
	}
	for delta := range b.Deltas {
		s.Deltas = append(s.Deltas, delta)
	}
	return s
}

// asClientGolang is what client_golang's histogram of the same says.
func asClientGolang(t require.TestingT, observed []float64) said {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "x", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: Most,
	})
	for _, v := range observed {
		h.Observe(v)
	}
	var m dto.Metric
	require.NoError(t, h.Write(&m))
	of := m.GetHistogram()
	require.InDelta(t, ZeroThreshold, of.GetZeroThreshold(), 0)
	s := said{Schema: of.GetSchema(), Zeros: of.GetZeroCount(), Deltas: of.GetPositiveDelta()}
	for _, span := range of.GetPositiveSpan() {
		s.Offsets, s.Lengths = append(s.Offsets, span.GetOffset()), append(s.Lengths, span.GetLength())
	}
	return s
}

func of(observed []float64) (b Buckets) {
	for _, v := range observed {
		b = b.With(v)
	}
	return b
}

func TestBucketsAreThoseOfClientGolang(t *testing.T) {
	seconds := rapid.OneOf(
		rapid.Float64Range(0, 100), rapid.Float64Range(0, 1e9), rapid.Just(0.0),
		rapid.Map(rapid.IntRange(-240, 264), func(i int) float64 { return math.Exp2(float64(i) / 8) }),
		rapid.Map(rapid.IntRange(-240, 264), func(i int) float64 { return math.Nextafter(math.Exp2(float64(i)/8), math.Inf(1)) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		observed := rapid.SliceOfN(seconds, 0, 300).Draw(t, "observed")
		require.Equal(t, asClientGolang(t, observed), says(of(observed)))
	})
}

func TestEndsOfBucketsBelongToThem(t *testing.T) {
	for i := -1024; i < 1024; i++ {
		end := math.Exp2(float64(i) / 8)
		for _, v := range []float64{math.Nextafter(end, 0), end, math.Nextafter(end, math.Inf(1))} {
			if v > ZeroThreshold {
				require.Equal(t, asClientGolang(t, []float64{v}), says(Buckets{}.With(v)), v)
			}
		}
	}
}

func TestBucketsAreBounded(t *testing.T) {
	var all []float64
	for i := range 600 {
		all = append(all, math.Exp2(float64(i)/8-35))
	}
	b := of(all)
	require.LessOrEqual(t, len(b.counts), Most)
	require.Equal(t, asClientGolang(t, all), says(b))
	require.EqualValues(t, 0, b.Schema(), "600 of schema 3 are 75 of schema 0")
}

func TestBucketsFromBeforeStayAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		observed := rapid.SliceOfN(rapid.Float64Range(1e-9, 1e9), 150, 300).Draw(t, "observed")
		before := of(observed[:100])
		was := says(before)
		of(observed)
		for _, v := range observed {
			before.With(v)
		}
		require.Equal(t, was, says(before))
	})
}

func TestWhoeverHasSeenEnoughMayStop(t *testing.T) {
	b := of([]float64{1, 1.2, 1e6})
	for range b.Spans {
		break
	}
	for n := range 3 {
		for range b.Deltas {
			if n--; n < 0 {
				break
			}
		}
	}
}

func BenchmarkWith(b *testing.B) {
	b.ReportAllocs()
	full := of([]float64{})
	for i := range Most {
		full = full.With(math.Exp2(float64(i) / 8))
	}
	for b.Loop() {
		full.With(100)
	}
}
