package changelog

import (
	"errors"
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// Digest names the version of Project. It changes whenever Project reads something else from the same record.
const Digest = "otlp/2"

// Project reads a delivery of SourceOTLP. What the record doesn't say of service, version and environment is taken from
// the resource, and its time from the record's timestamp.
func Project(raw correlate.Raw) correlate.Projection {
	p := correlate.Projection{Digest: Digest}
	f, err := reportedFact(raw.Body)
	if err != nil {
		p.Problem = "unmapped: " + err.Error()
		return p
	}
	p.Facts = []correlate.Fact{f}
	return p
}

// reportedFact reads the fact of the one record in OTLP/JSON.
func reportedFact(body []byte) (correlate.Fact, error) {
	logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(body)
	if err != nil || logs.LogRecordCount() != 1 {
		return correlate.Fact{}, errors.New("the record that was kept can't be read: it must be one log record as OTLP/JSON")
	}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				return factOf(resource.Resource(), record)
			}
		}
	}
	return correlate.Fact{}, nil
}

func factOf(resource pcommon.Resource, record plog.LogRecord) (correlate.Fact, error) {
	f, err := readFact(record, attributes{m: record.Attributes()})
	if err != nil {
		return f, err
	}
	if f, err = completed(f, resource, record); err != nil {
		return f, err
	}
	return f, f.Validate()
}

// completed fills in from the resource and the record's time what its attributes don't say.
func completed(f correlate.Fact, resource pcommon.Resource, record plog.LogRecord) (correlate.Fact, error) {
	r := attributes{m: resource.Attributes()}
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
		if len(i.About()) == 0 {
			i.Service = r.text(attrService)
		}
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

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
