package cells

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// model is a store that keeps every measurement as it came and works everything out when it is asked.
type model struct {
	all    []correlate.Measurement
	fine   int64 // what starts earlier is gone
	coarse int64
	closed int64
}

func (m *model) add(all []correlate.Measurement) { m.all = append(m.all, all...) }

// requests are those that a filter lets through, by start.
func (m *model) requests(width, from int64, which func(correlate.Measurement) bool) map[int64]int64 {
	found := map[int64]int64{}
	for _, c := range m.all {
		if start := window.Floor(c.Start, width); start >= from && which(c) {
			found[start] += c.Requests
		}
	}
	return found
}

// within says that a measurement is of a stream of a place.
func within(p correlate.Place, k Key) func(correlate.Measurement) bool {
	return func(c correlate.Measurement) bool { return placeOf(&c.Key) == p && keyOf(c.Key) == k }
}

func of(p correlate.Place, k Key, version string) func(correlate.Measurement) bool {
	return func(c correlate.Measurement) bool { return within(p, k)(c) && c.Version == version }
}

func byStart(s *Series) map[int64]int64 {
	found := map[int64]int64{}
	for _, c := range everything(s) {
		found[c.Start] += c.Requests
	}
	return found
}

// versioned: versions of these are told apart.
func versioned(kind correlate.SignalKind) bool {
	return kind != correlate.Edge && kind != correlate.Trace
}

// check compares a store with the model.
func (m *model) check(t *rapid.T, st *Store) {
	for _, p := range st.Places() {
		s := st.Service(p)
		for _, k := range s.Keys() {
			str := s.Stream(k)
			zone := k.Kind == correlate.Zone
			if !zone {
				require.Equal(t, m.requests(10, m.fine, within(p, k)), byStart(str.Total()), "%v %v", p, k)
			}
			if !zone && k.Kind != correlate.Trace {
				require.Equal(t, m.requests(300, m.coarse, within(p, k)), byStart(str.Coarse()), "%v %v in rollups", p, k)
			}
			for _, v := range []string{"", "v1", "v2"} {
				want := m.requests(10, m.fine, of(p, k, v))
				if !versioned(k.Kind) || (v == "" && !zone) {
					want = map[int64]int64{}
				}
				got := map[int64]int64{}
				if found := str.Version(v); found != nil {
					got = byStart(found)
				}
				require.Equal(t, want, got, "%v %v version %q", p, k, v)
			}
		}
		m.checkRoutes(t, p, s)
	}
}

func (m *model) checkRoutes(t *rapid.T, p correlate.Place, s *Service) {
	got := map[[2]string]map[int64]int64{}
	for _, r := range s.Routes(correlate.OriginSpan) {
		got[[2]string{r.Name, r.Version}] = byStart(r.Cells)
	}
	want := map[[2]string]map[int64]int64{}
	for _, name := range []string{"x", "y"} {
		for _, v := range []string{"", "v1", "v2"} {
			found := m.requests(60, m.fine, func(c correlate.Measurement) bool {
				return c.Kind == correlate.Route && placeOf(&c.Key) == p && c.Name == name && c.Version == v
			})
			if len(found) > 0 {
				want[[2]string{name, v}] = found
			}
		}
	}
	require.Equal(t, want, got, "routes of %v", p)
}

// Every measurement that isn't too old is found where it belongs, whatever was added and forgotten in between; none is
// found twice, and what is known of a place at all is known as long as anything of it is.
func TestAStoreIsTheSumOfItsMeasurements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st, m := New(config()), &model{}
		for now := int64(midnight); now < midnight+2400; now += 600 {
			all := drawMeasurements(t, now, now+600)
			addAll(st, all)
			m.add(all)
			if rapid.Bool().Draw(t, "expire?") {
				// A minute is forgotten as a whole, so that no route is cut through.
				m.fine = max(m.fine, window.Floor(now-rapid.Int64Range(0, 600).Draw(t, "fine"), 60))
				m.coarse = max(m.coarse, window.Floor(now-rapid.Int64Range(600, 1200).Draw(t, "coarse"), 300))
				st.Expire(m.fine, m.coarse)
			}
			m.check(t, st)
		}
		for _, c := range m.all {
			if c.Kind == correlate.Traffic && c.Start >= m.fine {
				require.NotNil(t, st.Service(placeOf(&c.Key)))
			}
		}
		st.Expire(midnight+10_000, midnight+10_000)
		require.Zero(t, st.Memory())
	})
}

// What closes are the rollups, each once, and nothing that comes later is among them.
func TestEveryMeasurementIsInOneRollup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st, m := New(config()), &model{}
		closed := map[int64]map[Key]int64{}
		for end := int64(midnight + 300); end <= midnight+1800; end += 300 {
			all := drawMeasurements(t, midnight, midnight+1800)
			for _, c := range all {
				if window.Floor(c.Start, 300) >= m.closed {
					m.add([]correlate.Measurement{c})
				}
			}
			addAll(st, all)
			rollups, forgot := st.Close(end, nothingHeld)
			require.False(t, forgot)
			m.closed = end
			for _, r := range rollups {
				require.NotContains(t, closed, r.Start)
				require.Less(t, r.Start, end)
				closed[r.Start] = map[Key]int64{}
				for _, c := range r.Cells {
					closed[r.Start][keyOf(c.Key)] += c.Requests
				}
			}
		}
		want := map[int64]map[Key]int64{}
		for _, c := range m.all {
			switch c.Kind {
			case correlate.Zone, correlate.Trace, correlate.Route, correlate.Lost:
				continue
			}
			start := window.Floor(c.Start, 300)
			if want[start] == nil {
				want[start] = map[Key]int64{}
			}
			want[start][keyOf(c.Key)] += c.Requests
		}
		require.Equal(t, want, closed)
		require.True(t, slices.IsSorted(slices.Sorted(maps.Keys(closed))))
	})
}
