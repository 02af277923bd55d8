package expect

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

const minute = 60

// route is what one route gets in a minute, an hour before a change at 0 and ten minutes after it.
type route struct {
	name          string
	before, after int64
	fails         float64 // usually
	worse         float64 // factor after the change; 0 is 1
	slow          int64   // nanoseconds; 0 when it isn't timed
}

func (r route) part() Part {
	p := Part{Name: r.name}
	for at := int64(-3600); at < 600; at += minute {
		n, fails := r.before, r.fails
		if at >= 0 {
			n = r.after
			if r.worse > 0 {
				fails *= r.worse
			}
		}
		c := correlate.Cell{Start: at, Requests: n, Errors: int64(fails * float64(n))}
		if r.slow > 0 {
			c.Latency.Add(correlate.BinIndex(r.slow), n)
		}
		if n > 0 {
			p.Cells = append(p.Cells, c)
		}
	}
	return p
}

func mixOf(routes ...route) *RouteMix {
	parts := make([]Part, len(routes))
	for i, r := range routes {
		parts[i] = r.part()
	}
	slices.SortStableFunc(parts, func(a, b Part) int { return int(a.Name[1]) - int(b.Name[1]) })
	return NewRouteMix(parts, minute, 0, 600, false)
}

func TestAMixThatDidNotMoveIsNone(t *testing.T) {
	for name, m := range map[string]*RouteMix{
		"the same shares":          mixOf(route{name: "/a", before: 100, after: 100}, route{name: "/b", before: 50, after: 50}),
		"the same shares of more":  mixOf(route{name: "/a", before: 100, after: 300}, route{name: "/b", before: 50, after: 150}),
		"one route alone":          mixOf(route{name: "/a", before: 100, after: 300}),
		"a little chance":          mixOf(route{name: "/a", before: 100, after: 102}, route{name: "/b", before: 50, after: 49}),
		"nothing after the change": mixOf(route{name: "/a", before: 100}, route{name: "/b", before: 50}),
	} {
		t.Run(name, func(t *testing.T) { require.Nil(t, m) })
	}
	require.Nil(t, NewRouteMix(nil, minute, 0, 59, false), "no minute is complete")
}

func TestSharesAddUpToAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var routes []route
		for i := range rapid.IntRange(2, 6).Draw(t, "routes") {
			routes = append(routes, route{
				name:   "/" + string(rune('a'+i)),
				before: rapid.Int64Range(1, 300).Draw(t, "before"), after: rapid.Int64Range(1, 300).Draw(t, "after"),
			})
		}
		m := mixOf(routes...)
		if m == nil {
			return
		}
		for _, in := range []stretch{m.stretch(0, m.minutes), m.stretch(2, 5)} {
			var treated, control float64
			for i := range m.Classes {
				a, b := m.shares(&m.Classes[i], in)
				treated, control = treated+a, control+b
			}
			require.InDelta(t, 1, treated, 1e-9)
			require.InDelta(t, 1, control, 1e-9)
		}
	})
}

func TestAMixMovesWhatIsExpected(t *testing.T) {
	for name, tc := range map[string]struct {
		routes []route
		want   float64 // factor
		within float64
	}{
		"more requests for a route that fails often": {
			[]route{{name: "/a", before: 900, after: 500, fails: 0.01}, {name: "/b", before: 100, after: 500, fails: 0.1}},
			(0.5*0.01 + 0.5*0.1) / (0.9*0.01 + 0.1*0.1), 0.05,
		},
		"fewer requests for it": {
			[]route{{name: "/a", before: 500, after: 900, fails: 0.01}, {name: "/b", before: 500, after: 100, fails: 0.1}},
			(0.9*0.01 + 0.1*0.1) / (0.5*0.01 + 0.5*0.1), 0.05,
		},
		"that it becomes worse itself is not expected": {
			[]route{{name: "/a", before: 900, after: 500, fails: 0.01}, {name: "/b", before: 100, after: 500, fails: 0.1, worse: 5}},
			(0.5*0.01 + 0.5*0.1) / (0.9*0.01 + 0.1*0.1), 0.05,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := mixOf(tc.routes...).StandardOf(evalue.ErrorsOfRequests)
			require.NotNil(t, s)
			require.InEpsilon(t, tc.want, s.At(evalue.Span{From: 0, To: 600}), tc.within)
			require.InEpsilon(t, tc.want, s.At(evalue.Span{From: 9000, To: 9060}), tc.within, "the nearest minutes stand in")
		})
	}
}

