package counts

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// added is what a counter added, by the end of each increment.
type added map[int64]int64

func counter(t *testing.T, o Options, target *Target, samples ...Sample) (added, Losses) {
	t.Helper()
	o.MaxSeries = 10
	b := NewBook[string](o)
	g := b.Group("requests", target, &Metric{})
	part, ok := b.Part(g, Part{Role: Value})
	require.True(t, ok)
	for _, s := range samples {
		b.Add(g, part, s)
	}
	got := added{}
	b.Advance(math.MaxInt64/2, func(_ *Group[string], inc *Increment) { got[inc.To] += inc.Value })
	return got, b.Losses
}

func at(ms int64, value float64) Sample { return Sample{At: ms, Value: value} }

func TestWhatACounterAdded(t *testing.T) {
	scraped := func(times ...int64) *Target {
		var target Target
		for _, at := range times {
			target.Scraped(at, "")
		}
		return &target
	}
	began := func(scrape, when int64, times ...int64) *Target {
		target := scraped(times...)
		target.Started(scrape, when)
		return target
	}
	listening := Options{Since: 5_000, Whole: true}
	for name, test := range map[string]struct {
		options Options
		target  *Target
		samples []Sample
		want    added
	}{
		"the first value of a target that is new is a reference": {
			listening, scraped(10_000), []Sample{at(10_000, 7), at(20_000, 9)}, added{20_000: 2},
		},
		"the first value of a series that an older scrape hadn't counts whole": {
			listening, scraped(10_000, 20_000), []Sample{at(20_000, 3), at(30_000, 3)}, added{20_000: 3, 30_000: 0},
		},
		"the first value of a process that began while we listened counts whole": {
			listening, began(10_000, 8_000, 10_000), []Sample{at(10_000, 4)}, added{10_000: 4},
		},
		"the first value of a process that began before is a reference": {
			listening, began(10_000, 4_000, 10_000), []Sample{at(10_000, 4)}, added{},
		},
		"the first value of a count that is said to have begun while we listened counts whole": {
			listening, scraped(10_000), []Sample{{At: 10_000, Start: 9_000, Value: 4}}, added{10_000: 4},
		},
		"a value that fell counts from nothing": {
			listening, scraped(10_000), []Sample{at(10_000, 7), at(20_000, 2), at(30_000, 5)}, added{20_000: 2, 30_000: 3},
		},
		"a value that rose past the old one after a restart counts from nothing": {
			listening, began(20_000, 15_000, 10_000), []Sample{at(10_000, 7), at(20_000, 9)}, added{20_000: 9},
		},
		"a gap adds up where the next scrape is": {
			listening, scraped(10_000), []Sample{at(10_000, 7), at(70_000, 19)}, added{70_000: 12},
		},
		"samples that come twice and in no order count once": {
			listening, scraped(10_000), []Sample{at(30_000, 9), at(10_000, 7), at(20_000, 8), at(20_000, 8), at(30_000, 9)}, added{20_000: 1, 30_000: 1},
		},
		"a sender that begins to send a metric late has counted nothing": {
			Options{Since: 5_000}, scraped(10_000, 20_000), []Sample{at(20_000, 3_000), at(30_000, 3_001)}, added{30_000: 1},
		},
		"a target that was away for long is as new as at first": {
			listening, scraped(10_000, 10_000+2*awayAfter), []Sample{at(10_000+2*awayAfter, 4_000)}, added{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, losses := counter(t, test.options, test.target, test.samples...)
			require.Equal(t, test.want, got)
			require.Zero(t, losses)
		})
	}
}

func TestOneReplicaIsListenedTo(t *testing.T) {
	of := func(replica string, ms int64, value float64) Sample {
		return Sample{At: ms, Value: value, Replica: replica}
	}
	target := func() *Target {
		var target Target
		for at := int64(10_000); at <= 50_000; at += 10_000 {
			target.Scraped(at, "")
		}
		return &target
	}
	got, losses := counter(t, Options{Whole: true}, target(),
		of("a", 10_000, 1), of("b", 14_000, 3), of("a", 20_000, 5), of("b", 24_000, 6), // b repeats what a tells
		of("b", 44_000, 9), of("b", 54_000, 12)) // a is silent
	require.Equal(t, added{20_000: 4, 44_000: 4, 54_000: 3}, got)
	require.Zero(t, losses)

	got, losses = counter(t, Options{Whole: true}, target(), of("a", 10_000, 9), of("b", 44_000, 7), of("b", 54_000, 8))
	require.Equal(t, added{54_000: 1}, got, "it fell because another one looked earlier")
	require.Equal(t, Losses{Replica: 1}, losses)
}

