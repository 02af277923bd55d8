package cells

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

const day = 24 * 3600

// drawTelling is a telling of some buckets before midnight and around it.
func drawTelling(t *rapid.T) []correlate.Measurement {
	return drawMeasurements(t, midnight-1200, midnight+1200)
}

func tellAll(st *Store, all []correlate.Measurement) []correlate.Rollup {
	return Tell(st, copies(all), midnight-day, midnight+day)
}

// pastOracle is what rollups hold: of each stream what was measured, from its first bucket on, and before it the fullest
// telling of each bucket.
func pastOracle(measured []correlate.Measurement, tellings [][]correlate.Measurement) map[correlate.Key]map[int64]int64 {
	rolled := func(all []correlate.Measurement) map[correlate.Key]map[int64]int64 {
		found := map[correlate.Key]map[int64]int64{}
		for _, m := range all {
			if inRollups(m.Kind) {
				k := keyOf(m.Key).of(placeOf(&m.Key))
				if found[k] == nil {
					found[k] = map[int64]int64{}
				}
				found[k][window.Floor(m.Start, 300)] += m.Requests
			}
		}
		return found
	}
	all := rolled(measured)
	first := map[correlate.Key]int64{}
	for k, of := range all {
		first[k] = slices.Min(slices.Collect(maps.Keys(of)))
	}
	for _, telling := range tellings {
		for k, of := range rolled(telling) {
			for start, n := range of {
				if began, known := first[k]; known && start >= began {
					continue
				}
				if all[k] == nil {
					all[k] = map[int64]int64{}
				}
				all[k][start] = max(all[k][start], n)
			}
		}
	}
	return all
}

func rolledUp(st *Store) map[correlate.Key]map[int64]int64 {
	found := map[correlate.Key]map[int64]int64{}
	for _, p := range st.Places() {
		for _, k := range st.Service(p).Keys() {
			if of := byStart(st.Service(p).Stream(k).Coarse()); len(of) > 0 {
				found[k.of(p)] = of
			}
		}
	}
	return found
}

// The past may be told before, between and after what is measured, more than once and in any order.
func TestWhatIsToldOfThePastHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		measured := drawMeasurements(t, midnight-600, midnight+1200)
		tellings := [][]correlate.Measurement{drawTelling(t), drawTelling(t), drawTelling(t)}
		var steps []func(*Store)
		for _, telling := range append(tellings, tellings[0]) {
			steps = append(steps, func(st *Store) { tellAll(st, telling) })
		}
		for _, m := range measured {
			steps = append(steps, func(st *Store) { addAll(st, []correlate.Measurement{m}) })
		}
		one, two := New(config()), New(config())
		for _, step := range steps {
			step(one)
		}
		packed := rapid.IntRange(0, len(steps)).Draw(t, "packed after")
		for i, step := range rapid.Permutation(steps).Draw(t, "order") {
			if i == packed {
				two.bytes += two.packRollups(two.services, midnight-300)
			}
			step(two)
		}
		require.Equal(t, pastOracle(measured, tellings), rolledUp(one))
		require.Equal(t, pastOracle(measured, tellings), rolledUp(two))
		require.Equal(t, held(one), one.Memory().Bytes)
		require.Equal(t, held(two), two.Memory().Bytes)
	})
}

