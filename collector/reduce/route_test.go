package reduce_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// byRoute is the requests drained, those of kind Traffic under "".
func byRoute(r *reduce.Reducer) map[string]int64 {
	found := map[string]int64{}
	for _, m := range r.Drain() {
		if m.Kind == correlate.Route || m.Kind == correlate.Traffic {
			found[m.Name] += m.Requests
		}
	}
	return found
}

func TestTheRouteOfASpan(t *testing.T) {
	tests := map[string]struct {
		span func(*reduce.Span)
		want map[string]int64
	}{
		"http.route is best": {
			span: func(s *reduce.Span) { s.Route, s.RPCMethod, s.Name = "/cart/{id}", "Get", "GET /cart/{id}" },
			want: map[string]int64{"": 1, "/cart/{id}": 1},
		},
		"then the service and method of a remote procedure call": {
			span: func(s *reduce.Span) { s.RPCService, s.RPCMethod, s.Name = "shop.Cart", "Get", "cart" },
			want: map[string]int64{"": 1, "shop.Cart/Get": 1},
		},
		"or the method alone": {
			span: func(s *reduce.Span) { s.RPCMethod = "shop.Cart/Get" },
			want: map[string]int64{"": 1, "shop.Cart/Get": 1},
		},
		"then the span's name": {
			span: func(s *reduce.Span) { s.Name = "HTTP POST" },
			want: map[string]int64{"": 1, "HTTP POST": 1},
		},
		"without any there is none": {
			span: func(*reduce.Span) {},
			want: map[string]int64{"": 1},
		},
		"a long name is clipped": {
			span: func(s *reduce.Span) { s.Route = "/" + strings.Repeat("x", 300) },
			want: map[string]int64{"": 1, "/" + strings.Repeat("x", 199): 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			sender := r.Sender(checkout())
			s := server(20 * time.Millisecond)
			test.span(&s)
			require.Equal(t, reduce.Accepted, sender.Span(&s))
			require.Equal(t, test.want, byRoute(r))
		})
	}
}

func TestTheRoutesOfAMetricAddUpToTheWhole(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	reader := sender.Metric(deltaHistogram("http.server.request.duration", "s"))
	for i, labels := range [][]reduce.Attribute{
		{str("http.route", "/a"), num("http.response.status_code", 500)},
		{str("http.route", "/b")},
		{str("http.request.method", "GET")},
	} {
		point := reduce.Point{
			Time: t0 + sec, Attributes: labels, Buckets: []uint64{uint64(i + 1), 1}, Bounds: []float64{1}, Count: uint64(i + 2),
		}
		require.Equal(t, reduce.Accepted, reader.Point(&point))
	}
	var whole, parts correlate.Cell
	for _, m := range r.Drain() {
		switch m.Kind {
		case correlate.Traffic:
			whole.Merge(m.Cell)
		case correlate.Route:
			require.Equal(t, correlate.OriginServerMetric, m.Origin)
			parts.Merge(m.Cell)
		}
	}
	require.EqualValues(t, []int64{9, 2, 9}, []int64{whole.Requests, whole.Errors, whole.Latency.Total()})
	require.EqualValues(t, []int64{5, 2, 5}, []int64{parts.Requests, parts.Errors, parts.Latency.Total()})
}

func TestSpanMetricsAndCallsHaveRoutesToo(t *testing.T) {
	for metric, labels := range map[string][]reduce.Attribute{
		"traces.span.metrics.calls": {str("span.kind", "SPAN_KIND_SERVER"), str("span.name", "shop.Cart/Get")},
		"rpc.server.duration":       {str("rpc.service", "shop.Cart"), str("rpc.method", "Get")},
	} {
		r := reduce.New(reduce.Options{})
		sender := r.Sender(checkout())
		m, point := deltaSum(metric), reduce.Point{Time: t0 + sec, Attributes: labels, Value: 3}
		if metric == "rpc.server.duration" {
			m, point.Count, point.Buckets, point.Bounds = deltaHistogram(metric, "ms"), 3, []uint64{3, 0}, []float64{1}
		}
		reader := sender.Metric(m)
		require.Equal(t, reduce.Accepted, reader.Point(&point))
		require.Equal(t, map[string]int64{"": 3, "shop.Cart/Get": 3}, byRoute(r), metric)
	}
}

func TestTooManyRoutesShareOneNameAndNoRequestIsLost(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	for range 2 {
		for i := range 60 {
			s := server(time.Millisecond)
			s.Route = fmt.Sprint("/r", i)
			require.Equal(t, reduce.Accepted, sender.Span(&s))
		}
		routes := byRoute(r)
		require.Len(t, routes, 16+2)
		require.EqualValues(t, 60, routes[""])
		require.EqualValues(t, 60-16, routes[correlate.Folded])
		require.EqualValues(t, 1, routes["/r15"])
	}
}

func TestRoutesTakeNoMoreThanHalfOfAllSeries(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 40})
	for i := range 15 {
		sender := r.Sender(reduce.Resource{Service: fmt.Sprint("s", i)})
		s := server(time.Millisecond)
		s.Route = "/a"
		sender.Span(&s)
	}
	found := map[correlate.SignalKind]int{}
	for _, m := range r.Drain() {
		found[m.Kind]++
	}
	require.Equal(t, map[correlate.SignalKind]int{correlate.Traffic: 15, correlate.Route: 10, correlate.Lost: 5}, found)
}

func TestIdleRoutesMakeRoom(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	send := func(route string, at int64) {
		s := reduce.Span{Kind: reduce.SpanServer, Start: at, End: at, Route: route}
		sender.Span(&s)
	}
	for i := range 20 {
		send(fmt.Sprint("/old", i), t0)
	}
	r.Drain()
	send("/old0", t0+2*3600*sec)
	r.Drain()
	send("/new", t0+2*3600*sec)
	require.Equal(t, map[string]int64{"": 1, "/new": 1}, byRoute(r))
}

// A route that comes late and often is told apart after a while; names that are made up for each request never are.
func TestTheRoutesWithTheMostRequestsAreToldApart(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	send := func(route string, at int64) {
		s := reduce.Span{Kind: reduce.SpanServer, Start: at, End: at, Route: route}
		sender.Span(&s)
	}
	for i := range 16 {
		send(fmt.Sprint("/early", i), t0)
	}
	r.Drain()
	sent, counted := int64(0), int64(0)
	told := map[string]bool{}
	for second := range int64(180) {
		for i := range 40 {
			sent++
			route := fmt.Sprintf("/made-up/%d/%d", second, i)
			if i%4 == 0 {
				route = "/busy"
			}
			send(route, t0+second*sec)
		}
		for name, n := range byRoute(r) {
			told[name] = true
			if name == "" {
				counted += n
			}
		}
	}
	require.Equal(t, sent, counted)
	require.Equal(t, map[string]bool{"": true, "/busy": true, correlate.Folded: true}, told)
}
