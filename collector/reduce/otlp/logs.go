package otlp

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/collector/reduce"
)

// factPrefix begins the event names of records that carry facts, which are nobody's log.
const factPrefix = "shipwake."

// Logs reduces all log records, except those that carry facts.
func Logs(r *reduce.Reducer, logs plog.Logs) {
	s := pool.Get().(*scratch)
	defer release(s)
	var counts reduce.Counts
	resources := logs.ResourceLogs()
	for i := range resources.Len() {
		scopes := resources.At(i).ScopeLogs()
		if !hasRecords(scopes) {
			continue
		}
		sender := r.Sender(resource(resources.At(i).Resource()))
		for j := range scopes.Len() {
			records := scopes.At(j).LogRecords()
			for k := range records.Len() {
				if s.readLog(records.At(k)) {
					counts[sender.Log(&s.log)]++
				}
			}
		}
	}
	r.Count(reduce.Logs, counts)
}

// hasRecords is false of a resource that says nothing.
func hasRecords(scopes plog.ScopeLogsSlice) bool {
	for _, scope := range scopes.All() {
		if scope.LogRecords().Len() > 0 {
			return true
		}
	}
	return false
}

// readLog is false for a fact.
func (s *scratch) readLog(l plog.LogRecord) bool {
	s.log = reduce.Log{
		Time:         nanos(cmp.Or(l.Timestamp(), l.ObservedTimestamp())),
		Severity:     int32(l.SeverityNumber()),
		SeverityText: l.SeverityText(),
	}
	event, template := l.EventName(), ""
	for key, value := range l.Attributes().All() {
		switch key {
		case "{OriginalFormat}", "message_template.text":
			template = text(value)
		case "exception.type":
			s.log.Exception = text(value)
		case "event.name":
			event = first(event, text(value))
		}
	}
	if s.log.Message = template; template == "" && l.Body().Type() == pcommon.ValueTypeStr {
		s.log.Message = l.Body().Str()
	}
	return !strings.HasPrefix(event, factPrefix)
}
