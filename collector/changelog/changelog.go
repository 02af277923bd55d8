// Package changelog answers: how is a fact told as a log record?
//
// In semantic-convention names, so that any log backend can read it as well: a record "shipwake.change" or
// "shipwake.incident" whose attributes are the fact. WriteFact writes one, Read finds those that came by OTLP; every field
// survives. WriteVerdict tells a verdict in the same way.
//
// # Who may say what
//
// Anybody who reaches the OTLP port may report a change or an incident as a log record, and processors of the pipeline may
// alter it as they may alter every record. It becomes a delivery of the source "otlp", whatever it says of its source: its
// body is the record as OTLP/JSON, and Project reads the fact from that. Nothing else in a log record is a fact: what
// other sources deliver never travels as log records, and a record that pretends to is left out and counted.
package changelog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// maxReported bounds the raw form of a reported change or incident, in bytes; one takes about a kilobyte.
const maxReported = 256 << 10

// Reported is what log records report.
type Reported struct {
	Entries []correlate.Entry // a delivery each
	Rest    int               // records that are no business of ours
	// Rejected counts the records left out, because they aren't for a log record to say or are too large to be a change or
	// an incident; Why says what was wrong with the first.
	Rejected int
	Why      error
}

// Holds tells whether Read would find anything of ours, without decoding it.
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

// Read finds the changes and incidents among log records, received at an instant. The id of a delivery is taken from
// shipwake.delivery.id or is a digest of the record. One that is not a valid fact is a delivery with a Problem. Facts dated
// in the future are among them. Nothing of the logs is kept.
func Read(logs plog.Logs, now time.Time) Reported {
	var found Reported
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				found.record(resource.Resource(), record, now)
			}
		}
	}
	return found
}

func (r *Reported) record(resource pcommon.Resource, record plog.LogRecord, now time.Time) {
	switch event := eventName(record); event {
	case EventChange, EventIncident:
		raw, err := rawOf(resource, record, now)
		if err != nil {
			r.reject(err)
			return
		}
		r.Entries = append(r.Entries, correlate.Entry{Raw: raw, Projection: Project(raw)})
	case EventDelivery, EventPosition:
		r.reject(errors.New("a " + event + " is not for a log record to say: deliveries come in by the receiver of their source"))
	default:
		r.Rest++
	}
}

func (r *Reported) reject(why error) {
	r.Rejected++
	if r.Why == nil {
		r.Why = why
	}
}

// rawOf is a record as a delivery. An error means that it is too large to be kept.
func rawOf(resource pcommon.Resource, record plog.LogRecord, now time.Time) (correlate.Raw, error) {
	raw := correlate.Raw{Source: SourceOTLP, ReceivedAt: now.UTC(), Body: rawRecord(resource, record)}
	if len(raw.Body) > maxReported {
		return raw, fmt.Errorf("a %s record of %d bytes; it may have at most %d", eventName(record), len(raw.Body), maxReported)
	}
	r := attributes{m: record.Attributes()}
	if raw.ID = r.text(attrDeliveryID); raw.ID == "" {
		sum := sha256.Sum256(raw.Body)
		raw.ID = "sha256:" + hex.EncodeToString(sum[:])
	}
	return raw, nil
}

// rawRecord is the record with its resource as OTLP/JSON: what there is of a message's bytes after a pipeline.
func rawRecord(resource pcommon.Resource, record plog.LogRecord) []byte {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	resource.CopyTo(rl.Resource())
	record.CopyTo(rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	raw, err := new(plog.JSONMarshaler).MarshalLogs(logs)
	if err != nil {
		return nil
	}
	return raw
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
