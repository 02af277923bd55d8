package reduce_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// request is one server span.
type request struct {
	trace            byte
	service, version string
	at               int64 // seconds after the epoch
	failed           bool
}

func (q request) send(r *reduce.Reducer) {
	sender := r.Sender(reduce.Resource{Service: q.service, Version: q.version})
	end := t0 + q.at*sec
	sender.Span(&reduce.Span{TraceID: [16]byte{15: q.trace}, Kind: reduce.SpanServer, Start: end, End: end, Failed: q.failed})
}

// rollingOut is a reducer that knows two versions of cart.
func rollingOut() *reduce.Reducer {
	r := reduce.New(reduce.Options{})
	request{0, "cart", "v1", 0, false}.send(r)
	request{0, "cart", "v2", 0, false}.send(r)
	r.Drain()
	return r
}

// touched are the counts of traces, in words.
func touched(measured []correlate.Measurement) map[string]string {
	found := map[string]string{}
	for _, m := range measured {
		if m.Kind == correlate.Trace {
			key := fmt.Sprintf("%s %s beside %s %s at %d", m.Service, m.Version, m.Peer, m.Name, m.Start-epoch)
			found[key] = fmt.Sprintf("%d of %d fail", m.Errors, m.Requests)
		}
	}
	return found
}

func TestTracesTellWhichVersionARequestTouched(t *testing.T) {
	for name, test := range map[string]struct {
		requests []request
		want     map[string]string
	}{
		"a failing request that touched the new version, and one that touched the old one": {
			[]request{{1, "cart", "v2", 1, false}, {1, "web", "w1", 2, true}, {2, "cart", "v1", 1, false}, {2, "web", "w1", 2, false}},
			map[string]string{"web w1 beside cart v2 at 0": "1 of 1 fail", "web w1 beside cart v1 at 0": "0 of 1 fail"},
		},
		"a request that touched it often is one, in the bucket of its own end": {
			[]request{{1, "cart", "v2", 1, false}, {1, "cart", "v2", 2, false}, {1, "cart", "v2", 12, false}, {1, "web", "w1", 31, true}},
			map[string]string{"web w1 beside cart v2 at 30": "1 of 1 fail"},
		},
		"every request of a service counts": {
			[]request{{1, "web", "w1", 1, true}, {1, "web", "w1", 2, false}, {1, "web", "w1", 12, true}, {1, "cart", "v2", 3, false}},
			map[string]string{"web w1 beside cart v2 at 0": "1 of 2 fail", "web w1 beside cart v2 at 10": "1 of 1 fail"},
		},
		"a service that doesn't roll out is beside nothing": {
			[]request{{1, "ads", "a1", 1, false}, {1, "web", "w1", 2, true}}, map[string]string{},
		},
		"two versions of one service tell it apart themselves": {
			[]request{{1, "cart", "v1", 1, true}, {1, "cart", "v2", 2, false}}, map[string]string{},
		},
		"without a trace id there is no trace": {
			[]request{{0, "cart", "v2", 1, false}, {0, "web", "w1", 2, true}}, map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := rollingOut()
				for _, q := range rapid.Permutation(test.requests).Draw(t, "order") {
					q.send(r)
				}
				require.Equal(t, test.want, touched(r.Drain()))
			})
		})
	}
}

func TestTracesAreRememberedOnlyDuringARollout(t *testing.T) {
	traced := func(r *reduce.Reducer, at int64) map[string]string {
		request{1, "cart", "v2", at, false}.send(r)
		request{1, "web", "w1", at, true}.send(r)
		return touched(r.Drain())
	}
	r := reduce.New(reduce.Options{})
	require.Empty(t, traced(r, 0), "one version")
	request{0, "cart", "v1", 0, false}.send(r)
	require.Empty(t, traced(r, 1), "nobody knew yet that there are two")
	require.NotEmpty(t, traced(r, 2))
	request{0, "cart", "v2", 300, false}.send(r)
	r.Drain()
	require.Empty(t, traced(r, 301), "the old version is gone")
	for at := int64(360); at < 3*3600; at += 60 {
		request{0, "cart", "v1", at, false}.send(r)
		request{0, "cart", "v2", at, false}.send(r)
		r.Drain()
	}
	require.Empty(t, traced(r, 3*3600), "it isn't new any more")
}

