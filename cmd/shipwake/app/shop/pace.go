package shop

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Pace is how well the shop keeps up with its own clock. It doesn't when the machine is short of CPU: for the shop, or
// for whoever takes in its telemetry.
type Pace struct {
	Due   int64         // requests that should have been reported by now
	Kept  int64         // those that were, within two seconds of their end by the shop's clock
	Worst time.Duration // the longest that one took
}

// inTime is how long after its end a request may be reported. An instance reports every half second; what takes much
// longer may come too late for the look at its seconds.
const inTime = 2 * time.Second

// Share is the part of the requests that was reported in time, 0 to 1; 1 when none was due.
func (p Pace) Share() float64 {
	if p.Due == 0 {
		return 1
	}
	return float64(p.Kept) / float64(p.Due)
}

// Since is the pace after an earlier one. Worst stays that of the whole time.
func (p Pace) Since(earlier Pace) Pace {
	return Pace{Due: p.Due - earlier.Due, Kept: p.Kept - earlier.Kept, Worst: p.Worst}
}

// pacer counts requests for a Pace.
type pacer struct {
	mu   sync.Mutex
	pace Pace
}

// reported counts a request that was reported so long after its end.
func (p *pacer) reported(after time.Duration) { p.count(after, after <= inTime) }

// lost counts a request that was dropped, or whose report was, when it was so late.
func (p *pacer) lost(after time.Duration) { p.count(after, false) }

func (p *pacer) count(after time.Duration, kept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.Due++
	p.pace.Worst = max(p.pace.Worst, after)
	if kept {
		p.pace.Kept++
	}
}

func (p *pacer) now() Pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pace
}

// timed is an exporter of spans that counts when they have arrived.
type timed struct {
	sdktrace.SpanExporter
	pacer *pacer
}

func (e timed) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	for _, s := range spans {
		if after := time.Since(s.EndTime()); err == nil {
			e.pacer.reported(after)
		} else {
			e.pacer.lost(after)
		}
	}
	return err
}