func TestWhatAHistogramAdded(t *testing.T) {
	var target Target
	target.Scraped(10_000, "")
	b := NewBook[string](Options{Whole: true, MaxSeries: 10})
	g := b.Group("", &target, &Metric{})
	put := func(ms int64, values map[Part]float64) {
		for p, v := range values {
			i, ok := b.Part(g, p)
			require.True(t, ok)
			b.Add(g, i, at(ms, v))
		}
	}
	le := func(bound float64) Part { return Part{Bucket, bound} }
	inf, sum, count := le(math.Inf(1)), Part{Role: Sum}, Part{Role: Count}
	put(10_000, map[Part]float64{le(0.1): 2, le(1): 5, inf: 6, sum: 3, count: 6})
	put(20_000, map[Part]float64{le(0.1): 2, le(1): 8, inf: 10, sum: 6.5, count: 10})
	put(30_000, map[Part]float64{le(0.1): 3, le(1): 3, inf: 3, sum: 0.2, count: 3}) // began again
	put(40_000, map[Part]float64{le(0.1): 4, le(1): 3, inf: 4, sum: 0.3, count: 4}) // doesn't add up
	put(50_000, map[Part]float64{le(0.1): 4, le(1): 4, inf: 5, sum: 0.9, count: 5})
	var got []Increment
	b.Advance(60_000, func(_ *Group[string], inc *Increment) { got = append(got, *inc) })
	require.Equal(t, []Increment{
		{From: 10_000, To: 20_000, Value: 4, Sum: 3.5, Bounds: []float64{0.1, 1}, Buckets: []uint64{0, 3, 1}},
		{From: 20_000, To: 30_000, Value: 3, Sum: 0.2, Bounds: []float64{0.1, 1}, Buckets: []uint64{3, 0, 0}},
		{From: 30_000, To: 50_000, Value: 2, Sum: 0.7, Bounds: []float64{0.1, 1}, Buckets: []uint64{1, 0, 1}},
	}, round(got))
	require.Equal(t, Losses{Torn: 1}, b.Losses)

	b.Add(g, 0, at(45_000, 1))
	b.Add(g, 0, at(30_000, 3))
	require.Equal(t, Losses{Torn: 1, Late: 1}, b.Losses, "one is late, the other is read again")
}

// scraped is what a scrape tells of one histogram: how many there are below 1 s and in all, as a classic one, and how many in the
// native bucket up to 1 s and the one up to 2 s.
type scraped struct {
	classic, native []uint64
	hint            native.Hint
	replica         string
	began           int64
}