func TestOrderLeavesNoTraceInTraces(t *testing.T) {
	anyRequest := rapid.Custom(func(t *rapid.T) request {
		return request{
			trace: byte(rapid.IntRange(1, 3).Draw(t, "trace")), service: rapid.SampledFrom([]string{"cart", "web", "ads"}).Draw(t, "service"),
			version: rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "version"), at: rapid.Int64Range(0, 19).Draw(t, "at"),
			failed: rapid.Bool().Draw(t, "failed"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		requests := rapid.SliceOfN(anyRequest, 0, 40).Draw(t, "requests")
		one, other := rollingOut(), rollingOut()
		for _, q := range requests {
			q.send(one)
		}
		for _, q := range rapid.Permutation(requests).Draw(t, "order") {
			q.send(other)
		}
		require.Equal(t, touched(one.Drain()), touched(other.Drain()))
	})
}

func TestALongTraceAndManyVersionsAreBounded(t *testing.T) {
	r := rollingOut()
	for i := range 40 {
		request{1, fmt.Sprint("s", i), "", 1, true}.send(r)
	}
	request{1, "cart", "v2", 2, false}.send(r)
	require.Empty(t, touched(r.Drain()), "what came too late for its trace isn't remembered")

	for i := range 200 {
		name := fmt.Sprint("callee-", i)
		request{0, name, "v1", 1, false}.send(r)
		request{0, name, "v2", 1, false}.send(r)
	}
	r.Drain()
	for i := range 200 {
		request{byte(2 + i), fmt.Sprint("callee-", i), "v2", 2, false}.send(r)
		request{byte(2 + i), "web", "w1", 2, true}.send(r)
	}
	require.Len(t, touched(r.Drain()), 64)
}

// BenchmarkServerSpanOfATrace is a server span in a trace of ten services, while one of them rolls out and while none does.
func BenchmarkServerSpanOfATrace(b *testing.B) {
	for _, rollout := range []bool{false, true} {
		b.Run(fmt.Sprint("rollout=", rollout), func(b *testing.B) {
			r := reduce.New(reduce.Options{})
			if rollout {
				r = rollingOut()
			}
			var senders []reduce.Sender
			for i := range 9 {
				senders = append(senders, r.Sender(reduce.Resource{Service: fmt.Sprint("s", i), Version: "1"}))
			}
			senders = append(senders, r.Sender(reduce.Resource{Service: "cart", Version: "v2"}))
			s := reduce.Span{Kind: reduce.SpanServer, Start: t0, End: t0 + ms}
			b.ReportAllocs()
			n := uint64(0)
			for b.Loop() {
				trace := n / 10 * 0x9E3779B97F4A7C15
				for i := range 8 {
					s.TraceID[8+i] = byte(trace >> (8 * i))
				}
				s.TraceID[0] = 1
				senders[(n*7)%10].Span(&s)
				n++
			}
		})
	}
}

func TestASpanOfATraceAllocatesNothing(t *testing.T) {
	r := rollingOut()
	cart, web := r.Sender(reduce.Resource{Service: "cart", Version: "v2"}), r.Sender(reduce.Resource{Service: "web"})
	s := reduce.Span{Kind: reduce.SpanServer, Start: t0, End: t0 + ms}
	both := func() {
		for i := range 100 {
			s.TraceID = [16]byte{1, byte(i)}
			cart.Span(&s)
			web.Span(&s)
		}
	}
	both()
	require.Zero(t, testing.AllocsPerRun(5, both))
}
