package wire

import (
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/convention"
)

// The tags of a span's fields.
const (
	spanTrace        = 1<<3 | wireLength
	spanID           = 2<<3 | wireLength
	spanState        = 3<<3 | wireLength
	spanParent       = 4<<3 | wireLength
	spanName         = 5<<3 | wireLength
	spanKind         = 6<<3 | wireVarint
	spanStart        = 7<<3 | wireFixed64
	spanEnd          = 8<<3 | wireFixed64
	spanAttribute    = 9<<3 | wireLength
	spanDroppedAttrs = 10<<3 | wireVarint
	spanEvent        = 11<<3 | wireLength
	spanDroppedEvent = 12<<3 | wireVarint
	spanLink         = 13<<3 | wireLength
	spanDroppedLinks = 14<<3 | wireVarint
	spanStatus       = 15<<3 | wireLength
	spanFlags        = 0x85 // 16<<3 | wireFixed32, in two bytes with the next
	spanFlagsNext    = 0x01
)

// record reads one span.
func (b *Spans) record(sp []byte) bool {
	s := b.add()
	if s == nil {
		return false
	}
	exceptions := len(b.exceptions)
	statuses := 0
	for at := 0; at < len(sp); {
		tag := sp[at]
		at++
		var ok bool
		if tag&7 != wireLength {
			if at, ok = spanNumber(s, tag, sp, at); !ok {
				return false
			}
			continue
		}
		part, next, ok := shortField(sp, at)
		if !ok {
			if part, next, ok = field(sp, at); !ok {
				return false
			}
		}
		at = next
		switch tag {
		case spanAttribute:
			ok = readAttribute(s, part)
		case spanTrace:
			ok = traceID(&s.TraceID, part)
		case spanID:
			ok = id(&s.ID, part)
		case spanParent:
			ok = id(&s.Parent, part)
		case spanName:
			s.Name = str(part)
		case spanEvent:
			ok = b.event(part)
		case spanStatus:
			statuses++
			ok = statuses == 1 && status(s, part)
		case spanLink:
			ok = check(part, linkMessage, 0)
		case spanState:
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	if n := len(b.exceptions); n > exceptions {
		s.Exceptions = b.exceptions[exceptions:n:n]
	}
	return true
}

// The bits of a span's flags by which its sender tells whether the parent is of another process.
const (
	flagKnowsRemote = 0x100
	flagRemote      = 0x200
)

// spanNumber reads a field that is no text or message, and returns where the next one begins.
func spanNumber(s *reduce.Span, tag byte, sp []byte, at int) (next int, ok bool) {
	switch tag {
	case spanStart, spanEnd:
		v, next, ok := fixed64(sp, at)
		if tag == spanStart {
			s.Start = int64(v)
		} else {
			s.End = int64(v)
		}
		return next, ok
	case spanKind:
		v, next, ok := varint(sp, at)
		s.Kind = reduce.SpanKind(v)
		return next, ok && v <= uint64(reduce.SpanConsumer)
	case spanFlags:
		if at >= len(sp) || sp[at] != spanFlagsNext {
			return 0, false
		}
		v, next, ok := fixed32(sp, at+1)
		s.Remote = v&flagRemote != 0
		s.LocalParent = v&(flagKnowsRemote|flagRemote) == flagKnowsRemote
		return next, ok
	case spanDroppedAttrs, spanDroppedEvent, spanDroppedLinks:
		_, next, ok := varint(sp, at)
		return next, ok
	}
	return 0, false
}

// traceID copies the id of a trace, which is there in its whole length or not at all.
func traceID(into *[16]byte, from []byte) bool {
	if len(from) == len(into) {
		*into = [16]byte(from)
		return true
	}
	clear(into[:])
	return len(from) == 0
}

// id does the same for that of a span.
func id(into *[8]byte, from []byte) bool {
	if len(from) == len(into) {
		*into = [8]byte(from)
		return true
	}
	clear(into[:])
	return len(from) == 0
}

// status reads whether the span failed.
func status(s *reduce.Span, b []byte) bool {
	const message, code = 2<<3 | wireLength, 3<<3 | wireVarint
	for at := 0; at < len(b); {
		var ok bool
		switch b[at] {
		case message:
			_, at, ok = length(b, at+1)
		case code:
			var v uint64
			v, at, ok = varint(b, at+1)
			s.Failed = v == statusError
			ok = ok && v <= statusError
		}
		if !ok {
			return false
		}
	}
	return true
}

const statusError = 2

// readAttribute reads one attribute.
func readAttribute(s *reduce.Span, kv []byte) bool {
	key, value, ok := shortPair(kv)
	switch {
	case ok && kv[0] == tagBytes1:
	case ok && kv[0] == tagBytes2:
		key, value = value, key
	default:
		if key, value, ok = keyValue(kv); !ok {
			return false
		}
	}
	switch string(key) {
	case "http.response.status_code", "http.status_code":
		s.Status.HTTP, ok = number(value)
	case "rpc.grpc.status_code":
		s.Status.RPC, ok = number(value)
		s.Status.HasRPC = true
	case "rpc.response.status_code", "rpc.connect_rpc.error_code":
		var name string
		name, ok = text(value)
		s.Status.RPC, s.Status.HasRPC = convention.RPCStatus(name)
	case "peer.service":
		s.PeerService, ok = text(value)
	case "server.address":
		s.ServerAddress, ok = text(value)
	case "net.peer.name":
		var name string
		name, ok = text(value)
		if s.ServerAddress == "" {
			s.ServerAddress = name
		}
	case "db.system.name", "db.system":
		s.System, ok = text(value)
	case "http.route":
		s.Route, ok = text(value)
	case "rpc.service":
		s.RPCService, ok = text(value)
	case "rpc.method":
		s.RPCMethod, ok = text(value)
	default:
		return sound(value)
	}
	return ok
}

// event reads an event, for what was thrown.
func (b *Spans) event(e []byte) bool {
	const (
		time       = 1<<3 | wireFixed64
		name       = 2<<3 | wireLength
		attributes = 3<<3 | wireLength
		dropped    = 4<<3 | wireVarint
	)
	thrown, kind, found := false, "", false
	for at := 0; at < len(e); {
		var ok bool
		var from int
		switch e[at] {
		case time:
			_, at, ok = fixed64(e, at+1)
		case dropped:
			_, at, ok = varint(e, at+1)
		case name:
			if from, at, ok = length(e, at+1); ok {
				thrown = string(e[from:at]) == "exception"
			}
		case attributes:
			if from, at, ok = length(e, at+1); ok {
				kind, found, ok = exceptionType(e[from:at], kind, found)
			}
		}
		if !ok {
			return false
		}
	}
	if !thrown || kind == "" {
		return true
	}
	b.exceptions = append(b.exceptions, kind)
	return b.pay(nameBytes)
}

// exceptionType is what an attribute of an event says was thrown, or what was found before: the first one counts.
func exceptionType(kv []byte, kind string, found bool) (string, bool, bool) {
	key, value, ok := keyValue(kv)
	if !ok || found || string(key) != "exception.type" {
		return kind, found, ok && sound(value)
	}
	kind, ok = text(value)
	return kind, true, ok
}
