package reduce_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
)

// trees returns the spans of n calls from frontend to checkout in turn: a client span, then its server span.
func trees(n int) []reduce.Span {
	spans := make([]reduce.Span, 0, 2*n)
	for i := range n {
		var trace [16]byte
		binary.LittleEndian.PutUint64(trace[8:], uint64(i)*0x9E3779B97F4A7C15)
		took := int64(i%50+1) * ms
		client := reduce.Span{TraceID: trace, ID: [8]byte{1, byte(i)}, Kind: reduce.SpanClient, Start: t0, End: t0 + took}
		server := client
		server.ID, server.Parent, server.Kind = [8]byte{2}, client.ID, reduce.SpanServer
		spans = append(spans, client, server)
	}
	return spans
}

func BenchmarkServerSpan(b *testing.B) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	s := server(0)
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		i++
		s.Start = s.End - (i%50+1)*ms
		sender.Span(&s)
	}
}

// BenchmarkServerSpanOfRoutes is that of a service with one route, and with many in turn.
func BenchmarkServerSpanOfRoutes(b *testing.B) {
	for _, routes := range []int{1, 6, 40} {
		names := make([]string, routes)
		for i := range names {
			names[i] = fmt.Sprintf("/api/v1/resource-%02d/{id}", i)
		}
		b.Run(fmt.Sprint(routes), func(b *testing.B) {
			r := reduce.New(reduce.Options{})
			sender := r.Sender(checkout())
			s := server(0)
			b.ReportAllocs()
			i := int64(0)
			for b.Loop() {
				i++
				s.Start, s.Route = s.End-(i%50+1)*ms, names[i%int64(routes)]
				sender.Span(&s)
			}
		})
	}
}

func BenchmarkMatchedSpan(b *testing.B) {
	r := reduce.New(reduce.Options{})
	from, to := r.Sender(reduce.Resource{Service: "frontend"}), r.Sender(checkout())
	spans := trees(100_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s := &spans[i]
		if i%2 == 0 {
			from.Span(s)
		} else {
			to.Span(s)
		}
		if i++; i == len(spans) {
			i = 0
		}
	}
}

func BenchmarkServerSpanParallel(b *testing.B) {
	r := reduce.New(reduce.Options{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		sender := r.Sender(checkout())
		s := server(1)
		for pb.Next() {
			sender.Span(&s)
		}
	})
}

func BenchmarkCumulativeHistogramPoint(b *testing.B) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	metric := deltaHistogram("http.server.request.duration", "s")
	metric.Delta = false
	point := reduce.Point{
		Start: t0, Buckets: make([]uint64, 15), Bounds: make([]float64, 14),
		Attributes: []reduce.Attribute{
			str("http.request.method", "GET"), str("http.route", "/cart/{id}"), num("http.response.status_code", 200),
		},
	}
	for i := range point.Bounds {
		point.Bounds[i] = float64(i+1) * 0.01
	}
	b.ReportAllocs()
	at := t0
	for b.Loop() {
		at += ms
		point.Time = at
		point.Buckets[at/ms%15]++
		point.Count++
		reader := sender.Metric(metric)
		reader.Point(&point)
		if at%(1000*sec) == 0 {
			b.StopTimer()
			r.Drain()
			b.StartTimer()
		}
	}
}

func TestASpanAllocatesNothingInASteadyState(t *testing.T) {
	r := reduce.New(reduce.Options{})
	from, to := r.Sender(reduce.Resource{Service: "frontend"}), r.Sender(checkout())
	spans := trees(1000)
	reduceAll := func() {
		for i := range spans {
			if i%2 == 0 {
				from.Span(&spans[i])
			} else {
				to.Span(&spans[i])
			}
		}
	}
	reduceAll()
	require.Zero(t, testing.AllocsPerRun(5, reduceAll))
}
