package reduce_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

var (
	trace  = [16]byte{1}
	caller = [8]byte{2}
)

func clientSpan(took time.Duration) reduce.Span {
	return reduce.Span{
		TraceID: trace, ID: caller, Kind: reduce.SpanClient,
		Start: t0 + sec - int64(took), End: t0 + sec,
	}
}

func serverSpan(took time.Duration) reduce.Span {
	return reduce.Span{
		TraceID: trace, ID: [8]byte{3}, Parent: caller, Kind: reduce.SpanServer,
		Start: t0 + sec - int64(took), End: t0 + sec,
	}
}

// edge is a call from frontend v1 to checkout.
func edge(origin correlate.Origin, calleeVersion string, errors int64, took time.Duration) correlate.Measurement {
	return correlate.Measurement{
		Key: correlate.Key{
			Service: "frontend", Environment: "production", Version: "v1",
			Kind: correlate.Edge, Origin: origin, Name: calleeVersion, Peer: "checkout",
		},
		Cell: correlate.Cell{Start: epoch, Requests: 1, Errors: errors, Latency: correlate.Histogram{at(took, 1)}},
	}
}

func edges(r *reduce.Reducer) []correlate.Measurement {
	return slices.DeleteFunc(r.Drain(), func(m correlate.Measurement) bool { return m.Kind != correlate.Edge })
}

func TestEdges(t *testing.T) {
	const network = 1500 * time.Millisecond
	const work = 20 * time.Millisecond
	matched := []correlate.Measurement{
		edge(correlate.OriginSpan, "v2", 0, work),
		edge(correlate.OriginClientSpan, "v2", 0, network),
	}
	tests := map[string]struct {
		client, server func(*reduce.Span)
		want           []correlate.Measurement
	}{
		"both halves make the server's view and the client's, and the network lies between them": {
			want: matched,
		},
		"the server's failure is in its own view": {
			server: func(s *reduce.Span) { s.Failed = true },
			want:   []correlate.Measurement{edge(correlate.OriginSpan, "v2", 1, work), matched[1]},
		},
		"a client that saw a 404 doesn't blame the server": {
			client: func(s *reduce.Span) { s.Failed, s.Status.HTTP = true, 404 },
			want:   matched,
		},
		"a client that saw a timeout does": {
			client: func(s *reduce.Span) { s.Failed = true },
			want:   []correlate.Measurement{matched[0], edge(correlate.OriginClientSpan, "v2", 1, network)},
		},
		"a gRPC client that got NOT_FOUND doesn't": {
			client: func(s *reduce.Span) { s.Failed, s.Status.RPC, s.Status.HasRPC = true, 5, true },
			want:   matched,
		},
		"a named callee is not counted twice": {
			client: func(s *reduce.Span) { s.ServerAddress = "checkout.shop.svc.cluster.local:8080" },
			want:   []correlate.Measurement{matched[0], edge(correlate.OriginClientSpan, "", 0, network)},
		},
		"an IP address names nobody": {
			client: func(s *reduce.Span) { s.ServerAddress = "10.1.2.3:8080" },
			want:   matched,
		},
		"a producer and a consumer are halves as well": {
			client: func(s *reduce.Span) { s.Kind = reduce.SpanProducer },
			server: func(s *reduce.Span) { s.Kind = reduce.SpanConsumer },
			want:   matched,
		},
		"another trace's span id is no match": {
			server: func(s *reduce.Span) { s.TraceID = [16]byte{9} },
		},
		"a parent in the same process is no caller": {
			server: func(s *reduce.Span) { s.LocalParent = true },
		},
		"a callee that never traces is known by its name": {
			client: func(s *reduce.Span) { s.PeerService = "checkout" },
			server: func(s *reduce.Span) { s.Parent = [8]byte{} },
			want:   []correlate.Measurement{edge(correlate.OriginClientSpan, "", 0, network)},
		},
	}
	for name, test := range tests {
		for order, clientFirst := range map[string]bool{"client first": true, "server first": false} {
			t.Run(name+"/"+order, func(t *testing.T) {
				client, server := clientSpan(network), serverSpan(work)
				if test.client != nil {
					test.client(&client)
				}
				if test.server != nil {
					test.server(&server)
				}
				r := reduce.New(reduce.Options{})
				from := r.Sender(reduce.Resource{Service: "frontend", Version: "v1"})
				to := r.Sender(reduce.Resource{Service: "checkout", Version: "v2"})
				if clientFirst {
					require.Equal(t, reduce.Accepted, from.Span(&client))
					require.Equal(t, reduce.Accepted, to.Span(&server))
				} else {
					require.Equal(t, reduce.Accepted, to.Span(&server))
					require.Equal(t, reduce.Accepted, from.Span(&client))
				}
				if test.want == nil {
					require.Empty(t, edges(r))
					return
				}
				require.Equal(t, test.want, edges(r))
			})
		}
	}
}

func TestADatabaseIsKnownByItsSystemWhenItHasNoAddress(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span := clientSpan(time.Millisecond)
	span.System = "mysql"
	sender := r.Sender(checkout())
	sender.Span(&span)
	require.Equal(t, "mysql", only(t, r).Peer)
}

func TestSeveralServersOfOneClientSpanAreSeveralEdges(t *testing.T) {
	for _, clientAt := range []int{0, 1, 3} {
		r := reduce.New(reduce.Options{})
		from := r.Sender(reduce.Resource{Service: "frontend"})
		to := r.Sender(reduce.Resource{Service: "checkout"})
		for i := range 4 {
			if i == clientAt {
				client := clientSpan(time.Second)
				from.Span(&client)
			} else {
				server := serverSpan(time.Millisecond)
				to.Span(&server)
			}
		}
		drained := edges(r)
		require.Len(t, drained, 2)
		require.EqualValues(t, 3, drained[0].Requests)
	}
}
