package reduce_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// span sends one server span of a service and returns what became of it.
func span(r *reduce.Reducer, service, version string, end int64) reduce.Result {
	sender := r.Sender(reduce.Resource{Service: service, Version: version})
	s := reduce.Span{Kind: reduce.SpanServer, Start: end, End: end}
	return sender.Span(&s)
}

func TestNewServicesBeyondTheBoundShareOneNameAndKnownOnesStayExact(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 100})
	require.Equal(t, reduce.Accepted, span(r, "known", "v1", t0))
	for i := range 1000 {
		span(r, fmt.Sprint("bomb-", i), "", t0)
		require.Equal(t, reduce.Accepted, span(r, "known", "v1", t0))
	}
	require.Equal(t, reduce.Accepted, span(r, "known", "v2", t0), "a new version of a known service")
	services := map[string]int64{}
	cells, lost := taken(r)
	for _, m := range cells {
		services[m.Service] += m.Requests
	}
	require.EqualValues(t, 1002, services["known"])
	require.EqualValues(t, 926, services["__overflow__"])
	require.Len(t, services, 76, "a quarter is kept for services known for an hour")
	require.Equal(t, map[string]int64{"__overflow__ services": 926}, lost)
}

// taken is what a reducer holds, and what it lost by service and what it was.
func taken(r *reduce.Reducer) (cells []correlate.Measurement, lost map[string]int64) {
	lost = map[string]int64{}
	for _, m := range r.Drain() {
		if m.Kind == correlate.Lost {
			lost[m.Service+" "+m.Name] += m.Requests
			continue
		}
		cells = append(cells, m)
	}
	return cells, lost
}

// While there is no room, names that are made up make room after minutes and not after an hour; those that were known
// before stay.
func TestAfterABombThereIsRoomAgainWithinMinutes(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 100})
	const minute = 60 * sec
	span(r, "known", "v1", t0)
	r.Drain()
	bomb := t0 + 2*3600*sec
	span(r, "known", "v1", bomb)
	r.Drain()
	for i := range 1000 {
		span(r, fmt.Sprint("bomb-", i), "", bomb+10*sec)
	}
	_, lost := taken(r)
	require.NotEmpty(t, lost)
	for m := range int64(8) {
		span(r, "known", "v1", bomb+m*minute)
		_, lost = taken(r)
	}
	require.Empty(t, lost)
	require.Equal(t, reduce.Accepted, span(r, "new", "", bomb+8*minute))
	for _, use := range r.Use() {
		require.LessOrEqual(t, use.Used, int64(2), use.Class)
	}
}

