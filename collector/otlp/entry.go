package otlp

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"google.golang.org/grpc/status"

	"github.com/shipwake/shipwake/collector/admission"
	"github.com/shipwake/shipwake/correlate"
)

// entry is the way of a request from its bytes to what follows the receiver.
type entry struct {
	budget *admission.Budget
	gate   *admission.Gate
	tally  *correlate.Tally
	share  int64 // of the budget that one request may take when it is decoded; 0 is half
}

// received is a request as it came.
type received struct {
	wire     []byte
	encoding string // "" for none
	json     bool
	limit    int64 // of its bytes when decompressed
}

// take lets a request in and hands it on. The grant holds the room of what was received, and of all that is made of it
// until what follows has returned.
func (e *entry) take(ctx context.Context, s *signal, r received, room *admission.Grant, report *receiverhelper.ObsReport) error {
	next, err := e.open(ctx, s, &r, room)
	if err != nil || next == nil {
		return err
	}
	if err := next(ctx, report); err != nil {
		return &refusedBehind{err}
	}
	return nil
}

// open decompresses, checks and reads a request: by a walk where that is enough, else by decoding it.
func (e *entry) open(ctx context.Context, s *signal, r *received, room *admission.Grant) (batch, error) {
	if err := e.gate.Enter(ctx); err != nil {
		return nil, err
	}
	defer e.gate.Leave()
	body, err := room.Decompress(r.encoding, r.wire, r.limit)
	if err != nil {
		return nil, err
	}
	if r.json || s.end == nil {
		return e.decode(s, body, r.json, room)
	}
	if limit := e.perRequest(); !admission.Within(body, s.request, limit) {
		if _, err := admission.Proto(body, s.request, limit); err != nil {
			return nil, err
		}
	}
	if next, ok, err := s.walk(body, room); ok || err != nil {
		return next, err
	}
	return e.decode(s, body, false, room)
}

// decode checks what decoding a request takes before it does.
func (e *entry) decode(s *signal, body []byte, json bool, room *admission.Grant) (batch, error) {
	check := admission.Proto
	if json {
		check = admission.JSON
	}
	cost, err := check(body, s.request, e.perRequest())
	if err != nil {
		return nil, err
	}
	if err := room.Take(cost); err != nil {
		return nil, err
	}
	request, err := s.decode(body, json)
	if err != nil {
		return nil, &admission.Refusal{Reason: admission.Malformed, Text: "the request is not an OTLP message: " + undecoded(err)}
	}
	return s.batch(request), nil
}

func (e *entry) perRequest() int64 {
	if e.share > 0 {
		return min(e.share, e.budget.Size())
	}
	return e.budget.Size() / 2
}

// refusedBehind is an error of what follows the receiver.
type refusedBehind struct{ error }

func (r *refusedBehind) Unwrap() error { return r.error }

// The results that are counted beside the reasons of refusals.
const (
	accepted    = "accepted"
	unavailable = "unavailable"
	failed      = "error"

	connections = "connections" // in the place of a signal: those that were closed at once
)

// count counts what became of a request, once for each. One whose sender went away isn't counted.
func (e *entry) count(signal string, err error) {
	result := resultOf(err)
	if result == "" {
		return
	}
	e.tally.Add(correlate.Count{What: "otlp", Source: signal, Result: result}, 1)
	if lost := lostBy(admission.Reason(result)); lost != "" {
		e.tally.Refuse(signal, lost, 1)
	}
}

// lostBy is what a refusal means for verdicts: that something may come later than it should, that something doesn't come
// although it was sent, or nothing, since what can't be read was nobody's telemetry.
func lostBy(reason admission.Reason) string {
	switch reason {
	case admission.Busy, admission.TooSlow:
		return correlate.LostShed
	case admission.TooLarge, admission.TooCostly:
		return correlate.LostRefused
	}
	return ""
}

func resultOf(err error) string {
	if err == nil {
		return accepted
	}
	var refusal *admission.Refusal
	var behind *refusedBehind
	switch {
	case errors.As(err, &refusal):
		return string(refusal.Reason)
	case !errors.As(err, &behind):
		return ""
	case lasting(behind):
		return failed
	}
	return unavailable
}

// lasting: sending it again would be no use.
func lasting(err error) bool {
	if s, ok := status.FromError(err); ok {
		return !retryable(s)
	}
	return consumererror.IsPermanent(err)
}

// countFromZero makes every counter exist, so that a rate over it sees the first increase.
func countFromZero(tally *correlate.Tally) {
	results := []string{accepted, unavailable, failed}
	for _, reason := range admission.Reasons() {
		results = append(results, string(reason))
	}
	for _, signal := range []pipeline.Signal{pipeline.SignalTraces, pipeline.SignalMetrics, pipeline.SignalLogs} {
		for _, result := range results {
			tally.Add(correlate.Count{What: "otlp", Source: signal.String(), Result: result}, 0)
		}
	}
	tally.Add(correlate.Count{What: "otlp", Source: connections, Result: string(admission.Busy)}, 0)
}