func TestAHistogramThatIsToldTwiceCountsOnce(t *testing.T) {
	both := func(quick, slow uint64) scraped {
		return scraped{classic: []uint64{quick, quick + slow}, native: []uint64{quick, slow}}
	}
	classic := func(quick, slow uint64) scraped { return scraped{classic: both(quick, slow).classic} }
	only := func(quick, slow uint64) scraped { return scraped{native: both(quick, slow).native} }
	with := func(s scraped, change func(*scraped)) scraped { change(&s); return s }
	for name, test := range map[string]struct {
		scrapes []scraped
		added   []int64 // by each scrape that is known to have
		native  int     // of those
		losses  Losses
	}{
		"only a native one":                   {scrapes: []scraped{only(5, 1), only(7, 1), only(7, 1)}, added: []int64{2, 0}, native: 2},
		"both all the time":                   {scrapes: []scraped{both(5, 1), both(7, 2)}, added: []int64{3}, native: 1},
		"the native one comes later":          {scrapes: []scraped{classic(5, 1), both(7, 1), both(8, 1)}, added: []int64{2, 1}, native: 1},
		"the classic one goes later":          {scrapes: []scraped{both(5, 1), both(7, 1), only(8, 1)}, added: []int64{2, 1}, native: 2},
		"the native one goes":                 {scrapes: []scraped{both(5, 1), classic(7, 1), classic(8, 1)}, added: []int64{2, 1}},
		"one in place of the other":           {scrapes: []scraped{classic(5, 1), only(7, 1), only(8, 1)}, added: []int64{1}, native: 1, losses: Losses{Torn: 1}},
		"one in place of the other, reset":    {scrapes: []scraped{only(5, 1), classic(3, 1), classic(3, 2)}, added: []int64{4, 1}},
		"a classic one that doesn't add up":   {scrapes: []scraped{both(5, 1), {classic: []uint64{9, 8}, native: []uint64{7, 1}}}, added: []int64{2}, native: 1},
		"it fell":                             {scrapes: []scraped{only(5, 1), only(2, 0)}, added: []int64{2}, native: 1},
		"it is said to have begun again":      {scrapes: []scraped{only(5, 1), with(only(7, 1), func(s *scraped) { s.hint = native.Reset })}, added: []int64{8}, native: 1},
		"it began again":                      {scrapes: []scraped{only(5, 1), with(only(7, 1), func(s *scraped) { s.began = 15_000 })}, added: []int64{8}, native: 1},
		"another replica fell behind":         {scrapes: []scraped{only(5, 1), with(only(4, 1), func(s *scraped) { s.replica = "b" })}, losses: Losses{Replica: 1}},
		"a reset that another replica saw":    {scrapes: []scraped{only(5, 1), with(only(6, 1), func(s *scraped) { s.hint, s.replica = native.Reset, "b" })}, added: []int64{1}, native: 1},
		"it began again with other buckets":   {scrapes: []scraped{classic(5, 1), with(only(9, 1), func(s *scraped) { s.began = 15_000 })}, added: []int64{10}, native: 1},
		"another one that has nothing so far": {scrapes: []scraped{both(0, 0), both(0, 0)}, added: []int64{0}, native: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, found, losses := followed(t, test.scrapes)
			require.Equal(t, test.added, got)
			require.Equal(t, test.native, found)
			require.Equal(t, test.losses, losses)
		})
	}
}

// followed is what a histogram added that is scraped each ten seconds.
func followed(t *testing.T, scrapes []scraped) (added []int64, natives int, losses Losses) {
	target := Target{}
	b := NewBook[string](Options{Since: 10_000, MaxSeries: 10})
	g := b.Group("", &target, &Metric{})
	put := func(p Part, s Sample) {
		i, ok := b.Part(g, p)
		require.True(t, ok)
		b.Add(g, i, s)
	}
	for i, s := range scrapes {
		ms := int64(i+1) * 10_000
		target.Scraped(ms, s.replica)
		target.Started(ms, s.began)
		for j, n := range s.classic {
			put(Part{Bucket, []float64{1, math.Inf(1)}[j]}, Sample{At: ms, Value: float64(n), Replica: s.replica})
		}
		if s.native == nil {
			continue
		}
		h := &native.Histogram{Hint: s.hint}
		for j, n := range s.native {
			if n > 0 {
				h.Bins = append(h.Bins, native.Bin{Index: int32(j), N: n})
			}
		}
		put(Part{Role: Native}, Sample{At: ms, Histogram: h, Replica: s.replica})
	}
	// Two replicas that scrape at the same instants are one scrape apart: each is listened to in its turn.
	target.every = 1
	b.Advance(1_000_000, func(_ *Group[string], inc *Increment) {
		added = append(added, inc.Value)
		if inc.Native != nil {
			natives++
			require.EqualValues(t, inc.Value, inc.Native.Total())
		}
	})
	return added, natives, b.Losses
}

