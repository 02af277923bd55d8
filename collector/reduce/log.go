package reduce

import (
	"strings"
	"unsafe"

	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/correlate"
)

// Log is what is read of one log record. Time is in Unix nanoseconds.
type Log struct {
	Time         int64 // the record's time, or else when it was observed
	Severity     int32 // severity number; 0 when unspecified
	SeverityText string
	Exception    string // exception.type
	// Message is the body, or what it was made from where the logger tells that, "" when it isn't text.
	Message string
}

// severityError is the lowest severity number of an error.
const severityError = 17

// Log counts a log record, and its exception.
func (s *Sender) Log(l *Log) Result {
	if s.scope == nil {
		return Unusable
	}
	if result := s.timely(l.Time); result != Accepted {
		return result
	}
	s.r.saw(l.Time)
	k := seriesKey{kind: correlate.Log, origin: correlate.OriginLog}
	cell, owner, result := s.r.open(s.scope, k, s.bucket(l.Time))
	if cell == nil {
		return result
	}
	cell.Requests++
	if l.failed() {
		cell.Errors++
	}
	owner.mu.Unlock()
	switch {
	case l.Exception != "":
		result = max(result, s.exception(correlate.OriginLog, l.Exception, l.Time))
	case l.Message != "" && l.failed():
		s.message(l)
	}
	return result
}

// message counts an error by what its message has in common with others. It is a part of what is counted already, so those
// beyond the bound of messages lose nothing.
func (s *Sender) message(l *Log) {
	s.template = convention.Template(append(s.template[:0], correlate.Message...), l.Message)
	if len(s.template) == len(correlate.Message) {
		return
	}
	k := seriesKey{kind: correlate.Exception, origin: correlate.OriginLog, name: clip(unsafe.String(&s.template[0], len(s.template)))}
	if cell, owner, _ := s.r.open(s.scope, k, s.bucket(l.Time)); cell != nil {
		cell.Errors++
		owner.mu.Unlock()
	}
}

func (l *Log) failed() bool {
	if l.Severity > 0 {
		return l.Severity >= severityError
	}
	for _, text := range []string{"ERROR", "ERR", "CRITICAL", "FATAL", "PANIC", "EMERGENCY", "ALERT"} {
		if strings.EqualFold(l.SeverityText, text) {
			return true
		}
	}
	return false
}
