package native

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// process observes durations and forgets none, so that what a scrape must say can be counted from them.
type process struct {
	schema    int32
	threshold float64
	seen      []float64
}

// place is the index of the bucket that an observation is in; not ok in the zero bucket.
func (p *process) place(v float64) (index int32, ok bool) {
	if v <= p.threshold {
		return 0, false
	}
	index = int32(math.Ceil(math.Ldexp(math.Log2(v), int(p.schema))))
	return index, true
}

// count is the observations by bucket.
func (p *process) count(seen []float64) (zero float64, bins map[int32]float64) {
	bins = map[int32]float64{}
	for _, v := range seen {
		if index, ok := p.place(v); ok {
			bins[index]++
		} else {
			zero++
		}
	}
	return zero, bins
}

// answered is what the HTTP API says of the process.
func (p *process) answered(t *rapid.T) *Histogram {
	zero, bins := p.count(p.seen)
	var all []Bucket
	if zero > 0 {
		all = append(all, Bucket{-p.threshold, p.threshold, zero})
	}
	for index, n := range bins {
		all = append(all, Bucket{max(bound(index-1, p.schema), p.threshold), bound(index, p.schema), n})
	}
	h, err := OfBuckets(0, all)
	require.NoError(t, err)
	return h
}

// pushed is what remote write sends of the process.
func (p *process) pushed(t *rapid.T) *Histogram {
	s := Spans{Schema: p.schema, Threshold: p.threshold}
	zero, bins := p.count(p.seen)
	s.Zero = zero
	indices := make([]int32, 0, len(bins))
	for index := range bins {
		indices = append(indices, index)
	}
	slices.Sort(indices)
	next := int32(0)
	for _, index := range indices {
		s.Spans = append(s.Spans, Span{index - next, 1})
		s.Counts = append(s.Counts, bins[index])
		next = index + 1
	}
	h, err := s.Histogram()
	require.NoError(t, err)
	return h
}

// However a process becomes coarser while it goes on, what it added is what it observed, answered or pushed.
func TestWhatWasAddedIsWhatWasObserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &process{schema: rapid.Int32Range(0, 8).Draw(t, "schema"), threshold: 1.0 / (1 << 20)}
		observe := func() (seen []float64) {
			for range rapid.IntRange(0, 30).Draw(t, "observations") {
				seen = append(seen, rapid.Float64Range(0.0001, 30).Draw(t, "seconds"))
			}
			p.seen = append(p.seen, seen...)
			return seen
		}
		p.seen = []float64{0} // so that an answer tells how far the zero bucket reaches
		observe()
		answered, pushed := p.answered(t), p.pushed(t)
		for range rapid.IntRange(1, 5).Draw(t, "scrapes") {
			if p.schema > -2 && rapid.IntRange(0, 3).Draw(t, "coarser") == 0 {
				p.schema--
			}
			if rapid.IntRange(0, 3).Draw(t, "wider") == 0 {
				p.threshold *= 16 // a bound of all these schemas: no bucket is split
			}
			fresh := observe()
			zero, bins := p.count(fresh)
			for name, pair := range map[string][2]*Histogram{"answered": {answered, p.answered(t)}, "pushed": {pushed, p.pushed(t)}} {
				added, ok := pair[1].Since(pair[0])
				require.True(t, ok, name)
				require.EqualValues(t, zero, added.Zero, name)
				require.EqualValues(t, len(fresh), added.Total(), name)
				if name == "pushed" {
					require.Equal(t, bins, counted(added))
				}
			}
			answered, pushed = p.answered(t), p.pushed(t)
		}
	})
}

func counted(h *Histogram) map[int32]float64 {
	all := map[int32]float64{}
	for _, b := range h.Bins {
		all[b.Index] = float64(b.N)
	}
	return all
}

func exponential(schema int32, zero uint64, bins ...Bin) *Histogram {
	return &Histogram{Schema: schema, Zero: zero, Threshold: 0.001, Bins: bins}
}

func bounded(bins ...Bin) *Histogram { return &Histogram{Custom: true, Bins: bins} }

