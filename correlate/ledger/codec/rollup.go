package codec

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// forgotten is the kind under which a Forgetting is written.
const forgotten correlate.SignalKind = 14

// EncodeRollup is Encode for a closed coarse bucket. Its start is not written.
func EncodeRollup(r correlate.Rollup) ([]byte, error) {
	if len(r.Forgotten) == 0 {
		return Encode(r.Cells)
	}
	cells := slices.Clone(r.Cells)
	for _, f := range r.Forgotten {
		cells = append(cells, correlate.Measurement{
			Key:  correlate.Key{Service: f.Service, Environment: f.Environment, Kind: forgotten, Name: f.What},
			Cell: correlate.Cell{Start: r.Start, Sum: f.Before, N: f.Cells},
		})
	}
	slices.SortStableFunc(cells, func(a, b correlate.Measurement) int { return a.Key.Compare(b.Key) })
	return Encode(cells)
}

// DecodeRollup reads what EncodeRollup wrote of the bucket that starts at an instant.
func DecodeRollup(start int64, blob []byte) (correlate.Rollup, error) {
	cells, err := Decode(blob)
	if err != nil {
		return correlate.Rollup{}, err
	}
	r := correlate.Rollup{Start: start}
	for _, m := range cells {
		if m.Kind == forgotten {
			r.Forgotten = append(r.Forgotten, correlate.Forgetting{
				Place: correlate.Place{Service: m.Service, Environment: m.Environment}, What: m.Name, Before: m.Sum, Cells: m.N,
			})
		}
	}
	r.Cells = slices.DeleteFunc(cells, func(m correlate.Measurement) bool { return m.Kind == forgotten })
	slices.SortFunc(r.Forgotten, correlate.Forgetting.Compare)
	return r, nil
}
