package cells

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestTheOrderOfArrivalDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawMeasurements(t, midnight, midnight+1200)
		other := rapid.Permutation(all).Draw(t, "order")
		one, two := New(config()), New(config())
		addAll(one, all)
		addAll(two, other)
		require.Equal(t, dump(one), dump(two))
	})
}

// Not to keep what is the same as before is what makes merging commute: a cell that is split comes to the same.
func TestACellMayComeInPieces(t *testing.T) {
	whole, pieces := New(config()), New(config())
	whole.Add(traffic("a", "v1", midnight, 10))
	for _, n := range []int64{3, 5, 2} {
		pieces.Add(traffic("a", "v1", midnight, n))
	}
	require.Equal(t, dump(whole), dump(pieces))
}

func TestWhatAStoreTakesIsWhatItHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := config()
		cfg.Budget = rapid.SampledFrom([]int64{0, 5_000, 20_000, 100_000}).Draw(t, "budget")
		st := New(cfg)
		for end := int64(midnight + 300); end <= midnight+6*300; end += 300 {
			addAll(st, st.Fold(drawMeasurements(t, end-600, end)))
			st.Close(end-600, func() Held { return Held{Open: map[correlate.Place]bool{place("a"): true}, From: end - 1200} })
			if rapid.Bool().Draw(t, "expire?") {
				st.Expire(end-900, end-1800)
			}
			require.Equal(t, held(st), st.Memory().Bytes)
			series, apart := counted(st)
			require.Equal(t, []int{series, apart}, []int{st.Memory().Series, st.Memory().Apart})
		}
	})
}

// held adds up what a store takes from what is in it.
func held(st *Store) int64 {
	n := lossBytes * int64(len(st.losses))
	for _, s := range st.services {
		n += serviceBytes + sightingBytes*int64(len(s.versions)) + callBytes*int64(len(s.callees))
		for _, str := range s.streams {
			n += streamBytes + str.total.weigh(math.MaxInt64).bytes + str.coarse.weigh(math.MaxInt64).bytes
			for _, v := range str.versions {
				n += seriesBytes + v.weigh(math.MaxInt64).bytes
			}
		}
		for _, r := range s.routes {
			n += seriesBytes + r.weigh(math.MaxInt64).bytes
		}
	}
	return n
}

func counted(st *Store) (series, apart int) {
	for _, s := range st.services {
		apart += len(s.routes)
		for _, str := range s.streams {
			series++
			apart += len(str.versions)
		}
	}
	return series + apart, apart
}

// The constants of weight.go are held against the heap: for services that were seen once, and for full memories.
func TestWhatAStoreTakesIsWhatTheHeapHolds(t *testing.T) {
	for name, shape := range map[string]struct {
		services, buckets int
		packed            bool
	}{
		"many services that were seen once":       {20_000, 1, false},
		"few services with full memories":         {100, 720, false},
		"few services with full memories, packed": {100, 720, true},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			st := New(config())
			for b := range shape.buckets {
				for i := range shape.services {
					m := traffic(fmt.Sprint("service-", i), fmt.Sprint("v", i%3), midnight+int64(b)*10, 1)
					for bin := range int16(shape.buckets / 60) {
						m.Latency.Add(180+bin, 3)
					}
					st.Add(m)
				}
			}
			if shape.packed {
				st.Close(midnight+7200, nothingHeld)
			}
			real := heap() - before
			require.InEpsilon(t, real, st.Memory().Bytes, 0.25, "%d on the heap, counted as %d", real, st.Memory().Bytes)
			runtime.KeepAlive(st)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWhichPartsOfAMeasurementAreKept(t *testing.T) {
	of := func(kind correlate.SignalKind) correlate.Measurement {
		m := traffic("a", "v1", midnight, 1)
		m.Kind, m.Name, m.Peer = kind, "n", "b"
		return m
	}
	for name, want := range map[string]struct {
		kind                       correlate.SignalKind
		total, rollup, ver, callee bool
	}{
		"requests":                       {correlate.Traffic, true, true, true, false},
		"a custom signal":                {correlate.Gauge, true, true, true, false},
		"calls tell who calls whom":      {correlate.Edge, true, true, false, true},
		"a zone by version, no rollups":  {correlate.Zone, false, false, true, false},
		"traces as they are, no rollups": {correlate.Trace, true, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			st := New(config())
			st.Add(of(want.kind))
			s := st.Service(place("a"))
			require.Len(t, s.Keys(), 1)
			str := s.Stream(s.Keys()[0])
			require.Equal(t, want.total, str.Total().BeganBefore(midnight+1))
			require.Equal(t, want.rollup, str.Coarse().BeganBefore(midnight+1))
			require.Equal(t, want.ver, str.Version("v1").BeganBefore(midnight+1))
			require.Equal(t, want.callee, st.Service(place("b")) != nil)
			require.True(t, str.BeganBefore(midnight+1))
			require.False(t, str.BeganBefore(midnight))
			require.Equal(t, want.kind == correlate.Traffic, s.Requested(midnight+1))
			require.False(t, s.Requested(midnight))
		})
	}
}

func TestVersionsAreSeenOverTime(t *testing.T) {
	st := New(config())
	for i, version := range []string{"v2", "v1", "v1", "v3"} {
		st.Add(traffic("a", version, midnight+int64(i)*10, 1))
	}
	s := st.Service(place("a"))
	require.Equal(t, []string{"v1", "v2", "v3"}, s.Versions())
	seen, ok := s.Version("v1")
	require.True(t, ok)
	require.Equal(t, Sighting{midnight + 10, midnight + 20}, seen)
	_, ok = s.Version("v4")
	require.False(t, ok)
	require.Equal(t, 2, s.VersionsBefore(midnight+30))
	require.True(t, s.Served("v3", midnight+30, midnight+40))
	require.False(t, s.Served("v3", midnight, midnight+30))
	str := s.Stream(s.Keys()[0])
	require.Len(t, str.Others(nil, "v1"), 2)
	require.Len(t, str.Each(nil), 3)
	require.Equal(t, []string{"first", "v1", "v2", "v3"}, str.Versions([]string{"first"}))
}

func TestKeysAreOrderedAsMeasurementsAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.Custom(func(t *rapid.T) Key {
			text := rapid.SampledFrom([]string{"", "a", "b"})
			return Key{
				Kind: correlate.SignalKind(rapid.IntRange(1, 3).Draw(t, "kind")), Origin: correlate.Origin(rapid.IntRange(1, 3).Draw(t, "origin")),
				Name: text.Draw(t, "name"), Peer: text.Draw(t, "peer"),
			}
		})
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		require.Equal(t, a.of(place("s")).Compare(b.of(place("s"))), a.Compare(b))
	})
}