func TestWhatIsAReset(t *testing.T) {
	at := func(index int32, n uint64) Bin { return Bin{Index: index, N: n} }
	le := func(lower, upper float64, n uint64) Bin { return Bin{Lower: lower, Upper: upper, N: n} }
	wide := exponential(3, 5)
	wide.Threshold = 0.01
	for name, test := range map[string]struct {
		before, now *Histogram
		goes        bool
	}{
		"nothing happened":                     {exponential(3, 1, at(1, 2)), exponential(3, 1, at(1, 2)), true},
		"another bucket":                       {exponential(3, 1, at(1, 2)), exponential(3, 1, at(0, 1), at(1, 2), at(9, 1)), true},
		"a bucket fell":                        {exponential(3, 1, at(1, 2)), exponential(3, 1, at(1, 1)), false},
		"a bucket is gone":                     {exponential(3, 1, at(1, 2)), exponential(3, 1, at(2, 9)), false},
		"the last bucket is gone":              {exponential(3, 1, at(1, 2), at(5, 1)), exponential(3, 1, at(1, 2)), false},
		"the zero bucket fell":                 {exponential(3, 1, at(1, 2)), exponential(3, 0, at(1, 2)), false},
		"it is finer":                          {exponential(2, 1, at(1, 2)), exponential(3, 1, at(1, 2)), false},
		"it is coarser, and has them all":      {exponential(3, 1, at(-7, 2), at(0, 1), at(1, 1)), exponential(0, 1, at(0, 3), at(1, 1)), true},
		"it is coarser, and hasn't":            {exponential(3, 1, at(-7, 2), at(0, 1)), exponential(0, 1, at(0, 2)), false},
		"it had no buckets, at whatever scale": {exponential(0, 1), exponential(3, 1, at(1, 2)), true},
		"the zero bucket is narrower":          {wide, exponential(3, 5), false},
		"bounds of its own":                    {bounded(le(0, 1, 2)), bounded(le(0, 1, 3), le(1, 5, 1)), true},
		"bounds of its own that are others":    {bounded(le(0, 1, 2)), bounded(le(0, 2, 3)), false},
		"bounds that lay in a scale so far":    {&Histogram{Bins: []Bin{{Index: 1, Lower: 1, Upper: 2, N: 2}}}, bounded(le(1, 2, 2), le(2, 5, 1)), true},
	} {
		t.Run(name, func(t *testing.T) {
			added, ok := test.now.Since(test.before)
			require.Equal(t, test.goes, ok)
			if ok {
				require.Equal(t, test.now.Total()-test.before.Total(), added.Total())
			}
		})
	}
}

