package packed

import (
	"encoding/binary"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// Reader walks a payload. After the first error every call returns zero values.
type Reader struct {
	what string
	data []byte
	at   int
	err  error
}

// Reader is one of a payload of the format.
func (f *Format) Reader(payload []byte) Reader { return Reader{what: f.What, data: payload} }

// Err is the first error, nil when there is none.
func (r *Reader) Err() error { return r.err }

// End is the first error; that something is left is one.
func (r *Reader) End() error {
	if r.Left() > 0 {
		r.Fail("the end")
	}
	return r.err
}

// Left is how many bytes are left.
func (r *Reader) Left() int { return len(r.data) - r.at }

// Fail says what was wanted instead of what is there.
func (r *Reader) Fail(want string) {
	if r.err == nil {
		r.err = &DamagedError{What: r.what, Offset: r.at, Want: want}
	}
}

// Uvarint reads a whole number that isn't negative.
func (r *Reader) Uvarint(want string) uint64 { return number(r, binary.Uvarint, want) }

// Varint reads a whole number.
func (r *Reader) Varint(want string) int64 { return number(r, binary.Varint, want) }

func number[T int64 | uint64](r *Reader, read func([]byte) (T, int), want string) T {
	if r.err != nil {
		return 0
	}
	v, n := read(r.data[r.at:])
	if n <= 0 {
		r.Fail(want)
		return 0
	}
	r.at += n
	return v
}

// Byte reads a byte.
func (r *Reader) Byte(want string) byte {
	if r.err != nil || r.Left() == 0 {
		r.Fail(want)
		return 0
	}
	b := r.data[r.at]
	r.at++
	return b
}

// Count reads how many items follow, each of which takes at least size bytes.
func (r *Reader) Count(size int, want string) int {
	n := r.Uvarint(want)
	if n > uint64(r.Left()/size) {
		r.Fail(want + " that fits")
		return 0
	}
	return int(n)
}

// Texts reads what Names.Append wrote.
func (r *Reader) Texts() []string {
	n := r.Count(1, "a count of strings")
	all := make([]string, 0, n)
	for range n {
		all = append(all, r.Text())
		if r.err != nil {
			return nil
		}
	}
	return all
}

// Text reads a text: its length as a uvarint, and its bytes.
func (r *Reader) Text() string {
	length := r.Count(1, "a length")
	if r.err != nil {
		return ""
	}
	r.at += length
	return string(r.data[r.at-length : r.at])
}

// Key reads what Names.AppendKey wrote.
func (r *Reader) Key(texts []string) correlate.Key {
	return correlate.Key{
		Service:     r.text(texts),
		Environment: r.text(texts),
		Version:     r.text(texts),
		Name:        r.text(texts),
		Peer:        r.text(texts),
		Kind:        correlate.SignalKind(r.Byte("a kind")),
		Origin:      correlate.Origin(r.Byte("an origin")),
	}
}

func (r *Reader) text(texts []string) string {
	i := r.Uvarint("the place of a string")
	if r.err != nil {
		return ""
	}
	if i >= uint64(len(texts)) {
		r.Fail(fmt.Sprintf("a place below %d", len(texts)))
		return ""
	}
	return texts[i]
}
