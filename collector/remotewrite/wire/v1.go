package wire

import "google.golang.org/protobuf/encoding/protowire"

// V1 calls yield for each series of a prometheus.WriteRequest: timeseries=1 {labels=1 {name=1, value=2}, samples=2,
// exemplars=3, histograms=4}.
func V1(request []byte, yield func(*Series)) error {
	var s Series
	return fields(request, func(f field) error {
		if !f.of(1, protowire.BytesType) {
			return nil
		}
		s.reset()
		if err := fields(f.bytes, s.read1); err != nil {
			return err
		}
		s.check()
		yield(&s)
		return nil
	})
}

func (s *Series) read1(f field) (err error) {
	switch {
	case f.of(1, protowire.BytesType):
		var l Label
		l, err = label(f.bytes)
		s.Labels = append(s.Labels, l)
	case f.of(2, protowire.BytesType):
		var one Sample
		one, err = sample(f.bytes)
		s.Samples = append(s.Samples, one)
	case f.of(3, protowire.BytesType):
		s.Exemplars++
	case f.of(4, protowire.BytesType):
		s.Histograms = append(s.Histograms, Histogram{message: f.bytes})
	}
	return err
}

func label(message []byte) (l Label, err error) {
	err = fields(message, func(f field) error {
		switch {
		case f.of(1, protowire.BytesType):
			l.Name = f.bytes
		case f.of(2, protowire.BytesType):
			l.Value = f.bytes
		}
		return nil
	})
	return l, err
}
