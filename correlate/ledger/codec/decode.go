package codec

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
)

// Decode reads what Encode wrote. Whatever the bytes are, it neither panics nor allocates more than a fixed multiple
// of their number; what isn't a blob is refused with an error that says where. It is safe for concurrent use.
func Decode(blob []byte) ([]correlate.Measurement, error) {
	payload, err := format.Unpack(blob)
	if err != nil {
		return nil, err
	}
	r := &reader{format.Reader(payload)}
	cells := r.measurements(r.Texts())
	if err := r.End(); err != nil {
		return nil, err
	}
	return cells, nil
}

// reader walks a payload. After the first error every call returns zero values.
type reader struct{ packed.Reader }

func (r *reader) measurements(texts []string) []correlate.Measurement {
	n := r.Count(minMeasurement, "a count of measurements")
	if n == 0 {
		return nil
	}
	all := make([]correlate.Measurement, n)
	var start int64
	for i := range all {
		if r.Err() != nil {
			return nil
		}
		all[i].Key = r.Key(texts)
		all[i].Cell = r.cell(start)
		start = all[i].Start
	}
	return all
}

func (r *reader) cell(before int64) correlate.Cell {
	return correlate.Cell{
		Start:    before + r.Varint("a start"),
		Requests: r.Varint("requests"),
		Errors:   r.Varint("errors"),
		Sum:      r.Varint("a sum"),
		N:        r.Varint("a number of samples"),
		Latency:  r.histogram(),
	}
}

func (r *reader) histogram() correlate.Histogram {
	n := r.Count(minBin, "a count of bins")
	if n == 0 {
		return nil
	}
	bins := make(correlate.Histogram, n)
	var index int64
	for i := range bins {
		index += r.Varint("the index of a bin")
		count := r.Uvarint("the count of a bin")
		if index < math.MinInt16 || index > math.MaxInt16 || count > math.MaxUint32 {
			r.Fail("an index of 16 and a count of 32 bits")
		}
		if r.Err() != nil {
			return nil
		}
		bins[i] = correlate.Bin{Index: int16(index), Count: uint32(count)}
	}
	return bins
}
