package cells

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func route(name, version string, start, requests int64) correlate.Measurement {
	m := traffic("a", version, start, requests)
	m.Kind, m.Name = correlate.Route, name
	return m
}

func TestRoutesAreKeptByMinuteAndInstrumentation(t *testing.T) {
	st := New(config())
	addAll(st, []correlate.Measurement{
		route("/list", "v2", midnight, 1), route("/list", "v1", midnight+50, 2), route("/list", "v1", midnight+59, 3),
		route("/buy", "v1", midnight+60, 4),
	})
	metric := route("/list", "v1", midnight, 9)
	metric.Origin = correlate.OriginServerMetric
	st.Add(metric)
	s := st.Service(place("a"))
	require.Equal(t, 3, s.RoutesBefore(midnight+1), "one for each version and instrumentation")
	routes := s.Routes(correlate.OriginSpan)
	require.Len(t, routes, 3)
	require.Equal(t, "/buy", routes[0].Name)
	require.Equal(t, []any{"/list", "v1", int64(midnight), int64(5)}, []any{routes[1].Name, routes[1].Version, everything(routes[1].Cells)[0].Start, everything(routes[1].Cells)[0].Requests})
	require.Empty(t, s.Routes(correlate.OriginClient))
	require.EqualValues(t, 60, config().RouteWidth())
	require.Empty(t, s.Keys(), "a route is no stream and has no rollups")
}

func TestRoutesGoWithTheFineCells(t *testing.T) {
	st := New(config())
	st.Add(route("/list", "v1", midnight, 1))
	st.Add(route("/buy", "v1", midnight+60, 1))
	st.Expire(midnight+60, midnight)
	require.Equal(t, 1, st.Service(place("a")).RoutesBefore(midnight+100))
	st.Expire(midnight+120, midnight)
	require.Zero(t, st.Memory())
}
