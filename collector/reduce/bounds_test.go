package reduce_test

import (
	"fmt"
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
	for _, m := range r.Drain() {
		services[m.Service] += m.Requests
	}
	require.EqualValues(t, 1002, services["known"])
	require.EqualValues(t, 901, services["__overflow__"])
	require.Len(t, services, 101)
}

func TestTooManyVersionsCountAsNone(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for i := range 200 {
		span(r, "checkout", fmt.Sprint("v", i), t0)
	}
	versions := map[string]int64{}
	for _, m := range r.Drain() {
		versions[m.Version] += m.Requests
	}
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
	require.Len(t, r.Drain(), 40)
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
