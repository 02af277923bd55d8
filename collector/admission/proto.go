package admission

import "fmt"

// The wire types of protobuf that OTLP uses.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireLength  = 2
	wireFixed32 = 5
)

// Proto returns how many bytes decoding a request allocates at most, about. It stops as soon as that is more than limit.
// The error is a Refusal: Malformed, TooDeep or TooCostly.
func Proto(body []byte, request Kind, limit int64) (int64, error) {
	w := &walk{cost: base, limit: limit}
	if err := w.message(body, request, 1); err != nil {
		return 0, err
	}
	return w.cost, nil
}

// message walks the fields of one message, in whatever order and number they come: decoders append to lists, and
// allocate again for each repetition of what is there once. It is one function because it runs for every attribute.
func (w *walk) message(b []byte, kind Kind, depth int) error {
	if depth > maxDepth {
		return tooDeep()
	}
	info := &schema[kind]
	for at := 0; at < len(b); {
		tag, n := varint(b[at:])
		if n == 0 {
			return malformed("a tag is cut short")
		}
		at += n
		f := info.field(int32(tag >> 3))
		switch tag & 7 {
		case wireLength:
			length, n := varint(b[at:])
			if at += n; n == 0 || length > uint64(len(b)-at) {
				return malformed("a length reaches beyond the end")
			}
			part := b[at : at+int(length)]
			at += len(part)
			w.cost += int64(f.cost)
			switch f.shape {
			case message:
				if w.cost > w.limit {
					return w.tooCostly()
				}
				if err := w.message(part, f.kind, depth+1); err != nil {
					return err
				}
			case text:
				w.cost += content(int64(length))
			case fixed64s:
				w.cost += content(int64(length)) - int64(f.cost)
			case varints:
				w.cost += (int64(length) - 1) * int64(f.cost) // a varint has at least a byte
			}
			continue
		case wireVarint:
			_, n = varint(b[at:])
		case wireFixed64:
			n = 8
		case wireFixed32:
			n = 4
		default:
			return malformed(fmt.Sprintf("wire type %d", tag&7))
		}
		if n == 0 || n > len(b)-at {
			return malformed("a value is cut short")
		}
		at += n
		w.cost += int64(f.cost)
	}
	if w.cost > w.limit {
		return w.tooCostly()
	}
	return nil
}

func (m *messageInfo) field(number int32) field {
	if uint32(number) < uint32(len(m.fields)) {
		return m.fields[number]
	}
	if m.deprecated && number == deprecatedNumber {
		return m.fields[2]
	}
	return field{}
}

// varint returns a value and how many bytes it takes: 0 when it is cut short or too long.
func varint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return longVarint(b)
}

func longVarint(b []byte) (uint64, int) {
	var v uint64
	for i := range min(len(b), 10) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

func malformed(what string) error {
	return &Refusal{Malformed, "the request is not an OTLP message: " + what}
}