func TestWhatASeriesTakesIsWhatTheHeapHolds(t *testing.T) {
	for name, fill := range map[string]func(r *reduce.Reducer, i int){
		"services that were seen once": func(r *reduce.Reducer, i int) { span(r, fmt.Sprint("service-number-", i), "v1", t0) },
		"routes of a few services": func(r *reduce.Reducer, i int) {
			sender := r.Sender(reduce.Resource{Service: fmt.Sprint("service-", i/16), Version: "v1"})
			for bucket := range int64(3) {
				for n := range int64(5) {
					at := t0 + bucket*10*sec
					sender.Span(&reduce.Span{Kind: reduce.SpanServer, Start: at - n*n*ms, End: at, Route: fmt.Sprint("/route/", i%16)})
				}
			}
		},
		"cumulative histograms": func(r *reduce.Reducer, i int) {
			sender := r.Sender(reduce.Resource{Service: "checkout", Instance: fmt.Sprint(i)})
			reader := sender.Metric(reduce.Metric{Name: "http.server.request.duration", Unit: "s", Type: reduce.HistogramMetric})
			reader.Point(&reduce.Point{
				Start: t0, Time: t0 + sec, Count: 10, Bounds: make([]float64, 14), Buckets: make([]uint64, 15),
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			const bytes = 40 << 20
			r := reduce.New(reduce.Options{})
			before := heap()
			r.Resize(bytes)
			for i := range 60_000 {
				fill(r, i)
			}
			took := heap() - before
			require.Less(t, took, int64(bytes), "a kind of bomb stays within what all may take")
			t.Logf("%d of %d bytes, %v", took, bytes, r.Use())
			runtime.KeepAlive(r)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTooManyVersionsCountAsNone(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for i := range 200 {
		span(r, "checkout", fmt.Sprint("v", i), t0)
	}
	versions := map[string]int64{}
	cells, lost := taken(r)
	for _, m := range cells {
		versions[m.Version] += m.Requests
	}
	require.Equal(t, map[string]int64{"checkout versions": 200 - 64}, lost)
	require.Len(t, versions, 65)
	require.EqualValues(t, 200-64, versions[""])
}

func TestTooManyExceptionTypesShareOneName(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	overflow := 0
	for i := range 60 {
		record := reduce.Log{Time: t0, Severity: 17, Exception: fmt.Sprint("E", i)}
		if sender.Log(&record) == reduce.Overflow {
			overflow++
		}
	}
	types := map[string]int64{}
	for _, m := range r.Drain() {
		if m.Kind == correlate.Exception {
			types[m.Name] += m.Errors
		}
	}
	require.Len(t, types, 51)
	require.EqualValues(t, 10, types["__other__"])
	require.Equal(t, 10, overflow)
}

func TestTooManyCalleesShareOneName(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(checkout())
	for i := range 600 {
		s := reduce.Span{Kind: reduce.SpanClient, ID: [8]byte{byte(i), byte(i >> 8)}, End: t0, PeerService: fmt.Sprint("p", i)}
		sender.Span(&s)
	}
	peers := map[string]int64{}
	for _, m := range r.Drain() {
		peers[m.Peer] += m.Requests
	}
	require.Len(t, peers, 501)
	require.EqualValues(t, 100, peers["__other__"])
}

func TestCellsBetweenTwoDrainsAreBounded(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 10, Now: func() time.Time { return time.Unix(epoch, 0) }})
	counts := reduce.Counts{}
	for i := range int64(100) {
		counts[span(r, "checkout", "", t0-i*3600*sec)]++
	}
	require.Equal(t, reduce.Counts{reduce.Accepted: 40, reduce.Overflow: 60}, counts)
	cells, lost := taken(r)
	require.Len(t, cells, 40)
	require.Equal(t, map[string]int64{"checkout buckets": 60}, lost)
	require.Equal(t, reduce.Accepted, span(r, "checkout", "", t0-100*3600*sec))
	require.Len(t, r.Drain(), 1)
}

func TestIdleSeriesMakeRoom(t *testing.T) {
	r := reduce.New(reduce.Options{MaxSeries: 10})
	for i := range 10 {
		span(r, fmt.Sprint("old-", i), "", t0)
	}
	require.Equal(t, reduce.Overflow, spanOverflow(r, "new", t0))
	r.Drain()
	span(r, "old-0", "", t0+2*3600*sec)
	require.Len(t, r.Drain(), 1)
	span(r, "new", "", t0+2*3600*sec)
	require.Equal(t, "new", only(t, r).Service)
}

// spanOverflow tells whether a span was counted under the service that others share.
func spanOverflow(r *reduce.Reducer, service string, end int64) reduce.Result {
	span(r, service, "", end)
	for _, m := range r.Drain() {
		if m.Service == "__overflow__" {
			return reduce.Overflow
		}
	}
	return reduce.Accepted
}

func TestLongNamesAreClippedAtARune(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span(r, strings.Repeat("ä", 150), "\xff1", t0)
	m := only(t, r)
	require.Equal(t, strings.Repeat("ä", 100), m.Service)
	require.Equal(t, "1", m.Version)
	span(r, "a"+strings.Repeat("ä", 150), "", t0)
	m = only(t, r)
	require.Len(t, m.Service, 199)
	require.True(t, utf8.ValidString(m.Service))
}
