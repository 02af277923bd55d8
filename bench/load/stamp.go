package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// kind is how a field changes from round to round.
type kind uint8

const (
	fixed      kind = iota
	event           // a time, as far from the round's as it was from origin
	since           // the event time of the round before
	born            // when the process began
	traceID         // begins with the round
	total           // a count that grows by its first value in every round
	totalFloat      // the same as a double
)

// stamp is eight bytes of a request that change.
type stamp struct {
	kind  kind
	at    int
	first uint64
}

// field says what of a message changes: something in the message that the field holds, or the field itself.
type field struct {
	inside message
	kind   kind
}

type message map[protowire.Number]field

// The fields that change, by their numbers in opentelemetry-proto.
var (
	exportTraces = within(message{2: {inside: message{ // scope_spans: spans
		1:  {kind: traceID},
		7:  {kind: event},                       // start_time_unix_nano
		8:  {kind: event},                       // end_time_unix_nano
		11: {inside: message{1: {kind: event}}}, // events: time_unix_nano
	}}})
	exportDelta       = histograms(9, message{2: {kind: since}, 3: {kind: event}})
	exportExponential = histograms(10, message{2: {kind: since}, 3: {kind: event}})
	exportCumulative  = histograms(9, message{
		2: {kind: born}, 3: {kind: event}, // start_time_unix_nano, time_unix_nano
		4: {kind: total}, 5: {kind: totalFloat}, 6: {kind: total}, // count, sum, bucket_counts
	})
)

// within is an export request of resources with scopes.
func within(scope message) message { return message{1: {inside: message{2: {inside: scope}}}} }

// histograms is an export request of histograms with such points, which are in a field of their metric.
func histograms(kind protowire.Number, point message) message {
	return within(message{2: {inside: message{kind: {inside: message{1: {inside: point}}}}}})
}

// newRequest finds the bytes of an encoded request that change.
func newRequest(body []byte, schema message) (*Request, error) {
	r := &Request{body: body}
	if err := r.find(0, len(body), schema); err != nil {
		return nil, fmt.Errorf("reading back an encoded request: %w", err)
	}
	return r, nil
}

// find walks the message between two places of the body.
func (r *Request) find(at, end int, schema message) error {
	for at < end {
		number, wire, n := protowire.ConsumeTag(r.body[at:end])
		if n < 0 {
			return protowire.ParseError(n)
		}
		at += n
		size := protowire.ConsumeFieldValue(number, wire, r.body[at:end])
		if size < 0 {
			return protowire.ParseError(size)
		}
		if f, ok := schema[number]; ok {
			if err := r.take(f, wire, at, size); err != nil {
				return fmt.Errorf("field %d: %w", number, err)
			}
		}
		at += size
	}
	return nil
}

// take notes what changes in a field.
func (r *Request) take(f field, wire protowire.Type, at, size int) error {
	switch wire {
	case protowire.Fixed64Type:
		r.note(f.kind, at)
		return nil
	case protowire.BytesType:
		_, prefix := protowire.ConsumeVarint(r.body[at:])
		from, to := at+prefix, at+size
		switch {
		case f.inside != nil:
			return r.find(from, to, f.inside)
		case f.kind == traceID:
			r.note(f.kind, from)
			return nil
		case f.kind == total: // packed
			for ; from < to; from += 8 {
				r.note(f.kind, from)
			}
			return nil
		}
	}
	return errors.New("not of the type that the schema says")
}

func (r *Request) note(k kind, at int) {
	r.stamps = append(r.stamps, stamp{k, at, binary.LittleEndian.Uint64(r.body[at:])})
}

// interval is how long the first point of a delta stream lasted, and how old a process is at its first point.
const interval = 10 * time.Second

// Stamp makes the request the next one of its senders, at an event time later than before. The bytes are good until
// the next call.
func (r *Request) Stamp(at time.Time) []byte {
	if r.round == 0 {
		r.last = at.Add(-interval)
		r.born = r.last
	}
	r.round++
	shift := uint64(at.Sub(origin))
	for _, s := range r.stamps {
		binary.LittleEndian.PutUint64(r.body[s.at:], r.value(s, shift))
	}
	r.last = at
	return r.body
}

func (r *Request) value(s stamp, shift uint64) uint64 {
	switch s.kind {
	case event:
		return s.first + shift
	case since:
		return uint64(r.last.UnixNano())
	case born:
		return uint64(r.born.UnixNano())
	case traceID:
		return s.first + r.round
	case total:
		return s.first * r.round
	case totalFloat:
		return math.Float64bits(math.Float64frombits(s.first) * float64(r.round))
	}
	return s.first
}
