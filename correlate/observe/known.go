package observe

import (
	"math"
	"slices"
)

// Known is a subject in full, with what saves work when it is asked for at many instants.
type Known struct {
	Subject
	hash   uint64 // of the whole subject
	last   int64  // from here on all of it is known
	lately struct {
		within
		*Subject
		hash uint64
	}
}

// within is a stretch of instants, from the first to before the last, in which the same is known.
type within struct{ from, to int64 }

func (w within) has(t int64) bool { return w.from <= t && t < w.to }

// and is the part of a stretch that lies in another one.
func (w within) and(o within) within { return within{max(w.from, o.from), min(w.to, o.to)} }

// Whole is a subject in full.
func Whole(s Subject) *Known {
	if s.Failed > 0 {
		s.Live = s.convicted()
	}
	s.reported = s.digest()
	k := &Known{Subject: s, hash: s.Hash()}
	if moments := s.moments(); len(moments) > 0 {
		k.last = slices.Max(moments)
	}
	return k
}

// By is the subject as far as it was known by an instant, and its hash. It must not be changed.
func (k *Known) By(t int64) (*Subject, uint64) {
	s, hash, _ := k.by(t)
	return s, hash
}

// by is By, with the stretch of instants for which it is the same.
func (k *Known) by(t int64) (*Subject, uint64, within) {
	if k.last > 0 && t >= k.last {
		return &k.Subject, k.hash, within{k.last, math.MaxInt64}
	}
	if l := &k.lately; l.Subject == nil || !l.has(t) {
		known := k.At(t)
		known.reported = known.digest()
		l.Subject, l.hash, l.within = &known, known.Hash(), k.around(t)
	}
	return k.lately.Subject, k.lately.hash, k.lately.within
}

// around is the stretch from the last moment by an instant to the next one.
func (k *Known) around(t int64) within {
	w := within{math.MinInt64, math.MaxInt64}
	for _, m := range k.moments() {
		if m <= t {
			w.from = max(w.from, m)
		} else {
			w.to = min(w.to, m)
		}
	}
	return w
}
