package wire

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

func zigzag(number protowire.Number, n int64) []byte {
	return integer(number, protowire.EncodeZigZag(n))
}

func packedZigzag(number protowire.Number, all ...int64) []byte {
	var list []byte
	for _, n := range all {
		list = protowire.AppendVarint(list, protowire.EncodeZigZag(n))
	}
	return message(number, list)
}

func packedDoubles(number protowire.Number, all ...float64) []byte {
	var list []byte
	for _, v := range all {
		list = protowire.AppendFixed64(list, math.Float64bits(v))
	}
	return message(number, list)
}

func span(number protowire.Number, offset int64, length uint64) []byte {
	return message(number, join(zigzag(1, offset), integer(2, length)))
}

func TestNativeHistogramsAreDecoded(t *testing.T) {
	spans := join(span(11, -2, 2), span(11, 3, 1))
	want := native.Histogram{Schema: 3, Threshold: 0.1, Zero: 4, Sum: 9, Bins: []native.Bin{{Index: -2, N: 5}, {Index: -1, N: 3}, {Index: 3, N: 4}}}
	head := join(double(3, 9), zigzag(4, 3), double(5, 0.1), integer(15, 7_000))
	reset := want
	reset.Hint = native.Reset
	for name, test := range map[string]struct {
		message []byte
		created int64
		want    NativeSample
	}{
		"of integers":                    {join(head, integer(1, 16), integer(6, 4), spans, packedZigzag(12, 5, -2, 1)), 0, NativeSample{7_000, 0, &want}},
		"of integers that aren't packed": {join(head, integer(6, 4), spans, zigzag(12, 5), zigzag(12, -2), zigzag(12, 1)), 0, NativeSample{7_000, 0, &want}},
		"of floats":                      {join(head, double(2, 16), double(7, 4), spans, packedDoubles(13, 5, 3, 4)), 0, NativeSample{7_000, 0, &want}},
		"of floats that aren't packed":   {join(head, double(7, 4), spans, double(13, 5), double(13, 3), double(13, 4)), 0, NativeSample{7_000, 0, &want}},
		"with what is below zero": {
			join(head, integer(6, 1), span(8, 0, 2), packedZigzag(9, 2, -1), spans, packedZigzag(12, 5, -2, 1)), 0, NativeSample{7_000, 0, &want},
		},
		"with floats below zero": {
			join(head, double(7, 1), span(8, 0, 2), packedDoubles(10, 2, 1), spans, packedDoubles(13, 5, 3, 4)), 0, NativeSample{7_000, 0, &want},
		},
		"after a reset":          {join(head, integer(6, 4), spans, packedZigzag(12, 5, -2, 1), integer(14, 1)), 0, NativeSample{7_000, 0, &reset}},
		"with a start":           {join(head, integer(6, 4), spans, packedZigzag(12, 5, -2, 1), integer(17, 6_000)), 5_000, NativeSample{7_000, 6_000, &want}},
		"with its series' start": {join(head, integer(6, 4), spans, packedZigzag(12, 5, -2, 1)), 5_000, NativeSample{7_000, 5_000, &want}},
		"whose series ended":     {join(double(3, math.Float64frombits(stale)), integer(15, 7_000)), 0, NativeSample{At: 7_000}},
		"whose sum is no number": {join(double(3, math.NaN()), integer(15, 7_000)), 0, NativeSample{7_000, 0, &native.Histogram{}}},
		"with bounds of its own": {
			join(zigzag(4, -53), span(11, 0, 2), packedZigzag(12, 1, 1), packedDoubles(16, 0.5), integer(15, 7_000)), 0,
			NativeSample{7_000, 0, &native.Histogram{
				Custom: true, Schema: -53, Bins: []native.Bin{{Lower: math.Inf(-1), Upper: 0.5, N: 1}, {Lower: 0.5, Upper: math.Inf(1), N: 2}},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := Histogram{test.message, test.created}
			got, err := h.Decode()
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestHistogramsThatCantBeDecoded(t *testing.T) {
	for name, test := range map[string]struct {
		message []byte
		want    string
	}{
		"bytes that are no message":   {[]byte{0xff}, errMalformed.Error()},
		"a list that ends in between": {message(13, []byte{1}), errMalformed.Error()},
		"a span that is none":         {message(11, []byte{0xff}), errMalformed.Error()},
		"more counts than buckets":    {packedZigzag(12, 1), "spans"},
		"a schema of tomorrow":        {zigzag(4, 9), "schema"},
		"very many counts":            {message(12, make([]byte, 1<<20)), "more than 4096"},
		"very many spans": {func() (all []byte) {
			for range native.MostBins + 2 {
				all = append(all, message(11, nil)...)
			}
			return all
		}(), "more than 4096"},
	} {
		h := Histogram{message: test.message}
		_, err := h.Decode()
		require.ErrorContains(t, err, test.want, name)
	}
}
