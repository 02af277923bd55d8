package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sample is one value. Times are Unix milliseconds; Start, 0 when unknown, is when the count began.
type Sample struct {
	At, Start int64
	Value     float64
}

// Label is a name with its value. They may be parts of the request.
type Label struct{ Name, Value []byte }

// Series is one series of a request, which is valid until the next one is read.
type Series struct {
	Labels     []Label
	Samples    []Sample
	Histograms []Histogram
	Exemplars  int
	Err        error // why its labels can't be used
}

// mostLabels bounds the labels of a series; Prometheus's own limits are lower where they are set.
const mostLabels = 200

// What a series' labels may be refused for.
var (
	errNoName    = errors.New("a series without __name__")
	errTwice     = errors.New("a series with two labels of one name")
	errMany      = fmt.Errorf("a series with more than %d labels", mostLabels)
	errEmpty     = errors.New("a label without a name")
	errReference = errors.New("labels_refs of a series must be pairs of places in symbols")
)

var errMalformed = errors.New("the request is not in protobuf, or of another message than the content type says")

// field is one field of a message: the bytes of a length-delimited one, or the number of any other.
type field struct {
	number protowire.Number
	kind   protowire.Type
	bytes  []byte
	value  uint64
}

// fields calls yield for each field of a message.
func fields(message []byte, yield func(field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errMalformed
		}
		message = message[n:]
		f := field{number: number, kind: kind}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(message)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return errMalformed
		}
		message = message[n:]
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// of says that a field has the type that its number is for.
func (f *field) of(number protowire.Number, kind protowire.Type) bool {
	return f.number == number && f.kind == kind
}

// sample reads a Sample of either version: value=1, timestamp=2, and start_timestamp=3 in 2.0.
func sample(message []byte) (s Sample, err error) {
	err = fields(message, func(f field) error {
		switch {
		case f.of(1, protowire.Fixed64Type):
			s.Value = math.Float64frombits(f.value)
		case f.of(2, protowire.VarintType):
			s.At = int64(f.value)
		case f.of(3, protowire.VarintType):
			s.Start = int64(f.value)
		}
		return nil
	})
	return s, err
}

// check sets Err when the labels can't be used.
func (s *Series) check() {
	named := false
	if len(s.Labels) > mostLabels {
		s.Err = errMany
		return
	}
	for i, l := range s.Labels {
		switch {
		case len(l.Name) == 0:
			s.Err = errEmpty
		case slices.ContainsFunc(s.Labels[:i], func(o Label) bool { return bytes.Equal(o.Name, l.Name) }):
			s.Err = errTwice
		}
		named = named || string(l.Name) == "__name__" && len(l.Value) > 0
	}
	if s.Err == nil && !named {
		s.Err = errNoName
	}
}

// reset makes room for the next series.
func (s *Series) reset() {
	*s = Series{Labels: s.Labels[:0], Samples: s.Samples[:0], Histograms: s.Histograms[:0]}
}
