package wire_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

const (
	gathered        = 10 // resources in a request, as a Collector sends it
	pointsOfRequest = gathered * 16
)

// Numbers by which the fields that change from round to round are found again: the lowest two bytes are the first value.
const (
	countMark = 0x00C0_5A17_0000_0000
	sumMark   = 0x40C0_5A18_0000_0000
	timeMark  = 0x0071_5A19_0000_0000
	startMark = 0x0072_5A1A_0000_0000
	markMask  = 0xFFFF_FFFF_FFFF_0000
)

// gather is a request of ten instances of five services with two points for each of eight routes.
func gather(b testing.TB, n int, kind string) []byte {
	metrics := pmetric.NewMetrics()
	for i := range gathered {
		of := n*gathered + i
		resource := metrics.ResourceMetrics().AppendEmpty()
		attributes := resource.Resource().Attributes()
		attributes.PutStr("service.name", fmt.Sprintf("service-%02d", of/2))
		attributes.PutStr("service.version", fmt.Sprintf("1.%d.0", of%20/19))
		attributes.PutStr("service.instance.id", fmt.Sprintf("pod-%03d", of))
		attributes.PutStr("deployment.environment.name", "production")
		scope := resource.ScopeMetrics().AppendEmpty()
		scope.Scope().SetName("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
		metric := scope.Metrics().AppendEmpty()
		metric.SetName("http.server.request.duration")
		metric.SetUnit("s")
		if kind == "exponential" {
			scaled(metric.SetEmptyExponentialHistogram(), of/2)
			continue
		}
		explicit(metric.SetEmptyHistogram(), of/2, kind)
	}
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	require.NoError(b, err)
	return body
}

func explicit(h pmetric.Histogram, service int, kind string) {
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	if kind == "cumulative" {
		h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	for i := range 16 {
		p := h.DataPoints().AppendEmpty()
		p.SetStartTimestamp(startMark)
		p.SetTimestamp(timeMark)
		p.ExplicitBounds().FromRaw([]float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10})
		counts := make([]uint64, 15)
		p.SetCount(countMark | 990)
		copy(counts, []uint64{0, countMark | 31, countMark | 142, countMark | 309, countMark | 240, countMark | 121, countMark | 90, countMark | 41, countMark | 12, countMark | 4})
		if i%2 == 1 {
			p.SetCount(countMark | 10)
			copy(counts, []uint64{0, 0, 0, 0, 0, 0, countMark | 10, 0, 0, 0})
		}
		p.BucketCounts().FromRaw(counts)
		p.SetSum(math.Float64frombits(sumMark | 60))
		label(p.Attributes(), service, i)
	}
}

func scaled(h pmetric.ExponentialHistogram, service int) {
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	for i := range 16 {
		p := h.DataPoints().AppendEmpty()
		p.SetStartTimestamp(startMark)
		p.SetTimestamp(timeMark)
		p.SetScale(3)
		p.Positive().SetOffset(-60)
		buckets := 60
		if i%2 == 1 {
			buckets = 3
		}
		for k := range buckets {
			p.Positive().BucketCounts().Append(uint64(k * 7 % 33))
		}
		p.SetCount(countMark | 990)
		p.SetSum(math.Float64frombits(sumMark | 60))
		label(p.Attributes(), service, i)
	}
}

func label(attributes pcommon.Map, service, i int) {
	attributes.PutStr("http.request.method", "GET")
	attributes.PutStr("http.route", fmt.Sprintf("/api/v1/orders-%d/{id}/part-%d", service%10, i/2))
	attributes.PutInt("http.response.status_code", int64(200+i%2*300))
	attributes.PutStr("network.protocol.version", "1.1")
	attributes.PutStr("server.address", "shop.example")
	attributes.PutStr("url.scheme", "http")
}

// mark is a place of a request that changes, and what was there first.
type mark struct {
	at    int
	kind  uint64
	first uint64
}

// gatheredExport is an encoded request, and what changes in it from round to round.
type gatheredExport struct {
	body  []byte
	marks []mark
}

func marked(body []byte) (r gatheredExport) {
	r.body = body
	for at := 0; at+8 <= len(body); at++ {
		v := binary.LittleEndian.Uint64(body[at:])
		switch kind := v & markMask; kind {
		case countMark, sumMark, timeMark, startMark:
			r.marks = append(r.marks, mark{at, kind, v &^ markMask})
			at += 7
		}
	}
	return r
}

// renew makes the points those of a later round.
func (r *gatheredExport) renew(round int, cumulative bool) {
	at := now.Add(time.Duration(round) * 10 * time.Millisecond)
	times, since := uint64(1), at.Add(-10*time.Millisecond)
	if cumulative {
		times, since = uint64(round+1), now.Add(-10*time.Second)
	}
	for _, m := range r.marks {
		v := uint64(0)
		switch m.kind {
		case countMark:
			v = m.first * times
		case sumMark:
			v = math.Float64bits(float64(m.first * times))
		case timeMark:
			v = uint64(at.UnixNano())
		case startMark:
			v = uint64(since.UnixNano())
		}
		binary.LittleEndian.PutUint64(r.body[m.at:], v)
	}
}

// BenchmarkPoints reads and reduces the requests of a Collector that gathers the histograms of a hundred instances, each round
// of a later time.
func BenchmarkPoints(b *testing.B) {
	for _, kind := range []string{"delta", "cumulative", "exponential"} {
		requests := make([]gatheredExport, instances/gathered)
		for n := range requests {
			requests[n] = marked(gather(b, n, kind))
		}
		for _, reduced := range []bool{false, true} {
			name := map[bool]string{false: "/walked", true: "/reduced"}[reduced]
			b.Run(kind+name, func(b *testing.B) {
				r := reduce.New(reduce.Options{})
				var took time.Duration
				pass := func(n int) {
					request := &requests[n%len(requests)]
					request.renew(n/len(requests), kind == "cumulative")
					began := time.Now()
					defer func() { took += time.Since(began) }()
					points := wire.NewPoints(&plenty{})
					defer points.Release()
					ok, err := points.Walk(request.body, known, r.Wanted)
					require.True(b, ok && err == nil)
					if reduced {
						points.Reduce(r)
					}
				}
				n := 0
				for ; n < 3*len(requests); n++ {
					pass(n)
				}
				took = 0
				b.ReportAllocs()
				for b.Loop() {
					pass(n)
					if n++; n%1000 == 0 {
						r.Drain()
					}
				}
				b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/pointsOfRequest, "ns/point")
			})
		}
	}
}

func TestPointsAllocateNothingInASteadyState(t *testing.T) {
	for _, kind := range []string{"delta", "cumulative", "exponential"} {
		t.Run(kind, func(t *testing.T) {
			request := marked(gather(t, 0, kind))
			r := reduce.New(reduce.Options{})
			room, round := &plenty{}, 0
			pass := func() {
				request.renew(round, kind == "cumulative")
				round++
				points := wire.NewPoints(room)
				defer points.Release()
				ok, err := points.Walk(request.body, known, r.Wanted)
				require.True(t, ok && err == nil)
				points.Reduce(r)
			}
			for range 10 {
				pass()
			}
			require.Less(t, testing.AllocsPerRun(100, pass), pointsOfRequest/4.0, "none for a point; pools may be emptied meanwhile")
		})
	}
}
