package cells

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// rich is a store with two services that have an hour of everything; of one the window is open.
func rich(budget int64) (*Store, int64) {
	cfg := config()
	cfg.Budget = budget
	st := New(cfg)
	const hours = 3600
	for at := int64(midnight); at < midnight+hours; at += 10 {
		for _, service := range []string{"open", "closed"} {
			st.Add(traffic(service, "v1", at, 3))
			zone := traffic(service, "v1", at, 3)
			zone.Kind, zone.Name = correlate.Zone, "east"
			st.Add(zone)
			r := traffic(service, "v1", at, 3)
			r.Kind, r.Name = correlate.Route, "/list"
			st.Add(r)
		}
		if at < midnight+300 {
			st.Add(traffic("silent", "v1", at, 3))
		}
	}
	return st, midnight + hours
}

// What goes when memory is short goes in a fixed order: the less there may be, the more steps are taken.
func TestWhatGoesGoesInOrder(t *testing.T) {
	st, end := rich(1 << 40)
	st.bytes += st.pack(st.services, end)
	st.bytes += st.packRollups(st.services, end)
	r := rationing{st: st, end: end}
	r.weigh(0, 0)
	all := r.total
	steps := []struct {
		service, what string
	}{
		{"closed", correlate.LostOperations}, {"open", correlate.LostOperations}, {"closed", correlate.LostVersions},
		{"silent", correlate.LostServices}, {"closed", correlate.LostBuckets}, {"closed", correlate.LostServices},
	}
	reached := map[string]int{}
	for share := int64(100); share > 0; share-- {
		st, _ := rich(all * share / 100)
		closed, forgot := st.Close(end, func() Held { return Held{Open: map[correlate.Place]bool{place("open"): true}, From: midnight} })
		require.Equal(t, share < 100, forgot, "%d%%", share)
		told := map[string]bool{}
		for _, f := range closed[len(closed)-1].Forgotten {
			told[f.Service+" "+f.What] = true
			require.LessOrEqual(t, f.Before, end)
		}
		later := false
		for i := len(steps) - 1; i >= 0; i-- {
			step := steps[i].service + " " + steps[i].what
			if told[step] {
				reached[step]++
				later = true
			}
			require.True(t, told[step] || !later || i == 3, "%d%%: a later step than %q was taken", share, step)
		}
		require.Equal(t, held(st), st.Memory().Bytes)
		open := st.Service(place("open"))
		require.Len(t, open.Stream(open.Keys()[0]).Total().Between(midnight, end), 360, "the totals of an open window stay")
	}
	require.Len(t, reached, len(steps), "each step is taken at some budget")
}

func TestAStoreWithinItsBudgetForgetsNothing(t *testing.T) {
	for name, budget := range map[string]int64{"no bound": 0, "a bound it is within": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			st, end := rich(budget)
			st.bytes += st.pack(st.services, end)
			st.bytes += st.packRollups(st.services, end)
			before := st.Memory().Bytes
			_, forgot := st.Close(end, nothingHeld)
			require.False(t, forgot)
			require.Equal(t, before, st.Memory().Bytes)
		})
	}
}

func TestNewServicesShareANameUntilThereIsRoom(t *testing.T) {
	cfg := config()
	cfg.Budget = 20_000
	st := New(cfg)
	for i := range 100 {
		st.Add(traffic(fmt.Sprint("bomb-", i), "", midnight, 1))
	}
	closed, _ := st.Close(midnight+300, nothingHeld)
	require.True(t, st.Memory().Full)
	require.Contains(t, closed[0].Forgotten, correlate.Forgetting{
		Place: place(correlate.Overflow), What: correlate.LostServices,
	}, "it says so")
	require.Less(t, st.Memory().Services, 20)

	known := st.Places()[0].Service
	folded := st.Fold([]correlate.Measurement{
		traffic("new", "v1", midnight+300, 2), traffic("newer", "v1", midnight+300, 3), traffic(known, "v1", midnight+300, 4),
		call(known, "unknown", midnight+300), lost("new", correlate.LostSignals, midnight+300),
	})
	byName := map[string]int64{}
	for _, m := range folded {
		byName[fmt.Sprint(m.Service, " ", m.Kind, " ", m.Name, " ", m.Peer)] += m.Requests
	}
	require.Equal(t, map[string]int64{
		fmt.Sprint(correlate.Overflow, " ", correlate.Traffic, "  "):                          5,
		fmt.Sprint(correlate.Overflow, " ", correlate.Lost, " ", correlate.LostServices, " "): 5,
		fmt.Sprint(known, " ", correlate.Traffic, "  "):                                       4,
		fmt.Sprint(known, " ", correlate.Edge, "  ", correlate.Folded):                        1,
		fmt.Sprint("new", " ", correlate.Lost, " ", correlate.LostSignals, " "):               1,
	}, byName)

	st.Expire(midnight+300, midnight+300)
	addAll(st, folded)
	st.Close(midnight+600, nothingHeld)
	require.False(t, st.Memory().Full, "there is room again")
	fresh := []correlate.Measurement{traffic("new", "v1", midnight+600, 2)}
	require.Equal(t, fresh, st.Fold(copies(fresh)))
}

func TestFoldingAddsUpNothingTwice(t *testing.T) {
	st := New(config())
	st.full = true
	folded := st.Fold([]correlate.Measurement{traffic("a", "v1", midnight, 1), traffic("b", "v2", midnight, 2), traffic("a", "", midnight+10, 4)})
	require.Len(t, folded, 4, "two buckets, each with what was folded in it")
	var requests int64
	for _, m := range folded {
		if m.Kind == correlate.Traffic {
			requests += m.Requests
			require.EqualValues(t, m.Requests, m.Latency[0].Count)
		}
	}
	require.EqualValues(t, 7, requests)
}
