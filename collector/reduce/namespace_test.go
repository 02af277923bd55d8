package reduce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// serve is a request to a service of a namespace, which fails or not.
func serve(r *reduce.Reducer, namespace, service, version string, failed bool) {
	sender := r.Sender(reduce.Resource{Service: service, Namespace: namespace, Version: version, Environment: "staging"})
	sp := server(time.Millisecond)
	sp.Failed = failed
	sender.Span(&sp)
}

// served is the requests and errors of each service.
func served(drained []correlate.Measurement) map[string][2]int64 {
	all := map[string][2]int64{}
	for _, m := range drained {
		if m.Kind == correlate.Traffic {
			n := all[m.Service]
			all[m.Service] = [2]int64{n[0] + m.Requests, n[1] + m.Errors}
		}
	}
	return all
}

func TestANamespaceIsPartOfTheIdentity(t *testing.T) {
	type request struct {
		namespace, service string
		failed             bool
	}
	tests := map[string]struct {
		requests []request
		want     map[string][2]int64
	}{
		"a name in one namespace is shown alone": {
			requests: []request{{"shop", "api", false}, {"shop", "api", true}},
			want:     map[string][2]int64{"api": {2, 1}},
		},
		"a name in two namespaces is two services": {
			requests: []request{{"shop", "api", false}, {"billing", "api", true}},
			want:     map[string][2]int64{"shop/api": {1, 0}, "billing/api": {1, 1}},
		},
		"other names of these namespaces are shown alone": {
			requests: []request{{"shop", "api", false}, {"billing", "api", true}, {"shop", "cart", false}},
			want:     map[string][2]int64{"shop/api": {1, 0}, "billing/api": {1, 1}, "cart": {1, 0}},
		},
		"who tells no namespace is of the only one": {
			requests: []request{{"shop", "api", false}, {"", "api", true}},
			want:     map[string][2]int64{"api": {2, 1}},
		},
		"who tells no namespace is of none of several": {
			requests: []request{{"shop", "api", false}, {"billing", "api", false}, {"", "api", true}},
			want:     map[string][2]int64{"shop/api": {1, 0}, "billing/api": {1, 0}, "api": {1, 1}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			for _, q := range test.requests {
				serve(r, q.namespace, q.service, "v1", q.failed)
			}
			require.Equal(t, test.want, served(r.Drain()))
		})
	}
}

func TestOneKeyAndStartIsOneMeasurement(t *testing.T) {
	r := reduce.New(reduce.Options{})
	serve(r, "shop", "api", "v1", false)
	serve(r, "", "api", "v1", true)
	m := only(t, r)
	require.Equal(t, [3]int64{2, 1, 2}, [3]int64{m.Requests, m.Errors, int64(m.Latency.Total())})
}

func TestTheOrderOfNamespacesLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type sender struct{ namespace, service string }
		senders := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sender {
			return sender{
				rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "namespace"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service"),
			}
		}), 0, 20).Draw(t, "senders")
		shuffled := rapid.Permutation(senders).Draw(t, "shuffled")
		one, other := reduce.New(reduce.Options{}), reduce.New(reduce.Options{})
		for i := range senders {
			serve(one, senders[i].namespace, senders[i].service, "v1", false)
			serve(other, shuffled[i].namespace, shuffled[i].service, "v1", false)
		}
		require.Equal(t, one.Drain(), other.Drain())
	})
}

func TestAnEdgeLeadsToTheServiceThatAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		namespaces []string
		want       string
	}{
		"by its name, when that is the only one":   {namespaces: []string{"shop"}, want: "api"},
		"by its namespace too, when there are two": {namespaces: []string{"shop", "billing"}, want: "shop/api"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			for _, namespace := range test.namespaces {
				serve(r, namespace, "api", "v1", false)
			}
			caller := r.Sender(reduce.Resource{Service: "web", Environment: "staging"})
			callee := r.Sender(reduce.Resource{Service: "api", Namespace: "shop", Environment: "staging"})
			caller.Span(&reduce.Span{Kind: reduce.SpanClient, TraceID: [16]byte{1}, ID: [8]byte{1}, Start: t0, End: t0 + sec})
			callee.Span(&reduce.Span{
				Kind: reduce.SpanServer, TraceID: [16]byte{1}, ID: [8]byte{2}, Parent: [8]byte{1}, Start: t0, End: t0 + sec,
			})
			for _, m := range r.Drain() {
				if m.Kind == correlate.Edge {
					require.Equal(t, test.want, m.Peer)
					return
				}
			}
			require.Fail(t, "there is no edge")
		})
	}
}

func TestANameIsShownAloneAgainOnceItsOtherNamespaceIsForgotten(t *testing.T) {
	r := reduce.New(reduce.Options{})
	later := func(after time.Duration) {
		sender := r.Sender(reduce.Resource{Service: "api", Namespace: "shop", Environment: "staging"})
		sp := server(time.Millisecond)
		sp.Start, sp.End = sp.Start+int64(after), sp.End+int64(after)
		sender.Span(&sp)
	}
	serve(r, "billing", "api", "v1", false)
	later(0)
	require.Contains(t, served(r.Drain()), "shop/api")
	for hours := range 4 {
		later(time.Duration(hours+1) * time.Hour)
		r.Drain()
	}
	later(5 * time.Hour)
	require.Equal(t, map[string][2]int64{"api": {1, 0}}, served(r.Drain()))
}

func TestAPointTellsTheNamespaceOfItsService(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for _, namespace := range []string{"shop", "billing"} {
		sender := r.Sender(reduce.Resource{Service: "collector", Namespace: "telemetry", Environment: "staging"})
		reader := sender.Metric(deltaSum("calls"))
		reader.Point(&reduce.Point{Time: t0 + sec, Value: 3, Attributes: []reduce.Attribute{
			str("service.name", "api"), str("service.namespace", namespace), str("span.kind", "SPAN_KIND_SERVER"),
		}})
	}
	require.Equal(t, map[string][2]int64{"shop/api": {3, 0}, "billing/api": {3, 0}}, served(r.Drain()))
}

func TestCountersOfOneNameInTwoNamespacesAreTwoStreams(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for round := range int64(3) {
		for i, namespace := range []string{"shop", "billing"} {
			resource := checkout()
			resource.Namespace = namespace
			sender := r.Sender(resource)
			reader := sender.Metric(counter)
			reader.Point(&reduce.Point{
				Start: t0 - 3600*sec, Time: t0 + round*sec, Value: float64((100 + 1000*int64(i)) * (round + 1)),
				Attributes: []reduce.Attribute{str("span.kind", "SPAN_KIND_SERVER")},
			})
		}
	}
	require.Equal(t, map[string][2]int64{"shop/checkout": {200, 0}, "billing/checkout": {2200, 0}}, served(r.Drain()))
}