func TestANativeHistogramWithBoundsOfItsOwnIsAClassicOne(t *testing.T) {
	target := Target{}
	b := NewBook[string](Options{Whole: true, MaxSeries: 10})
	g := b.Group("", &target, &Metric{})
	part, _ := b.Part(g, Part{Role: Native})
	target.Scraped(1, "")
	bins := []native.Bin{{Lower: math.Inf(-1), Upper: 0.1, N: 4}, {Lower: 0.5, Upper: 2, N: 3}}
	b.Add(g, part, Sample{At: 10_000, Histogram: &native.Histogram{Custom: true, Bins: bins[:1], Sum: 1}})
	b.Add(g, part, Sample{At: 20_000, Histogram: &native.Histogram{Custom: true, Bins: bins, Sum: 4}})
	var got []Increment
	b.Advance(30_000, func(_ *Group[string], inc *Increment) { got = append(got, *inc) })
	require.Equal(t, []Increment{
		{To: 10_000, Value: 4, Sum: 1, Bounds: []float64{0.1}, Buckets: []uint64{4, 0}},
		{From: 10_000, To: 20_000, Value: 3, Sum: 3, Bounds: []float64{0.5, 2}, Buckets: []uint64{0, 3, 0}},
	}, got)
}

func round(all []Increment) []Increment {
	for i := range all {
		all[i].Sum = math.Round(all[i].Sum*1000) / 1000
	}
	return all
}

func TestSeriesAreBoundedAndForgotten(t *testing.T) {
	b := NewBook[int](Options{MaxSeries: 1, Whole: true})
	var target Target
	one := b.Group(1, &target, &Metric{})
	part, ok := b.Part(one, Part{Role: Value})
	require.True(t, ok)
	two := b.Group(2, &target, &Metric{})
	_, ok = b.Part(two, Part{Role: Value})
	require.False(t, ok)
	require.Equal(t, Losses{Overflow: 1}, b.Losses)

	b.Add(one, part, at(1_000, 1))
	none := func(*Group[int], *Increment) {}
	b.Advance(2_000, none)
	require.False(t, one.Gone())
	b.Advance(2_000+forgetAfter, none)
	require.True(t, one.Gone())
	three := b.Group(3, &target, &Metric{})
	_, ok = b.Part(three, Part{Role: Value})
	require.True(t, ok, "there is room again")
}

// A counter of processes that restart is drawn; the oracle counts what they did between the first scrape and the last one.
func TestEveryRequestThatWasScrapedCountsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var target Target
		var samples []Sample
		value, began, want := 0.0, int64(0), int64(0)
		target.Scraped(500, "")
		now := int64(1_000)
		for range rapid.IntRange(1, 30).Draw(t, "scrapes") {
			now += rapid.Int64Range(1, 5).Draw(t, "pause") * 1000
			if rapid.IntRange(0, 9).Draw(t, "dies") == 0 {
				value, began = 0, now-500
			}
			more := rapid.Int64Range(0, 5).Draw(t, "requests")
			value += float64(more)
			want += more
			target.Started(now, began)
			samples = append(samples, at(now, value))
		}
		b := NewBook[int](Options{Whole: true, MaxSeries: 1})
		g := b.Group(0, &target, &Metric{})
		part, _ := b.Part(g, Part{Role: Value})
		var got int64
		count := func(_ *Group[int], inc *Increment) { got += inc.Value }
		for from, to := 0, 0; to < len(samples); from = to - rapid.IntRange(0, min(to, 3)).Draw(t, "overlap") {
			to = rapid.IntRange(to+1, len(samples)).Draw(t, "chunk")
			for _, s := range rapid.Permutation(samples[from:to]).Draw(t, "order") {
				b.Add(g, part, s)
			}
			b.Advance(samples[to-1].At, count)
		}
		b.Advance(now, count)
		require.Equal(t, want, got)
		require.Zero(t, b.Losses)
	})
}

func TestTimeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfNDistinct(rapid.Int64Range(1, 50), 1, 20, rapid.ID[int64]).Draw(t, "times")
		var line Timeline[int64]
		is := func(at int64) int64 { return at / 10 }
		for _, at := range said {
			line.Note(at, is(at))
		}
		ask := rapid.Int64Range(0, 60).Draw(t, "ask")
		want, known := int64(0), false
		for _, at := range said {
			if at <= ask && (!known || is(at) > want) {
				want, known = is(at), true
			}
		}
		got, ok := line.At(ask)
		require.Equal(t, known, ok)
		require.Equal(t, want, got)
		line.Forget(ask)
		again, still := line.At(ask)
		require.Equal(t, [2]any{got, ok}, [2]any{again, still})
	})
}
