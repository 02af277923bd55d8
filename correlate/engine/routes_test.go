package engine

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestRoutes plays a service whose requests go to a route that is slow and fails at times, from the moment of a change on.
func TestRoutes(t *testing.T) {
	after := func(seconds int64) int64 { return midnight.Unix() + seconds }
	play := func(t *testing.T, known bool, worse int64) (*Engine, *correlate.Verdict) {
		s := &script{t: t, e: New(DefaultConfig()), now: after(0)}
		for start := after(0); start < after(3*3600); start += 10 {
			slow, errors := int64(10), int64(1)
			if start >= after(3600) {
				slow, errors = 80, 8
			}
			whole := correlate.Cell{Start: start}
			for route, c := range map[string]correlate.Cell{
				"/report": {Start: start, Requests: slow, Errors: errors, Latency: correlate.Histogram{{Index: 240, Count: uint32(slow)}}},
				"/list":   {Start: start, Requests: 200, Latency: correlate.Histogram{{Index: 200, Count: 200}}},
			} {
				if route == "/list" && start >= after(3600) {
					c.Errors = worse
				}
				whole.Merge(c)
				if known {
					s.cells = append(s.cells, correlate.Measurement{Cell: c, Key: correlate.Key{
						Service: "checkout", Environment: "production", Kind: correlate.Route, Origin: correlate.OriginSpan, Name: route,
					}})
				}
			}
			s.cells = append(s.cells, correlate.Measurement{Cell: whole, Key: correlate.Key{
				Service: "checkout", Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginSpan,
			}})
		}
		s.run(`
			change c1 checkout 01:00 version=v2 finish=01:00
			until 02:30
		`)
		return s.e, s.e.change("c1").rec.Verdict
	}
	t.Run("unknown, they look like a regression", func(t *testing.T) {
		_, v := play(t, false, 0)
		require.Equal(t, correlate.Regressed, v.Outcome)
		require.Zero(t, v.Evidence[0].Mix)
	})
	t.Run("known, they are none", func(t *testing.T) {
		e, v := play(t, true, 0)
		require.NotEqual(t, correlate.Regressed, v.Outcome)
		require.Equal(t, 1, v.Revision)
		require.Greater(t, v.Evidence[0].Mix, 2.0)
		require.Len(t, e.store.Service(place{Service: "checkout", Environment: "production"}).Routes(correlate.OriginSpan), 2)
	})
	t.Run("and hide nothing", func(t *testing.T) {
		_, v := play(t, true, 40)
		require.Equal(t, correlate.Regressed, v.Outcome)
		require.Equal(t, correlate.ReasonErrorRatio, v.Reason)
	})
}

func TestRoutesAreForgottenWithTheFineCells(t *testing.T) {
	e := New(DefaultConfig())
	for start := midnight.Unix(); start < midnight.Unix()+10*3600; start += 10 {
		var cells []correlate.Measurement
		for _, kind := range []correlate.SignalKind{correlate.Traffic, correlate.Route} {
			cells = append(cells, correlate.Measurement{Cell: correlate.Cell{Start: start, Requests: 1}, Key: correlate.Key{
				Service: "a", Environment: "production", Kind: kind, Origin: correlate.OriginSpan, Name: map[bool]string{true: "/r"}[kind == correlate.Route],
			}})
		}
		e.Apply(Input{Measured: cells})
		for _, eff := range e.Apply(Input{Tick: at(start + 10)}) {
			if eff.Rollup != nil {
				require.Len(t, eff.Rollup.Cells, 1, "rollups are of all routes together")
			}
		}
	}
	routes := e.store.Service(place{Service: "a", Environment: "production"}).Routes(correlate.OriginSpan)
	require.Len(t, routes, 1)
	for _, r := range routes {
		require.LessOrEqual(t, len(r.Cells.Between(0, math.MaxInt64)), 2*60+6)
	}
}
