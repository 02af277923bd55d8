package wire

// What isn't read is checked to be what a decoder takes: fields that the protocol knows, of the right type, to the end.

// message is what a message may hold: for each field number what is expected of it.
type message [17]rule

// rule is a field's wire type and, of a message within, what that may hold.
type rule struct {
	known bool
	wire  byte
	of    *message
	size  int // of bytes, when only that many or none are right
	list  list
}

// list is what a field holds packed.
type list uint8

const (
	numbers list = iota + 1 // varints
	words                   // of 8 bytes
)

var (
	bytesField = rule{known: true, wire: wireLength}
	varintOf   = rule{known: true, wire: wireVarint}
	fixedOf    = rule{known: true, wire: wireFixed64}
	traceField = rule{known: true, wire: wireLength, size: 16}
	packedOf   = rule{known: true, wire: wireLength, list: numbers}
	wordsOf    = rule{known: true, wire: wireLength, list: words}
	spanField  = rule{known: true, wire: wireLength, size: 8}
)

func within(m *message) rule { return rule{known: true, wire: wireLength, of: m} }

// The messages that are only checked.
var (
	anyMessage, pairMessage = values()
	scopeMessage            = &message{1: bytesField, 2: bytesField, 3: within(pairMessage), 4: varintOf}
	entityMessage           = &message{1: bytesField, 2: bytesField, 3: bytesField, 4: bytesField}
	linkMessage             = &message{
		1: traceField, 2: spanField, 3: bytesField, 4: within(pairMessage), 5: varintOf,
		6: {known: true, wire: wireFixed32},
	}
)

// values are an attribute's value and an attribute, which nest in one another.
func values() (value, pair *message) {
	value, pair = &message{}, &message{}
	*pair = message{1: bytesField, 2: within(value)}
	*value = message{
		1: bytesField, 2: varintOf, 3: varintOf, 4: fixedOf, 5: within(&message{1: within(value)}), 6: within(&message{1: within(pair)}), 7: bytesField,
	}
	return value, pair
}

// deepest is how deep values nest that are checked here; deeper ones are the decoder's, and whoever stands before it.
const deepest = 16

// check says whether a decoder takes a message, and all that is in it.
func check(b []byte, m *message, depth int) bool {
	if depth > deepest {
		return false
	}
	for at := 0; at < len(b); {
		number, wire := b[at]>>3, b[at]&7
		if int(number) >= len(m) || !m[number].known || m[number].wire != wire {
			return false
		}
		next, ok := m[number].field(b, at+1, depth)
		if !ok {
			return false
		}
		at = next
	}
	return true
}

// field checks what follows a tag, and returns where it ends.
func (r *rule) field(b []byte, at, depth int) (next int, ok bool) {
	switch r.wire {
	case wireVarint:
		_, next, ok = varint(b, at)
	case wireFixed64:
		_, next, ok = fixed64(b, at)
	case wireFixed32:
		_, next, ok = fixed32(b, at)
	case wireLength:
		var from int
		if from, next, ok = length(b, at); !ok {
			return 0, false
		}
		switch n := next - from; {
		case r.of != nil:
			ok = check(b[from:next], r.of, depth+1)
		case r.size > 0:
			ok = n == 0 || n == r.size
		case r.list == words:
			ok = n%8 == 0
		case r.list == numbers:
			ok = packed(b[from:next])
		}
	}
	return next, ok
}

// packed says whether bytes are a list of whole numbers.
func packed(b []byte) bool {
	for at := 0; at < len(b); {
		_, next, ok := varint(b, at)
		if !ok {
			return false
		}
		at = next
	}
	return true
}
