package reduce_test

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// telling is a delta histogram of calls that a pod sends: every call took 20 ms.
type telling struct {
	pod, scope, name string
	calls            uint64
	server           string            // server.address
	shape            reduce.MetricType // explicit buckets when 0
}

func (c telling) metric() reduce.Metric {
	return reduce.Metric{Scope: c.scope, Name: c.name, Unit: "s", Type: cmp.Or(c.shape, reduce.HistogramMetric), Delta: true}
}

// batch sends tellings of one pod in one request, in the bucket of an offset.
func batch(r *reduce.Reducer, after time.Duration, all ...telling) {
	resource := checkout()
	resource.Instance = all[0].pod
	sender := r.Sender(resource)
	for _, c := range all {
		sender.Announce(c.metric(), c.calls)
	}
	for _, c := range all {
		reader := sender.Metric(c.metric())
		reader.Point(&reduce.Point{
			Time: t0 + int64(after) + sec, Count: c.calls, Zero: c.calls, Sum: 0.02 * float64(c.calls),
			Attributes: []reduce.Attribute{str("server.address", c.server)},
		})
	}
}

const (
	httpNew, httpOld     = "http.server.request.duration", "http.server.duration"
	rpcNew, rpcOld       = "rpc.server.call.duration", "rpc.server.duration"
	clientNew, clientOld = "http.client.request.duration", "http.client.duration"
)

func TestCallsThatAreToldTwiceCountOnce(t *testing.T) {
	tests := map[string]struct {
		batches [][]telling
		want    int64
	}{
		"the old and the new name, of one library": {
			batches: [][]telling{{{scope: "http", name: httpOld, calls: 10}, {scope: "http", name: httpNew, calls: 10}}},
			want:    10,
		},
		"the old and the new name, of two libraries": {
			batches: [][]telling{{{scope: "a", name: httpNew, calls: 10}, {scope: "b", name: httpOld, calls: 10}}},
			want:    10,
		},
		"remote procedure calls by both names": {
			batches: [][]telling{{{name: rpcOld, calls: 10}, {name: rpcNew, calls: 10}}},
			want:    10,
		},
		"two libraries of which one wraps the other": {
			batches: [][]telling{{{scope: "net/http", name: httpNew, calls: 10}, {scope: "gin", name: httpNew, calls: 10}}},
			want:    10,
		},
		"explicit buckets beside buckets of a scale": {
			batches: [][]telling{{{name: httpNew, calls: 10}, {name: httpNew, calls: 10, shape: reduce.ExponentialMetric}}},
			want:    10,
		},
		"an account of few of the calls gives way, whatever its name": {
			batches: [][]telling{{{scope: "admin", name: httpNew, calls: 1}, {scope: "http", name: httpOld, calls: 10}}},
			want:    10,
		},
		"an account that comes alone, once both were seen": {
			batches: [][]telling{
				{{name: httpOld, calls: 10}, {name: httpNew, calls: 10}}, {{name: httpOld, calls: 10}}, {{name: httpNew, calls: 10}},
			},
			want: 20,
		},
		"two accounts that never come together": {
			batches: [][]telling{{{name: httpNew, calls: 10}}, {{name: httpOld, calls: 10}}, {{name: httpNew, calls: 10}}},
			want:    20,
		},
		"the new name takes over from the old one": {
			batches: [][]telling{{{name: httpOld, calls: 10}}, {{name: httpNew, calls: 10}}, {{name: httpOld, calls: 10}}},
			want:    20,
		},
		"pods that tell by different names add up": {
			batches: [][]telling{{{pod: "a", name: httpOld, calls: 10}}, {{pod: "b", name: httpNew, calls: 10}}},
			want:    20,
		},
		"the client's calls by both names": {
			batches: [][]telling{{{name: clientOld, calls: 10, server: "cart"}, {name: clientNew, calls: 10, server: "cart"}}},
			want:    10,
		},
		"two client libraries call for themselves": {
			batches: [][]telling{{
				{scope: "a", name: clientNew, calls: 10, server: "cart"}, {scope: "b", name: clientNew, calls: 5, server: "cart"},
			}},
			want: 15,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			for _, b := range test.batches {
				batch(r, 0, b...)
			}
			require.Equal(t, test.want, only(t, r).Requests)
		})
	}
}

func TestTheOrderWithinABatchDoesNotMatterToTellings(t *testing.T) {
	one, other := reduce.New(reduce.Options{}), reduce.New(reduce.Options{})
	a, b := telling{scope: "a", name: httpOld, calls: 10}, telling{scope: "b", name: httpNew, calls: 9}
	batch(one, 0, a, b)
	batch(other, 0, b, a)
	require.Equal(t, one.Drain(), other.Drain())
}

func TestAnAccountThatFellSilentFreesTheOther(t *testing.T) {
	r := reduce.New(reduce.Options{})
	batch(r, 0, telling{name: httpNew, calls: 10})
	batch(r, 20*time.Minute, telling{name: httpOld, calls: 7})
	require.Len(t, r.Drain(), 2)
}

func TestAServiceThatMigratesIsMeasuredTheSameThroughout(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for minute := range 30 {
		after := time.Duration(minute) * time.Minute
		old := telling{scope: "http", name: httpOld, calls: 100}
		switch current := (telling{scope: "http", name: httpNew, calls: 100}); {
		case minute < 10:
			batch(r, after, old)
		case minute < 20:
			batch(r, after, old, current)
		default:
			batch(r, after, current)
		}
	}
	drained := r.Drain()
	require.Len(t, drained, 30)
	for _, m := range drained {
		require.EqualValues(t, 100, m.Requests)
	}
}

func TestACustomSignalReadsAMetricThatIsToldTwice(t *testing.T) {
	r := reduce.New(reduce.Options{Signals: []correlate.Signal{{Name: "old", Metric: httpOld, Type: correlate.SignalRate}}})
	batch(r, 0, telling{name: httpOld, calls: 10}, telling{name: httpNew, calls: 10})
	drained := r.Drain()
	require.Len(t, drained, 2)
	require.Equal(t, [2]correlate.SignalKind{correlate.Traffic, correlate.Rate}, [2]correlate.SignalKind{drained[0].Kind, drained[1].Kind})
	require.EqualValues(t, 10*correlate.Fixed, drained[1].Sum)
}

func TestACumulativeMetricThatIsToldTwiceIsReadyToTakeOver(t *testing.T) {
	r := reduce.New(reduce.Options{})
	cumulative := func(name string, at, n int64) {
		sender := r.Sender(checkout())
		m := telling{name: name}.metric()
		m.Delta = false
		reader := sender.Metric(m)
		reader.Point(&reduce.Point{Start: t0 - 3600*sec, Time: t0 + at, Count: uint64(n), Sum: float64(n)})
	}
	for i := range int64(3) {
		cumulative(httpNew, i*minute, 1000+10*i)
		cumulative(httpOld, i*minute, 1000+10*i)
	}
	for i := int64(20); i < 23; i++ {
		cumulative(httpOld, i*minute, 1000+10*i)
	}
	requests, _ := total(r)
	require.EqualValues(t, 20+180+10+10, requests, "what grew while it was silent is no flood of what it had before")
}
