package changelog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// maxReported bounds the raw form of a reported change or incident, in bytes; one takes about a kilobyte.
const maxReported = 256 << 10

// Again reads a delivery of SourceOTLP that was kept, as FromLogs would read the record now. Facts may be dated in the
// future.
func Again(d correlate.Delivery) correlate.Delivery {
	d.Facts, d.Problem = nil, "unmapped: the record that was kept can't be read"
	logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(d.Raw)
	if err != nil || logs.LogRecordCount() != 1 {
		return d
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				d.Problem = ""
				d = mapped(d, resource.Resource(), record, attributes{m: record.Attributes(), foreign: true})
			}
		}
	}
	return d
}

// readReported makes a delivery of a change or an incident that somebody reported as an ordinary log record. An error
// means that the record is too large to be kept.
func readReported(resource pcommon.Resource, record plog.LogRecord, now time.Time) (correlate.Delivery, error) {
	d := correlate.Delivery{
		Source:      SourceOTLP,
		ReceivedAt:  now.UTC(),
		ContentType: "application/json",
		Event:       eventName(record),
		Raw:         rawRecord(resource, record),
	}
	if len(d.Raw) > maxReported {
		return d, fmt.Errorf("a %s record of %d bytes; it may have at most %d", d.Event, len(d.Raw), maxReported)
	}
	r := attributes{m: record.Attributes(), foreign: true}
	if d.ID = r.text(attrDeliveryID); d.ID == "" {
		sum := sha256.Sum256(d.Raw)
		d.ID = "sha256:" + hex.EncodeToString(sum[:])
	}
	return mapped(d, resource, record, r).HoldFuture(), nil
}

// mapped reads the fact of a record, or says in the delivery's Problem why there is none.
func mapped(d correlate.Delivery, resource pcommon.Resource, record plog.LogRecord, r attributes) correlate.Delivery {
	f, err := readFactFrom(record, r)
	if err == nil {
		f, err = completed(f, resource, record)
	}
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		d.Problem = "unmapped: " + err.Error()
		return d
	}
	d.Facts = []correlate.Fact{f}
	return d
}

// completed fills in from the resource and the record's time what its attributes don't say.
func completed(f correlate.Fact, resource pcommon.Resource, record plog.LogRecord) (correlate.Fact, error) {
	r := attributes{m: resource.Attributes(), foreign: true}
	at := recordTime(record)
	if c := f.Change; c != nil {
		c.Service = first(c.Service, r.text(attrService))
		c.Environment = first(c.Environment, r.text(attrEnvironment))
		if c.Version == "" && c.Service == r.text(attrService) {
			c.Version = r.text(attrVersion)
		}
		c.Source = SourceOTLP
		switch {
		case !c.StartedAt.IsZero() || !c.FinishedAt.IsZero():
		case c.Status == correlate.StatusStarted:
			c.StartedAt = at
		default:
			c.FinishedAt = at
		}
	}
	if i := f.Incident; i != nil {
		i.Service = first(i.Service, r.text(attrService))
		i.Environment = first(i.Environment, r.text(attrEnvironment))
		i.Source = SourceOTLP
		if i.OpenedAt.IsZero() {
			i.OpenedAt = at
		}
	}
	return f.WithDefaults(), r.wrapped("resource")
}

// recordTime is when the event happened, else when it was first seen; zero when the record says neither.
func recordTime(record plog.LogRecord) time.Time {
	for _, ts := range []pcommon.Timestamp{record.Timestamp(), record.ObservedTimestamp()} {
		if ts != 0 && ts <= math.MaxInt64 { // more is after the year 2262, which time.Time takes for before 1970
			return ts.AsTime()
		}
	}
	return time.Time{}
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

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
