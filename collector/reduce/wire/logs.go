package wire

import (
	"cmp"
	"strings"
	"sync"

	"github.com/shipwake/shipwake/collector/reduce"
)

// factPrefix begins the event names of records that carry facts.
const factPrefix = "shipwake."

// logBytes is what a record takes, in bytes.
const logBytes = 64

// Logs is the log records of one request, which carries no facts.
type Logs struct {
	purse
	logs   blocks[reduce.Log]
	groups []group
}

var (
	logsPool  = sync.Pool{New: func() any { return &Logs{} }}
	logBlocks pool[reduce.Log]
)

// NewLogs begins with no records. Release ends it.
func NewLogs(room Room) *Logs {
	b := logsPool.Get().(*Logs)
	b.purse = purse{room: room}
	return b
}

// Release ends the use of the records, and of the request that they are parts of.
func (b *Logs) Release() {
	b.logs.release(&logBlocks)
	b.purse = purse{}
	if cap(b.groups) > roomy {
		return
	}
	clear(b.groups)
	b.groups = b.groups[:0]
	logsPool.Put(b)
}

// Len is how many records there are.
func (b *Logs) Len() int { return b.logs.n }

// Reduce counts all records.
func (b *Logs) Reduce(r *reduce.Reducer) {
	var counts reduce.Counts
	from := 0
	for i := range b.groups {
		g := &b.groups[i]
		sender := r.Sender(*g.resource)
		for ; from < g.to; from++ {
			counts[sender.Log(b.logs.at(from))]++
		}
	}
	r.Count(reduce.Logs, counts)
}

// Walk collects the records of a request. It is false when the request is odd, or carries a fact, which needs more of it than
// is collected. The error is the Room's.
func (b *Logs) Walk(body []byte, known *Known) (bool, error) {
	ok := walk(body, known, b)
	return ok, b.err
}

func (b *Logs) scope(string) {}

// resource ends the records of a resource. One without any says nothing.
func (b *Logs) resource(of *reduce.Resource, _ int) bool {
	if b.logs.n == grouped(b.groups) {
		return true
	}
	b.groups = append(b.groups, group{of, b.logs.n})
	return b.pay(groupBytes)
}

// The tags of a record's fields.
const (
	logTime         = 1<<3 | wireFixed64
	logSeverity     = 2<<3 | wireVarint
	logSeverityText = 3<<3 | wireLength
	logBody         = 5<<3 | wireLength
	logAttribute    = 6<<3 | wireLength
	logDropped      = 7<<3 | wireVarint
	logFlags        = 8<<3 | wireFixed32
	logTrace        = 9<<3 | wireLength
	logSpan         = 10<<3 | wireLength
	logObserved     = 11<<3 | wireFixed64
	logEvent        = 12<<3 | wireLength
)

// record reads one log record.
func (b *Logs) record(lr []byte) bool {
	if b.logs.full() && !b.pay(perBlock*logBytes) {
		return false
	}
	w := logWalk{log: b.logs.add(&logBlocks)}
	*w.log = reduce.Log{}
	if !w.read(lr) {
		return false
	}
	w.log.Message = cmp.Or(w.template, w.log.Message)
	w.log.Time = int64(cmp.Or(w.time, w.observed))
	return !strings.HasPrefix(cmp.Or(w.event, w.eventName), factPrefix)
}

// logWalk is the walk over one record.
type logWalk struct {
	log              *reduce.Log
	time, observed   uint64
	event, eventName string // of the record, and by an attribute
	template         string // what the message was made from
}

func (w *logWalk) read(lr []byte) bool {
	for at := 0; at < len(lr); {
		tag := lr[at]
		at++
		var ok bool
		switch tag {
		case logTime:
			w.time, at, ok = fixed64(lr, at)
		case logObserved:
			w.observed, at, ok = fixed64(lr, at)
		case logSeverity:
			var v uint64
			v, at, ok = varint(lr, at)
			w.log.Severity = int32(v)
		case logDropped:
			_, at, ok = varint(lr, at)
		case logFlags:
			_, at, ok = fixed32(lr, at)
		default:
			var from int
			if from, at, ok = length(lr, at); ok {
				ok = w.part(tag, lr[from:at])
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

func (w *logWalk) part(tag byte, b []byte) bool {
	switch tag {
	case logSeverityText:
		w.log.SeverityText = str(b)
	case logEvent:
		w.event = str(b)
	case logAttribute:
		return w.attribute(b)
	case logBody:
		return w.body(b)
	case logTrace:
		return len(b) == 0 || len(b) == 16
	case logSpan:
		return len(b) == 0 || len(b) == 8
	default:
		return false
	}
	return true
}

// body is the message when it is text.
func (w *logWalk) body(b []byte) (ok bool) {
	if w.log.Message = ""; len(b) == 0 || b[0] != tagString {
		return sound(b)
	}
	w.log.Message, ok = text(b)
	return ok
}

func (w *logWalk) attribute(kv []byte) bool {
	key, value, ok := keyValue(kv)
	if !ok {
		return false
	}
	switch string(key) {
	case "{OriginalFormat}", "message_template.text":
		w.template, ok = text(value)
	case "exception.type":
		w.log.Exception, ok = text(value)
	case "event.name":
		var name string
		name, ok = text(value)
		w.eventName = cmp.Or(w.eventName, name)
	default:
		return sound(value)
	}
	return ok
}
