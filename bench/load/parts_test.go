package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

// free is a room that is never full.
type free struct{}

func (free) Take(int64) error { return nil }

// rounds runs f on every request of rounds that come every fifth of a second, and tells the time for each item.
func rounds(b *testing.B, l *Load, r *reduce.Reducer, f func(body []byte)) {
	b.Helper()
	at, n := time.Now(), 0
	for b.Loop() {
		b.StopTimer()
		at = at.Add(200 * time.Millisecond)
		bodies := make([][]byte, len(l.Requests))
		for i, request := range l.Requests {
			bodies[i] = request.Stamp(at)
		}
		if n++; n%5 == 0 {
			r.Drain()
		}
		b.StartTimer()
		for _, body := range bodies {
			f(body)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/float64(l.Items), "ns/item")
}

// BenchmarkSpans is what the steps of taking in spans cost, without the servers before them: with a canary of every tenth
// service, and with none.
func BenchmarkSpans(b *testing.B) {
	for name, canary := range map[string]int{"canaries": 10, "calm": 0} {
		l, err := Shape{Services: 50, Instances: 2, Routes: 8, Canary: canary, Bundle: 1}.Traces(250)
		require.NoError(b, err)
		known := wire.NewKnown()
		walk := func(r *reduce.Reducer) func([]byte) {
			return func(body []byte) {
				spans := wire.NewSpans(free{})
				defer spans.Release()
				ok, err := spans.Walk(body, known)
				require.True(b, ok && err == nil)
				if r != nil {
					spans.Reduce(r)
				}
			}
		}
		decode := func(r *reduce.Reducer) func([]byte) {
			return func(body []byte) {
				_, err := admission.Proto(body, admission.TracesRequest, 64<<20)
				require.NoError(b, err)
				request := ptraceotlp.NewExportRequest()
				require.NoError(b, request.UnmarshalProto(body))
				if r != nil {
					otlp.Traces(r, request.Traces())
				}
			}
		}
		for way, f := range map[string]func(*reduce.Reducer) func([]byte){"walk": walk, "decode": decode} {
			b.Run(name+"/"+way, func(b *testing.B) { rounds(b, l, reduce.New(reduce.Options{}), f(nil)) })
			b.Run(name+"/"+way+"+reduce", func(b *testing.B) {
				r := reduce.New(reduce.Options{})
				rounds(b, l, r, f(r))
			})
		}
	}
}

// BenchmarkPoints is the same for data points, as a node's Collector gathers them.
func BenchmarkPoints(b *testing.B) {
	for _, temporality := range []Temporality{Delta, Cumulative} {
		l, err := Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 10}.Metrics(temporality)
		require.NoError(b, err)
		known := wire.NewKnown()
		walk := func(r *reduce.Reducer, too bool) func([]byte) {
			return func(body []byte) {
				points := wire.NewPoints(free{})
				defer points.Release()
				ok, err := points.Walk(body, known, r.Wanted)
				require.True(b, ok && err == nil)
				if too {
					points.Reduce(r)
				}
			}
		}
		decode := func(r *reduce.Reducer, too bool) func([]byte) {
			return func(body []byte) {
				_, err := admission.Proto(body, admission.MetricsRequest, 64<<20)
				require.NoError(b, err)
				request := pmetricotlp.NewExportRequest()
				require.NoError(b, request.UnmarshalProto(body))
				if too {
					otlp.Metrics(r, request.Metrics())
				}
			}
		}
		for way, f := range map[string]func(*reduce.Reducer, bool) func([]byte){"walk": walk, "decode": decode} {
			for step, too := range map[string]bool{"": false, "+reduce": true} {
				b.Run(string(temporality)+"/"+way+step, func(b *testing.B) {
					r := reduce.New(reduce.Options{})
					rounds(b, l, r, f(r, too))
				})
			}
		}
	}
}
