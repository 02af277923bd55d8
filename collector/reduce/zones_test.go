package reduce_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// in is a checkout pod somewhere.
func in(l reduce.Location) reduce.Resource {
	r := checkout()
	r.Location = l
	return r
}

func zone(name string) reduce.Location { return reduce.Location{Zone: name} }

// byZone is the requests of each zone that a reducer holds, by instrumentation; Traffic is under "".
func byZone(r *reduce.Reducer, origin correlate.Origin) map[string]int64 {
	counted := map[string]int64{}
	for _, m := range r.Drain() {
		if m.Origin == origin {
			counted[m.Name] += m.Requests
		}
	}
	return counted
}

func TestRequestsAreCountedByZone(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span := server(20 * time.Millisecond)
	for range 2 {
		for _, where := range []reduce.Location{
			zone("eu-1a"), {Cluster: "blue"}, {Zone: "eu-1a", Cluster: "green", Region: "eu"}, {Region: "us"}, {},
		} {
			sender := r.Sender(in(where))
			require.Equal(t, reduce.Accepted, sender.Span(&span))
		}
	}
	require.Equal(t, map[string]int64{"": 10, "eu-1a": 3, "blue": 2, "us": 2}, byZone(r, correlate.OriginSpan), "from the second zone on")

	failed := server(time.Second)
	failed.Failed = true
	sender := r.Sender(in(zone("eu-1a")))
	sender.Span(&failed)
	got := r.Drain()
	require.Len(t, got, 2)
	want := traffic(correlate.OriginSpan, 1, 1, at(time.Second, 1))
	require.Equal(t, want, got[0])
	want.Kind, want.Name = correlate.Zone, "eu-1a"
	require.Equal(t, want, got[1])
}

func TestAServiceInOneZoneCountsNone(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span := server(20 * time.Millisecond)
	for range 3 {
		sender := r.Sender(in(zone("eu-1a")))
		sender.Span(&span)
	}
	other := in(zone("eu-1b"))
	other.Service = "cart"
	sender := r.Sender(other)
	sender.Span(&span)
	require.Equal(t, map[string]int64{"": 4}, byZone(r, correlate.OriginSpan))
}

func TestZonesOfAServiceAreBounded(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span := server(20 * time.Millisecond)
	for range 2 {
		for i := range 3 * correlate.MaxZones {
			sender := r.Sender(in(zone(fmt.Sprint("zone-", i))))
			require.Equal(t, reduce.Accepted, sender.Span(&span))
		}
	}
	counted := byZone(r, correlate.OriginSpan)
	require.Len(t, counted, 1+correlate.MaxZones)
	require.Equal(t, int64(6*correlate.MaxZones), counted[""])

	full := reduce.New(reduce.Options{MaxSeries: 2})
	results := map[reduce.Result]int{}
	for i := range 4 {
		sender := full.Sender(in(zone(fmt.Sprint("zone-", i))))
		results[sender.Span(&span)]++
	}
	require.Equal(t, map[string]int64{"": 4, "zone-1": 1}, byZone(full, correlate.OriginSpan))
	require.Equal(t, map[reduce.Result]int{reduce.Accepted: 2, reduce.Overflow: 2}, results)
}

func TestAZoneThatIsLeftIsForgotten(t *testing.T) {
	r := reduce.New(reduce.Options{})
	visit := func(where string, hours int64) {
		span := server(20 * time.Millisecond)
		span.Start, span.End = span.Start+hours*3600*sec, span.End+hours*3600*sec
		sender := r.Sender(in(zone(where)))
		sender.Span(&span)
		r.Drain()
	}
	visit("eu-1a", 0)
	visit("eu-1b", 0)
	for hours := range int64(10) {
		visit("eu-1b", hours)
	}
	span := server(20 * time.Millisecond)
	sender := r.Sender(in(zone("eu-1b")))
	sender.Span(&span)
	require.Equal(t, map[string]int64{"": 1}, byZone(r, correlate.OriginSpan))
}

func TestPointsAreCountedByZone(t *testing.T) {
	for name, c := range map[string]struct {
		metric     reduce.Metric
		origin     correlate.Origin
		attributes []reduce.Attribute
		want       map[string]int64
	}{
		"of the sender":      {deltaHistogram("http.server.request.duration", "s"), correlate.OriginServerMetric, nil, map[string]int64{"": 6, "eu-1a": 2, "eu-1b": 2}},
		"of a server's RPCs": {deltaHistogram("rpc.server.duration", "ms"), correlate.OriginRPCMetric, nil, map[string]int64{"": 6, "eu-1a": 2, "eu-1b": 2}},
		"of the point": {
			deltaHistogram("http.server.request.duration", "s"), correlate.OriginServerMetric,
			[]reduce.Attribute{str("cloud_availability_zone", "us-1")}, map[string]int64{"": 6, "us-1": 6},
		},
		"but not of a connector that counts for another service": {
			deltaHistogram("http.server.request.duration", "s"), correlate.OriginServerMetric,
			[]reduce.Attribute{str("service.name", "cart")}, map[string]int64{"": 6},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			for _, where := range []string{"eu-1a", "eu-1b", "eu-1b"} {
				span := server(time.Millisecond)
				sender := r.Sender(in(zone(where)))
				sender.Span(&span)
			}
			for _, where := range []string{"eu-1a", "eu-1b", ""} {
				sender := r.Sender(in(zone(where)))
				reader := sender.Metric(c.metric)
				reader.Point(&reduce.Point{Time: t0 + sec, Count: 2, Buckets: []uint64{2, 0}, Bounds: []float64{1}, Attributes: c.attributes})
			}
			require.Equal(t, c.want, byZone(r, c.origin))
		})
	}
}

func TestASpanInAZoneAllocatesNothing(t *testing.T) {
	r := reduce.New(reduce.Options{})
	span := server(20 * time.Millisecond)
	a, b := r.Sender(in(zone("eu-1a"))), r.Sender(in(zone("eu-1b")))
	a.Span(&span)
	b = r.Sender(in(zone("eu-1b")))
	b.Span(&span)
	require.Zero(t, testing.AllocsPerRun(100, func() { b.Span(&span) }))
	batch := in(zone("eu-1b"))
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Sender(batch) }))
}

func BenchmarkServerSpanInAZone(b *testing.B) {
	r := reduce.New(reduce.Options{})
	r.Sender(in(zone("eu-1a")))
	sender := r.Sender(in(zone("eu-1b")))
	s := server(0)
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		i++
		s.Start = s.End - (i%50+1)*ms
		sender.Span(&s)
	}
}
