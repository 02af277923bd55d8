// Package changelog answers: how does a fact travel through a Collector pipeline?
//
// As log records, in semantic-convention names, so that any log backend can read them as well. One delivery is one
// ResourceLogs: a record "shipwake.delivery" whose body is the bytes as they came, followed by one record
// "shipwake.change" or "shipwake.incident" for each fact. A position is a ResourceLogs of its own. What ToLogs wrote,
// FromLogs reads back whole: every field survives.
//
// A record "shipwake.change" or "shipwake.incident" without a delivery record is a fact that somebody reported by
// OTLP; see FromLogs.
package changelog

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// ToLogs turns deliveries, and the position that moves with them, into log records.
func ToLogs(deliveries []correlate.Delivery, move *correlate.Position) plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().EnsureCapacity(len(deliveries) + 1)
	for _, d := range deliveries {
		records := newResource(logs)
		writeDelivery(records.AppendEmpty(), d)
		for _, f := range d.Facts {
			writeFact(records.AppendEmpty(), f, d.ReceivedAt)
		}
	}
	if move != nil {
		writePosition(newResource(logs).AppendEmpty(), *move)
	}
	return logs
}

// Holds tells whether FromLogs would find anything of ours, without decoding it.
func Holds(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if ours(eventName(record)) {
					return true
				}
			}
		}
	}
	return false
}

// FromLogs reads deliveries and the position back, and counts the rest: records that are no business of ours. Nothing
// of the logs is kept.
//
// A change or an incident without a delivery record becomes a delivery of its own from SourceOTLP, now received: its
// raw form is the record as OTLP/JSON, its id is taken from shipwake.delivery.id or is a digest of the record. What
// the record doesn't say of service, version and environment is taken from the resource, and its time from the
// record's timestamp. One that is not a valid fact is a delivery with a Problem, never an error.
//
// An error means that what our own receivers wrote was damaged on the way: trying again won't help.
func FromLogs(logs plog.Logs) (deliveries []correlate.Delivery, move *correlate.Position, rest int, err error) {
	return fromLogs(logs, time.Now())
}

func fromLogs(logs plog.Logs, now time.Time) ([]correlate.Delivery, *correlate.Position, int, error) {
	r := reader{now: now}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			if err := r.scope(resource.Resource(), scope.LogRecords()); err != nil {
				return nil, nil, 0, err
			}
		}
	}
	return r.deliveries, r.move, r.rest, nil
}

// reader collects what a plog.Logs holds.
type reader struct {
	now        time.Time
	deliveries []correlate.Delivery
	move       *correlate.Position
	rest       int
}

// scope reads one list of records: a delivery record is followed by as many facts as it says.
func (r *reader) scope(resource pcommon.Resource, records plog.LogRecordSlice) error {
	for i := 0; i < records.Len(); i++ {
		record := records.At(i)
		switch eventName(record) {
		case EventDelivery:
			d, n, err := readDelivery(record)
			if err != nil {
				return err
			}
			if d.Facts, err = readFacts(records, i+1, n); err != nil {
				return err
			}
			i += n
			r.deliveries = append(r.deliveries, d)
		case EventPosition:
			move, err := readPosition(record)
			if err != nil {
				return err
			}
			r.move = &move
		case EventChange, EventIncident:
			r.deliveries = append(r.deliveries, readReported(resource, record, r.now))
		default:
			r.rest++
		}
	}
	return nil
}

func readFacts(records plog.LogRecordSlice, from, n int) ([]correlate.Fact, error) {
	if n < 0 || n > records.Len()-from {
		return nil, fmt.Errorf("a %s announces %d facts and %d records follow; "+
			"keep processors that split or batch out of this pipeline", EventDelivery, n, records.Len()-from)
	}
	var facts []correlate.Fact
	for i := from; i < from+n; i++ {
		f, err := readFact(records.At(i))
		if err != nil {
			return nil, err
		}
		if err := f.Validate(); err != nil {
			return nil, fmt.Errorf("a fact of a %s: %w", EventDelivery, err)
		}
		facts = append(facts, f)
	}
	return facts, nil
}

func newResource(logs plog.Logs) plog.LogRecordSlice {
	scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	scope.Scope().SetName("github.com/shipwake/shipwake/collector/changelog")
	return scope.LogRecords()
}

func eventName(record plog.LogRecord) string {
	if name := record.EventName(); name != "" {
		return name
	}
	if name, ok := record.Attributes().Get(attrEventName); ok && name.Type() == pcommon.ValueTypeStr {
		return name.Str()
	}
	return ""
}

func ours(event string) bool {
	return event == EventDelivery || event == EventChange || event == EventIncident || event == EventPosition
}
