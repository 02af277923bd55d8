package reduce_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

func server(took time.Duration) reduce.Span {
	return reduce.Span{Kind: reduce.SpanServer, Start: t0 + sec - int64(took), End: t0 + sec}
}

func TestSpans(t *testing.T) {
	tests := map[string]struct {
		span   func(*reduce.Span)
		result reduce.Result
		want   []correlate.Measurement
	}{
		"a server span is a request with its latency": {
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, at(20*time.Millisecond, 1))},
		},
		"a consumer span is a request": {
			span: func(s *reduce.Span) { s.Kind = reduce.SpanConsumer },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, at(20*time.Millisecond, 1))},
		},
		"status Error is an error": {
			span: func(s *reduce.Span) { s.Failed = true },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 1, at(20*time.Millisecond, 1))},
		},
		"a 503 is an error even without the status": {
			span: func(s *reduce.Span) { s.Status.HTTP = 503 },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 1, at(20*time.Millisecond, 1))},
		},
		"a 404 is none, whatever the status": {
			span: func(s *reduce.Span) { s.Status.HTTP, s.Failed = 404, true },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, at(20*time.Millisecond, 1))},
		},
		"gRPC's NOT_FOUND is none, whatever the status": {
			span: func(s *reduce.Span) { s.Status.RPC, s.Status.HasRPC, s.Failed = 5, true, true },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, at(20*time.Millisecond, 1))},
		},
		"gRPC's INTERNAL is one even without the status": {
			span: func(s *reduce.Span) { s.Status.RPC, s.Status.HasRPC = 13, true },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 1, at(20*time.Millisecond, 1))},
		},
		"an answer that is OK by the protocol may still have failed": {
			span: func(s *reduce.Span) { s.Status.HTTP, s.Status.HasRPC, s.Failed = 200, true, true },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 1, at(20*time.Millisecond, 1))},
		},
		"a 404 is none": {
			span: func(s *reduce.Span) { s.Status.HTTP = 404 },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, at(20*time.Millisecond, 1))},
		},
		"a clock that stepped back makes no negative latency": {
			span: func(s *reduce.Span) { s.Start = s.End + sec },
			want: []correlate.Measurement{traffic(correlate.OriginSpan, 1, 0, correlate.Bin{Index: 0, Count: 1})},
		},
		"an internal span is ignored": {
			span:   func(s *reduce.Span) { s.Kind = reduce.SpanInternal },
			result: reduce.Ignored,
		},
		"an internal span's exception is not": {
			span: func(s *reduce.Span) { s.Kind, s.Exceptions = reduce.SpanInternal, []string{"java.io.IOException"} },
			want: []correlate.Measurement{{
				Key: correlate.Key{
					Service: "checkout", Environment: "staging", Version: "v2",
					Kind: correlate.Exception, Origin: correlate.OriginSpan, Name: "java.io.IOException",
				},
				Cell: correlate.Cell{Start: epoch, Errors: 1},
			}},
		},
		"a span that has not ended is unusable": {
			span:   func(s *reduce.Span) { s.End = 0 },
			result: reduce.Unusable,
		},
		"a time beyond 64 bits is unusable": {
			span:   func(s *reduce.Span) { s.End = -1 },
			result: reduce.Unusable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := reduce.New(reduce.Options{})
			span := server(20 * time.Millisecond)
			if test.span != nil {
				test.span(&span)
			}
			sender := r.Sender(checkout())
			require.Equal(t, test.result, sender.Span(&span))
			require.Equal(t, test.want, r.Drain())
			require.Empty(t, r.Drain())
		})
	}
}

func TestASpanWithoutAServiceIsUnusable(t *testing.T) {
	for _, name := range []string{"", "unknown_service", "unknown_service:java"} {
		r := reduce.New(reduce.Options{})
		sender := r.Sender(reduce.Resource{Service: name})
		span := server(time.Millisecond)
		require.Equal(t, reduce.Unusable, sender.Span(&span), name)
		require.Empty(t, r.Drain())
		require.Zero(t, r.Newest())
	}
}

func TestTheEnvironmentIsProductionUnlessSaid(t *testing.T) {
	r := reduce.New(reduce.Options{})
	sender := r.Sender(reduce.Resource{Service: "checkout"})
	span := server(time.Millisecond)
	sender.Span(&span)
	require.Equal(t, "production", only(t, r).Environment)
}

func TestASpanCountsInTheBucketOfItsEnd(t *testing.T) {
	r := reduce.New(reduce.Options{Resolution: 30 * time.Second})
	sender := r.Sender(checkout())
	for _, end := range []int64{0, 30*sec - 1, 30 * sec} {
		span := reduce.Span{Kind: reduce.SpanServer, Start: t0 - sec, End: t0 + end}
		sender.Span(&span)
	}
	drained := r.Drain()
	require.Len(t, drained, 2)
	require.EqualValues(t, []int64{epoch, 2, epoch + 30, 1},
		[]int64{drained[0].Start, drained[0].Requests, drained[1].Start, drained[1].Requests})
	require.Equal(t, t0+30*sec, r.Newest())
}

func TestTheFutureIsDroppedAndDoesNotMoveTheNewestTime(t *testing.T) {
	tally := &correlate.Tally{}
	r := reduce.New(reduce.Options{Tally: tally, Now: func() time.Time { return time.Unix(0, t0) }})
	sender := r.Sender(checkout())
	near := reduce.Span{Kind: reduce.SpanServer, End: t0 + 300*sec}
	far := reduce.Span{Kind: reduce.SpanServer, End: t0 + 300*sec + 1}
	require.Equal(t, reduce.Accepted, sender.Span(&near))
	require.Equal(t, reduce.Future, sender.Span(&far))
	require.Equal(t, near.End, r.Newest())
	require.Len(t, r.Drain(), 1)
	require.Zero(t, tallied(tally, "spans", "future"), "the counter is there before anything was counted")
	r.Count(reduce.Spans, reduce.Counts{reduce.Future: 1})
	require.EqualValues(t, 1, tallied(tally, "spans", "future"))
}