func TestAPlaceIsForgottenWithItsLastCell(t *testing.T) {
	st := New(config())
	st.Add(traffic("a", "v1", midnight, 1))
	st.Add(traffic("b", "v1", midnight+600, 1))
	require.Equal(t, []correlate.Place{place("a"), place("b")}, st.Places())
	st.Expire(midnight+300, midnight)
	require.Len(t, st.Places(), 2, "its rollup is left")
	require.True(t, st.Service(place("a")).Requested(midnight+300))
	require.False(t, st.Service(place("a")).Requested(midnight+299), "when in its bucket it began isn't known")
	st.Expire(midnight+300, midnight+300)
	require.Equal(t, []correlate.Place{place("b")}, st.Places())
	require.Nil(t, st.Service(place("a")))
	st.Expire(midnight+900, midnight+900)
	require.Zero(t, st.Memory())
}

func TestFineCellsAreKeptForTheChangesThatNeedThem(t *testing.T) {
	cfg := config() // a baseline of 600 s, fine cells for 1500 s
	for name, c := range map[string]struct{ oldest, want int64 }{
		"no change needs any":                  {math.MaxInt64, midnight - 1500},
		"one that began now needs a baseline":  {midnight, midnight - 1500},
		"an older one needs its baseline kept": {midnight - 1200, midnight - 1800},
		"but not for ever":                     {midnight - 24*3600, midnight - 4500},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, cfg.FineFrom(midnight, c.oldest)) })
	}
	require.EqualValues(t, 4500, cfg.LongestFine())
}

func TestLastHeardIsTheLatestBucketOfAnEnvironmentOnAWay(t *testing.T) {
	st := New(config())
	for _, start := range []int64{midnight + 20, midnight, midnight + 20, midnight + 10} {
		st.Add(traffic("a", "", start, 1))
	}
	staged := traffic("a", "", midnight+50, 1)
	staged.Environment = "staging"
	st.Add(staged)
	other := traffic("a", "", midnight+60, 1)
	other.Kind, other.Name, other.Origin = correlate.Saturation, "cpu", correlate.OriginCustom
	st.Add(other)
	heard := func(environment string, o correlate.Origin, by int64) int64 {
		return st.LastHeard(environment, o, midnight+by)
	}
	mine, env := traffic("a", "", 0, 1).Origin, correlate.DefaultEnvironment
	require.EqualValues(t, midnight+20, heard(env, mine, 100), "containers say nothing of it")
	require.EqualValues(t, midnight+10, heard(env, mine, 20))
	require.Zero(t, heard(env, mine, 0))
	require.Zero(t, heard("nowhere", mine, 100))
	require.EqualValues(t, midnight+60, heard(env, correlate.OriginCustom, 100))
	for _, o := range []correlate.Origin{correlate.OriginServerMetric, correlate.OriginSpanMetrics, correlate.OriginSpan, correlate.OriginLog} {
		require.Equal(t, wayOf(o) == wayOf(mine), heard(env, o, 100) > 0, "%d", o)
	}
	require.Equal(t, wayOf(correlate.OriginClientSpan), wayOf(correlate.OriginSpan), "one exporter sends all spans of a process")
	require.Equal(t, wayOf(correlate.OriginClient), wayOf(correlate.OriginServerMetric))
	st.Expire(midnight+15, midnight)
	require.Equal(t, []int64{midnight + 20}, st.hearing[pipeline{env, wayOf(mine)}])
}
