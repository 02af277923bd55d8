package wire

import "github.com/shipwake/shipwake/collector/reduce"

// Walk collects the spans of a request. It is false when the request is odd. The error is the Room's.
func (b *Spans) Walk(body []byte, known *Resources) (bool, error) {
	ok := b.request(body, known)
	return ok, b.err
}

func (b *Spans) request(body []byte, known *Resources) bool {
	for at := 0; at < len(body); {
		if body[at] != tagBytes1 {
			return false
		}
		from, to, ok := length(body, at+1)
		if !ok || !b.resourceSpans(body[from:to], known) {
			return false
		}
		at = to
	}
	return true
}

func (b *Spans) resourceSpans(rs []byte, known *Resources) bool {
	var resource []byte
	first, seen, scopes := b.n, false, 0
	for at := 0; at < len(rs); {
		from, to, ok := length(rs, at+1)
		if !ok {
			return false
		}
		switch rs[at] {
		case tagBytes1:
			if seen {
				return false
			}
			resource, seen = rs[from:to], true
		case tagBytes2:
			scopes++
			ok = b.scopeSpans(rs[from:to])
		case tagBytes3:
		default:
			return false
		}
		if !ok {
			return false
		}
		at = to
	}
	of := known.of(resource)
	if of == nil {
		return false
	}
	return b.close(of, first, scopes)
}

// close ends the spans of a resource. One without any says nothing.
func (b *Spans) close(of *reduce.Resource, first, scopes int) bool {
	if b.n == first {
		return true
	}
	if !b.pay(groupBytes) {
		return false
	}
	b.groups = append(b.groups, group{of, b.n})
	if scopes > 1 {
		b.servers.Reset()
		for spans := range b.pieces(first, b.n) {
			b.servers.Note(spans)
		}
		for spans := range b.pieces(first, b.n) {
			b.servers.Mark(spans)
		}
	}
	return true
}

func (b *Spans) scopeSpans(ss []byte) bool {
	for at := 0; at < len(ss); {
		from, to, ok := length(ss, at+1)
		if !ok {
			return false
		}
		switch ss[at] {
		case tagBytes2:
			ok = b.span(ss[from:to])
		case tagBytes1:
			ok = check(ss[from:to], scopeMessage, 0)
		case tagBytes3:
		default:
			ok = false
		}
		if !ok {
			return false
		}
		at = to
	}
	return true
}