func TestWhatOneKnowsTooLittleOfMovesNothing(t *testing.T) {
	for name, m := range map[string]*RouteMix{
		"routes that fail alike": mixOf(route{name: "/a", before: 900, after: 500, fails: 0.02}, route{name: "/b", before: 100, after: 500, fails: 0.02}),
		"routes that never fail": mixOf(route{name: "/a", before: 900, after: 500}, route{name: "/b", before: 100, after: 500}),
		"routes that always do":  mixOf(route{name: "/a", before: 900, after: 500, fails: 1}, route{name: "/b", before: 100, after: 500, fails: 1}),
	} {
		t.Run(name, func(t *testing.T) {
			require.NotNil(t, m)
			require.Nil(t, m.StandardOf(evalue.ErrorsOfRequests))
		})
	}
}

func TestARenamedRouteIsExpectedToBeAsItWas(t *testing.T) {
	m := mixOf(
		route{name: "/a", before: 500, after: 500, fails: 0.01},
		route{name: "/b", before: 500, fails: 0.1}, route{name: "/c", after: 500, fails: 0.1},
	)
	require.Nil(t, m, "what is gone and what is new are one class, whose share is the same")
}

func TestManyNewRequestsHaveNoBaseline(t *testing.T) {
	fresh := func(after int64, fails float64) *RouteMix {
		return mixOf(route{name: "/a", before: 500, after: 500, fails: 0.01}, route{name: "/b", before: 500, after: 500, fails: 0.02}, route{name: "/n", after: after, fails: fails})
	}
	require.True(t, fresh(600, 0.05).ManyNew())
	require.False(t, fresh(100, 0.05).ManyNew(), "they are few")
	for name, tc := range map[string]struct {
		fails float64
		want  bool
	}{
		"as other routes do":         {0.02, false},
		"more often, but not seldom": {0.15, false},
		"far more often than any":    {0.5, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := fresh(600, tc.fails)
			s := &Standard{RouteMix: m, Q: evalue.ErrorsOfRequests}
			require.Equal(t, tc.want, s.Fails(&m.Classes[len(m.Classes)-1]))
		})
	}
}

func TestTheRestIsWithoutTheNewRoutes(t *testing.T) {
	m := mixOf(
		route{name: "/a", before: 500, after: 500, fails: 0.01}, route{name: "/b", before: 500, after: 500, fails: 0.02, worse: 4},
		route{name: "/n", after: 600, fails: 0.5},
	)
	s := &Standard{RouteMix: m, Q: evalue.ErrorsOfRequests}
	pairs, control := s.Rest(120)
	require.Len(t, pairs, 8, "minutes since then")
	all := evalue.Totals(pairs)
	require.InDelta(t, 8*1000, all.NT, 1e-9, "none of the new route")
	require.InDelta(t, 8*(5+40), all.ET, 1e-9)
	require.InEpsilon(t, 0.015, control.EC/control.NC, 0.02, "each route with its own ratio")
	require.InDelta(t, 60*1000, control.NC, 1e-9)
	none, _ := s.Rest(600)
	require.Empty(t, none)
}

func TestTheMixAloneMovesAQuantile(t *testing.T) {
	m := mixOf(
		route{name: "/a", before: 990, after: 500, fails: 0.01, slow: 10_000_000},
		route{name: "/b", before: 10, after: 500, fails: 0.2, slow: 1_000_000_000},
	)
	s := m.StandardOf(evalue.ErrorsOfRequests)
	require.NotNil(t, s)
	require.Greater(t, s.Slower(0.9, evalue.Span{From: 0, To: 600}), 50.0)
	require.InDelta(t, 1, s.Slower(0.3, evalue.Span{From: 0, To: 600}), 0.1)
}

func TestFoldedRoutesShareAClass(t *testing.T) {
	parts := []Part{
		route{name: "/a", before: 500, after: 200}.part(), route{name: "/b", before: 200, after: 500}.part(),
		route{name: correlate.Folded, before: 100, after: 100}.part(), route{name: "/z", before: 0, after: 3}.part(),
	}
	m := NewRouteMix(parts, minute, 0, 600, false)
	require.NotNil(t, m)
	require.Len(t, m.Classes, 3)
	last := m.Classes[2]
	require.Empty(t, last.name)
	require.InDelta(t, 1030, last.treated, 1e-9)
}

func TestTheOldVersionIsTheControlBesideIt(t *testing.T) {
	var parts []Part
	for _, r := range []route{{name: "/a", before: 500, after: 400, fails: 0.01}, {name: "/b", before: 500, after: 600, fails: 0.1}} {
		fresh, old := r, r
		fresh.before = 0
		if r.name == "/a" {
			fresh.after = 100
		}
		p, q := fresh.part(), old.part()
		p.New = true
		parts = append(parts, p, q)
	}
	m := NewRouteMix(parts, minute, 0, 600, true)
	require.NotNil(t, m)
	a, b := m.shares(&m.Classes[0], m.stretch(0, 10))
	require.InDelta(t, 100.0/700, a, 1e-9)
	require.InDelta(t, 400.0/1000, b, 1e-9)
}
