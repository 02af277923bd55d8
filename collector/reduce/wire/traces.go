package wire

import "github.com/shipwake/shipwake/collector/reduce"

// Walk collects the spans of a request. It is false when the request is odd. The error is the Room's.
func (b *Spans) Walk(body []byte, known *Known) (bool, error) {
	ok := walk(body, known, b)
	return ok, b.err
}

func (b *Spans) scope(string) {}

// resource ends the spans of a resource. One without any says nothing.
func (b *Spans) resource(of *reduce.Resource, scopes int) bool {
	first := grouped(b.groups)
	if b.spans.n == first {
		return true
	}
	b.groups = append(b.groups, group{of, b.spans.n})
	if scopes > 1 {
		b.servers.Reset()
		for spans := range b.pieces(first, b.spans.n) {
			b.servers.Note(spans)
		}
		for spans := range b.pieces(first, b.spans.n) {
			b.servers.Mark(spans)
		}
	}
	return b.pay(groupBytes)
}
