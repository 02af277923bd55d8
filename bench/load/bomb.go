package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Bomb is server spans of made-up names: every span has an operation of its own, and the services are as many. A part of
// the spans is of services that are known.
type Bomb struct {
	Services   int
	Operations int
	Known      []string // their services; every tenth span is theirs
}

// bundle is how many services are in one request.
const bundle = 100

// Burst counts what was sent.
type Burst struct {
	Spans   int64
	Known   map[string]int64 // spans of each known service
	Refused int64
	Took    time.Duration
}

// Send sends the whole bomb as fast as it is taken, each span as of now.
func (b Bomb) Send(ctx context.Context, s *Sender) (Burst, error) {
	began := time.Now()
	each := max(1, b.Operations/b.Services) // spans of a service
	var next, refused, spans atomic.Int64
	var mu sync.Mutex
	sent := Burst{Known: map[string]int64{}}
	var running sync.WaitGroup
	errs := make([]error, len(s.connections))
	for c := range s.connections {
		running.Go(func() {
			known := map[string]int64{}
			for errs[c] == nil {
				from := int(next.Add(bundle)) - bundle
				if from >= b.Services {
					break
				}
				body, n, err := b.request(from, min(from+bundle, b.Services), each, known)
				if err != nil {
					errs[c] = err
					break
				}
				again, err := s.export(ctx, c, tracesMethod, body)
				errs[c] = err
				refused.Add(int64(again))
				spans.Add(n)
			}
			mu.Lock()
			defer mu.Unlock()
			for name, n := range known {
				sent.Known[name] += n
			}
		})
	}
	running.Wait()
	sent.Spans, sent.Refused, sent.Took = spans.Load(), refused.Load(), time.Since(began)
	return sent, errors.Join(errs...)
}

// request is the spans of some of the services.
func (b Bomb) request(from, to, each int, known map[string]int64) ([]byte, int64, error) {
	batch := ptrace.NewTraces()
	now := pcommon.NewTimestampFromTime(time.Now())
	n := int64(0)
	for i := from; i < to; i++ {
		name, version := fmt.Sprintf("made-up-service-number-%d", i), "1.0.0"
		if i%10 == 9 && len(b.Known) > 0 {
			name, version = b.Known[i/10%len(b.Known)], ""
			known[name] += int64(each)
		}
		resource := batch.ResourceSpans().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", name)
		if version != "" {
			resource.Resource().Attributes().PutStr("service.version", version)
		}
		spans := resource.ScopeSpans().AppendEmpty().Spans()
		for o := range each {
			serverSpan(spans.AppendEmpty(), fmt.Sprintf("GET /made-up/operation/%d", i*each+o), now)
			n++
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(batch).MarshalProto()
	return body, n, err
}

func serverSpan(span ptrace.Span, name string, end pcommon.Timestamp) {
	span.SetKind(ptrace.SpanKindServer)
	span.SetName(name)
	span.SetStartTimestamp(end - 5e6)
	span.SetEndTimestamp(end)
}

// Steady sends so many spans of each service, of a few operations, as of now.
func (s *Sender) Steady(ctx context.Context, services []string, each int) error {
	batch := ptrace.NewTraces()
	now := pcommon.NewTimestampFromTime(time.Now())
	for _, name := range services {
		resource := batch.ResourceSpans().AppendEmpty()
		resource.Resource().Attributes().PutStr("service.name", name)
		spans := resource.ScopeSpans().AppendEmpty().Spans()
		for i := range each {
			serverSpan(spans.AppendEmpty(), fmt.Sprintf("GET /part/%d", i%8), now)
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(batch).MarshalProto()
	if err != nil {
		return err
	}
	refused, err := s.export(ctx, 0, tracesMethod, body)
	s.Refused += refused
	return err
}