// What a telling returns and what closes is all that a restored store needs to know the same.
func TestAStoreThatIsRestoredKnowsWhatWasTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := New(config())
		kept := map[int64]correlate.Rollup{}
		keep := func(all []correlate.Rollup) {
			for _, r := range all {
				known := kept[r.Start]
				known.Start = r.Start
				if r.Past != nil {
					known.Past = r.Past
				} else {
					known.Cells = r.Cells
				}
				kept[r.Start] = known
			}
		}
		for end := int64(midnight); end <= midnight+900; end += 300 {
			keep(tellAll(st, drawTelling(t)))
			addAll(st, drawMeasurements(t, midnight-300, midnight+900))
			closed, _ := st.Close(end, nothingHeld)
			keep(closed)
		}
		st.Expire(midnight+900, midnight-day) // fine cells are not in rollups
		again := New(config())
		for _, start := range slices.Sorted(maps.Keys(kept)) {
			if start < midnight+900 {
				again.Restore(kept[start])
			}
		}
		want := rolledUp(st)
		for k, of := range want {
			maps.DeleteFunc(of, func(start int64, _ int64) bool {
				return start >= midnight+900 && start >= st.Service(placeOf(&k)).Stream(keyOf(k)).measured
			})
			if len(of) == 0 {
				delete(want, k)
			}
		}
		got := rolledUp(again)
		for k, of := range got {
			for start, n := range of {
				require.Equal(t, want[k][start], n, "%v %d", k, start)
			}
		}
		for k, of := range want {
			for start, n := range of {
				if start < midnight+900 {
					require.Equal(t, n, got[k][start], "%v %d", k, start)
				}
			}
		}
	})
}

func TestWhatIsNotTakenOfThePast(t *testing.T) {
	old, fresh := traffic("a", "", midnight-300, 5), traffic("a", "", midnight, 7)
	for name, c := range map[string]struct {
		before func(*Store)
		budget int64
		want   int64 // requests
		news   int
	}{
		"all of it, where nothing is known":          {func(*Store) {}, 0, 12, 2},
		"the same once more is no news":              {func(st *Store) { tellAll(st, []correlate.Measurement{old, fresh}) }, 0, 12, 0},
		"what was measured isn't added to":           {func(st *Store) { st.Add(traffic("a", "v1", midnight, 4)) }, 0, 9, 1},
		"a fuller telling holds":                     {func(st *Store) { tellAll(st, []correlate.Measurement{traffic("a", "", midnight, 1)}) }, 0, 12, 2},
		"what was forgotten stays so":                {func(st *Store) { st.forget(place("a"), correlate.LostRollups, midnight) }, 0, 7, 1},
		"what there is no room for":                  {func(st *Store) { st.Add(traffic("b", "", midnight, 1)) }, 2000, 0, 0},
		"what there is room for, with a budget":      {func(*Store) {}, 2000, 12, 2},
		"services that are not told apart by now":    {func(st *Store) { st.full = true }, 0, 0, 0},
		"other services' measurements don't hide it": {func(st *Store) { st.Add(traffic("b", "", midnight-300, 4)) }, 0, 12, 2},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Budget = c.budget
			st := New(cfg)
			c.before(st)
			news := tellAll(st, []correlate.Measurement{fresh, old})
			require.Len(t, news, c.news)
			var n int64
			if s := st.Service(place("a")); s != nil {
				for _, k := range s.Keys() {
					n += Requests(everything(s.Stream(k).Coarse()))
				}
			}
			require.Equal(t, c.want, n)
		})
	}
}

// Told cells make no fine ones, and no version or call; what lies outside of the bounds is left out.
func TestWhatIsToldStaysCoarse(t *testing.T) {
	st := New(config())
	news := Tell(st, []correlate.Measurement{
		traffic("a", "v1", midnight-310, 1), traffic("a", "v2", midnight-290, 2), traffic("a", "", midnight-600, 4), traffic("a", "", midnight, 8),
		call("a", "b", midnight-300), lost("a", correlate.LostShed, midnight-300),
	}, midnight-300, midnight)
	require.Len(t, news, 1)
	require.Len(t, news[0].Past, 2, "traffic and a call")
	s := st.Service(place("a"))
	str := s.Stream(Key{Kind: correlate.Traffic, Origin: correlate.OriginSpan})
	require.Equal(t, map[int64]int64{midnight - 300: 2}, byStart(str.Coarse()))
	require.True(t, str.Total().empty())
	require.Empty(t, s.Versions())
	require.Empty(t, s.Callees(math.MaxInt64))
	require.False(t, st.Degraded(place("a"), midnight-day, midnight+day))
	require.Zero(t, st.LastHeard(correlate.DefaultEnvironment, correlate.OriginSpan, midnight+day))
	closed, _ := st.Close(midnight, nothingHeld)
	require.Empty(t, closed, "it isn't measured here")
}
