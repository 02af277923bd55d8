package observe

import "slices"

// Known is a subject in full, with what saves work when it is asked for at many instants.
type Known struct {
	Subject
	hash uint64 // of the whole subject
	last int64  // from here on all of it is known
}

// Whole is a subject in full.
func Whole(s Subject) *Known {
	if s.Failed > 0 {
		s.Live = s.convicted()
	}
	k := &Known{Subject: s, hash: s.Hash()}
	if moments := s.moments(); len(moments) > 0 {
		k.last = slices.Max(moments)
	}
	return k
}

// By is the subject as far as it was known by an instant, and its hash. It must not be changed.
func (k *Known) By(t int64) (*Subject, uint64) {
	if k.last > 0 && t >= k.last {
		return &k.Subject, k.hash
	}
	known := k.At(t)
	return &known, known.Hash()
}
