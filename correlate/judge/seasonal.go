package judge

import "slices"

// season is what earlier days say of the time after a change: factor is how the event ratio moves there from the time
// before, phi how far such expectations were off on change-free days.
type season struct{ factor, phi float64 }

// daysBack are the earlier days that are asked, in days before the change.
var daysBack = [...]int64{1, 2, 3, 7}

// smoothing is how many imagined events without any season steady the factor.
const smoothing = 5

// seasonOf compares with the same hours of earlier days. ok is false when the history is shorter than p.History or holds
// fewer than p.MinPlacebos windows to calibrate with.
func seasonOf(history []tally, before, after span, p *Params) (s season, ok bool) {
	if len(history) == 0 || before.from-history[0].at < p.History-before.length() {
		return s, false
	}
	h := newSums(history)
	s.factor = h.factor(before, after, p.Day)
	chi2, windows := h.placebos(before, after, p.Day)
	if windows < float64(p.MinPlacebos) {
		return s, false
	}
	s.phi = max(1, (chi2+p.DispersionWeight*p.FleetDispersion)/(windows+p.DispersionWeight))
	return s, true
}

// span is a stretch of time: from inclusive, to exclusive, Unix seconds.
type span struct{ from, to int64 }

func (s span) length() int64          { return s.to - s.from }
func (s span) back(by int64) span     { return span{s.from - by, s.to - by} }
func (s span) overlaps(o span) bool   { return s.from < o.to && o.from < s.to }
func (s span) within(from int64) bool { return s.from >= from }

// sums answers how many events and exposures a span holds, in two binary searches.
type sums struct {
	at               []int64
	events, exposure []int64 // before at[i]
}

func newSums(ts []tally) sums {
	s := sums{make([]int64, len(ts)), make([]int64, len(ts)+1), make([]int64, len(ts)+1)}
	for i, t := range ts {
		s.at[i] = t.at
		s.events[i+1] = s.events[i] + t.events
		s.exposure[i+1] = s.exposure[i] + t.exposure
	}
	return s
}

func (s *sums) of(in span) (events, exposure float64) {
	lo, _ := slices.BinarySearch(s.at, in.from)
	hi, _ := slices.BinarySearch(s.at, in.to)
	return float64(s.events[hi] - s.events[lo]), float64(s.exposure[hi] - s.exposure[lo])
}

// factor is the rate in after over the rate in before on earlier days, pulled towards 1.
func (s *sums) factor(before, after span, day int64) float64 {
	var e, n, e0, n0 float64
	for _, d := range daysBack {
		ed, nd := s.of(after.back(d * day))
		eb, nb := s.of(before.back(d * day))
		if nd == 0 || nb == 0 {
			continue
		}
		e, n, e0, n0 = e+ed, n+nd, e0+eb, n0+nb
	}
	if n == 0 || n0 == 0 {
		return 1
	}
	return (e + smoothing) / (e0*n/n0 + smoothing)
}

// placebos is χ² of what followed other moments, as if each had been the change.
func (s *sums) placebos(before, after span, day int64) (chi2, windows float64) {
	first := s.at[0]
	stride := max(after.length(), before.length()/4)
	for by := stride; ; by += stride {
		b, a := before.back(by), after.back(by)
		if !b.within(first) {
			return chi2, windows
		}
		if a.overlaps(span{before.from, after.to}) {
			continue
		}
		e0, n0 := s.of(b)
		e, n := s.of(a)
		if n == 0 || n0 == 0 {
			continue
		}
		expected := n * (e0 + 0.5) / n0
		if b.back(day).within(first) {
			expected *= s.factor(b, a, day)
		}
		d := e - expected
		chi2 += d * d / (expected * (1 + n/n0))
		windows++
	}
}
