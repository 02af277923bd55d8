package admission

import "math"

// Within tells that decoding a request surely takes no more than a limit, whatever is in its records: by how long it is or, when
// that isn't enough, by how many records it holds and how long they are. It is known much sooner than what Proto returns.
func Within(body []byte, request Kind, limit int64) bool {
	if base+int64(len(body))*perByte[request] <= limit {
		return true
	}
	const toRecords = 3 // resources, scopes, records
	return base+outline(body, request, toRecords) <= limit
}

// outline is at most what decoding a message allocates, by the fields down to so many levels. Of one that can't be read that is more
// than any limit: Proto says why.
func outline(b []byte, kind Kind, levels int) (cost int64) {
	if levels == 0 {
		return int64(len(b)) * perByte[kind]
	}
	info := &schema[kind]
	for at := 0; at < len(b); {
		tag, n := varint(b[at:])
		at += n
		f := info.field(int32(tag >> 3))
		length, size := varint(b[at:])
		if n == 0 || size == 0 || tag&7 != wireLength || length > uint64(len(b)-at-size) {
			return math.MaxInt32
		}
		part := b[at+size : at+size+int(length)]
		at += size + len(part)
		if f.shape == message {
			cost += int64(f.cost) + outline(part, f.kind, levels-1)
			continue
		}
		cost += int64(f.cost)*int64(len(part)+1) + content(int64(len(part)))
	}
	return cost
}

// perByte is at most what decoding a message of each kind allocates for a byte of it, whatever it holds.
var perByte = func() (most [kinds]int64) {
	for range kinds { // messages within others, as deep as kinds go
		for kind, m := range schema {
			for _, f := range m.fields {
				most[kind] = max(most[kind], f.perByte(), most[f.kind]*one(f.shape == message))
			}
		}
	}
	return most
}()

// perByte is at most what a field allocates for each byte of it, without what is in a message. A field is two bytes at least: a tag,
// and a length or a value.
func (f *field) perByte() int64 {
	switch f.shape {
	case varints:
		return int64(f.cost) // an element of a packed list is a byte
	case message:
		return (int64(f.cost) + 1) / 2
	case nothing:
		return 0
	}
	return (int64(f.cost) + content(1) + 1) / 2
}

func one(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