func TestWhatAnAnswerTells(t *testing.T) {
	inf := math.Inf(1)
	for name, test := range map[string]struct {
		buckets []Bucket
		want    Histogram
	}{
		"nothing":                          {nil, Histogram{Schema: finest, Sum: 3}},
		"octaves, and what is zero":        {[]Bucket{{-0.001, 0.001, 4}, {0.5, 1, 1}, {2, 4, 2}}, Histogram{Threshold: 0.001, Zero: 4, Sum: 3, Bins: []Bin{{0, 0.5, 1, 1}, {2, 2, 4, 2}}}},
		"what is below zero":               {[]Bucket{{-4, -2, 1}, {0.5, 1, 1}}, Histogram{Zero: 1, Sum: 3, Bins: []Bin{{0, 0.5, 1, 1}}}},
		"four octaves a bucket":            {[]Bucket{{1, 16, 1}}, Histogram{Schema: -2, Sum: 3, Bins: []Bin{{1, 1, 16, 1}}}},
		"one that the zero bucket cut off": {[]Bucket{{-0.3, 0.3, 1}, {0.3, 0.5, 1}, {0.5, 1, 1}}, Histogram{Threshold: 0.3, Zero: 1, Sum: 3, Bins: []Bin{{-1, 0.3, 0.5, 1}, {0, 0.5, 1, 1}}}},
		"beyond all numbers":               {[]Bucket{{1, 2, 1}, {math.MaxFloat64, inf, 1}}, Histogram{Sum: 3, Bins: []Bin{{1, 1, 2, 1}, {1025, math.MaxFloat64, inf, 1}}}},
		"bounds of its own":                {[]Bucket{{0.25, 1, 1}, {0.1, 0.25, 2}}, Histogram{Custom: true, Schema: 0, Sum: 3, Bins: []Bin{{0, 0.1, 0.25, 2}, {0, 0.25, 1, 1}}}},
		"bounds of its own, from below":    {[]Bucket{{-inf, 1, 1}, {1, inf, 2}}, Histogram{Custom: true, Sum: 3, Bins: []Bin{{0, -inf, 1, 1}, {0, 1, inf, 2}}}},
		"counts that are no integers":      {[]Bucket{{1, 2, 1.4}, {2, 4, 0.2}}, Histogram{Sum: 3, Bins: []Bin{{1, 1, 2, 1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := OfBuckets(3, test.buckets)
			require.NoError(t, err)
			if test.want.Custom {
				got.Schema = test.want.Schema // it has none
			}
			require.Equal(t, &test.want, got)
		})
	}
}

// A schema is found again from the bounds as they are written.
func TestEverySchemaIsFound(t *testing.T) {
	for schema := int32(coarsest); schema <= finest; schema++ {
		for _, index := range []int32{-3001, -7, 0, 1, 2, 255} {
			index >>= max(0, 2-schema) // so that there are such numbers
			buckets := []Bucket{{bound(index-1, schema), bound(index, schema), 1}, {bound(index+4, schema), bound(index+5, schema), 2}}
			h, err := OfBuckets(math.NaN(), buckets)
			require.NoError(t, err)
			require.False(t, h.Custom, "%d %d", schema, index)
			require.Equal(t, schema, h.Schema)
			require.Equal(t, []int32{index, index + 5}, []int32{h.Bins[0].Index, h.Bins[1].Index}, fmt.Sprint(schema))
			require.Zero(t, h.Sum)
		}
	}
}

func TestWhatSpansHold(t *testing.T) {
	s := Spans{Schema: 3, Sum: 9, Threshold: 0.1, Zero: 1, Negative: 2, Spans: []Span{{-2, 2}, {3, 1}}, Counts: []float64{1, 0, 4}, Hint: Reset}
	h, err := s.Histogram()
	require.NoError(t, err)
	require.Equal(t, &Histogram{Schema: 3, Sum: 9, Threshold: 0.1, Zero: 3, Bins: []Bin{{Index: -2, N: 1}, {Index: 3, N: 4}}, Hint: Reset}, h)

	s = Spans{Schema: custom, Spans: []Span{{0, 3}}, Counts: []float64{1, 2, 3}, Bounds: []float64{0.1, 1}}
	h, err = s.Histogram()
	require.NoError(t, err)
	bounds, counts := h.Explicit()
	require.Equal(t, []float64{0.1, 1}, bounds)
	require.Equal(t, []uint64{1, 2, 3}, counts)
}

func TestHistogramsThatCantBeUsed(t *testing.T) {
	for name, test := range map[string]struct {
		spans Spans
		want  error
	}{
		"a schema that there isn't":   {Spans{Schema: 9}, errSchema},
		"too many buckets":            {Spans{Spans: []Span{{0, MostBins + 1}}, Counts: make([]float64, MostBins+1)}, errMany},
		"a negative count":            {Spans{Spans: []Span{{0, 1}}, Counts: []float64{-1}}, errCount},
		"a negative zero count":       {Spans{Zero: -1}, errCount},
		"a count that is no number":   {Spans{Spans: []Span{{0, 1}}, Counts: []float64{math.NaN()}}, errCount},
		"more counts than buckets":    {Spans{Spans: []Span{{0, 1}}, Counts: []float64{1, 2}}, errSpans},
		"more buckets than counts":    {Spans{Spans: []Span{{0, math.MaxUint32}}, Counts: []float64{1}}, errSpans},
		"spans that go back":          {Spans{Spans: []Span{{0, 1}, {-1, 1}}, Counts: []float64{1, 1}}, errSpans},
		"a bucket beyond all numbers": {Spans{Spans: []Span{{math.MaxInt32, 1}}, Counts: []float64{1}}, errSpans},
		"a bucket beyond the bounds":  {Spans{Schema: custom, Spans: []Span{{0, 3}}, Counts: []float64{1, 1, 1}, Bounds: []float64{1}}, errSpans},
		"bounds that fall":            {Spans{Schema: custom, Bounds: []float64{2, 1}}, errBounds},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.spans.Histogram()
			require.ErrorIs(t, err, test.want)
		})
	}
	for want, buckets := range map[error][]Bucket{
		errMany:   make([]Bucket, MostBins+1),
		errCount:  {{1, 2, math.Inf(1)}},
		errBounds: {{2, 1, 1}},
	} {
		_, err := OfBuckets(1, buckets)
		require.ErrorIs(t, err, want)
	}
}

func TestBucketsAsOpenTelemetryHasThem(t *testing.T) {
	scale, offset, counts := exponential(1, 7, Bin{Index: -1, N: 3}, Bin{Index: 2, N: 1}).Exponential()
	require.Equal(t, []any{int32(1), int32(-2), []uint64{3, 0, 0, 1}}, []any{scale, offset, counts})

	scale, _, counts = exponential(8, 0, Bin{Index: -5000, N: 3}, Bin{Index: 2000, N: 1}).Exponential()
	require.EqualValues(t, 5, scale, "7001 buckets don't fit, an eighth of them does")
	require.LessOrEqual(t, len(counts), mostDense)
	require.EqualValues(t, []uint64{3, 1}, []uint64{counts[0], counts[len(counts)-1]})

	_, _, counts = exponential(8, 3).Exponential()
	require.Empty(t, counts)
}
