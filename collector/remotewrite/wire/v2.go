package wire

import "google.golang.org/protobuf/encoding/protowire"

// V2 calls yield for each series of an io.prometheus.write.v2.Request: symbols=4, of which the first is empty, and
// timeseries=5 {labels_refs=1, samples=2, histograms=3, exemplars=4, metadata=5, created_timestamp=6}. Since release candidate 4
// a sample and a histogram have their own start_timestamp; before, the series had created_timestamp.
func V2(request []byte, yield func(*Series)) error {
	symbols, err := symbolsOf(request)
	if err != nil {
		return err
	}
	r := reader2{symbols: symbols}
	return fields(request, func(f field) error {
		if !f.of(5, protowire.BytesType) {
			return nil
		}
		if err := r.read(f.bytes); err != nil {
			return err
		}
		yield(&r.series)
		return nil
	})
}

func symbolsOf(request []byte) (symbols [][]byte, err error) {
	err = fields(request, func(f field) error {
		if f.of(4, protowire.BytesType) {
			symbols = append(symbols, f.bytes)
		}
		return nil
	})
	return symbols, err
}

// reader2 reads series by their references to symbols.
type reader2 struct {
	symbols [][]byte
	refs    []uint64
	series  Series
}

func (r *reader2) read(message []byte) error {
	r.series.reset()
	r.refs = r.refs[:0]
	created := int64(0)
	err := fields(message, func(f field) error {
		if f.of(6, protowire.VarintType) {
			created = int64(f.value)
		}
		return r.field(f)
	})
	if err != nil {
		return err
	}
	for i := range r.series.Samples {
		if s := &r.series.Samples[i]; s.Start == 0 {
			s.Start = created
		}
	}
	for i := range r.series.Histograms {
		r.series.Histograms[i].created = created
	}
	if r.resolve() {
		r.series.check()
	} else {
		r.series.Err = errReference
	}
	return nil
}

func (r *reader2) field(f field) (err error) {
	s := &r.series
	switch {
	case f.of(1, protowire.VarintType):
		r.refs = append(r.refs, f.value)
	case f.of(1, protowire.BytesType):
		return r.packed(f.bytes)
	case f.of(2, protowire.BytesType):
		var one Sample
		one, err = sample(f.bytes)
		s.Samples = append(s.Samples, one)
	case f.of(3, protowire.BytesType):
		s.Histograms = append(s.Histograms, Histogram{message: f.bytes})
	case f.of(4, protowire.BytesType):
		s.Exemplars++
	}
	return err
}

func (r *reader2) packed(refs []byte) error {
	for len(refs) > 0 {
		ref, n := protowire.ConsumeVarint(refs)
		if n < 0 {
			return errMalformed
		}
		r.refs = append(r.refs, ref)
		refs = refs[n:]
	}
	return nil
}

// resolve makes labels of references; false when one leads nowhere.
func (r *reader2) resolve() bool {
	if len(r.refs)%2 != 0 {
		return false
	}
	for i := 0; i < len(r.refs); i += 2 {
		name, value := r.refs[i], r.refs[i+1]
		if most := uint64(len(r.symbols)); name >= most || value >= most {
			return false
		}
		r.series.Labels = append(r.series.Labels, Label{r.symbols[name], r.symbols[value]})
	}
	return true
}
