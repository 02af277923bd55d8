package expect

import (
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Season is what earlier days say of the time after a change: factor is how the event ratio moves there from the time
// before, phi how far such expectations were off on change-free days.
type Season struct{ Factor, Phi float64 }

// daysBack are the earlier days that are asked, in days before the change.
var daysBack = [...]int64{1, 2, 3, 7}

// smoothing is how many imagined events without any season steady the factor.
const smoothing = 5

// Seasons is what is remembered of a history for the looks at one change: its sums, and how far off expectations were.
type Seasons struct {
	sums   sums
	before evalue.Span
	phis   []Calibration
}

// Calibration is φ of windows of one length; ok is false when there were too few of them.
type Calibration struct {
	from   int64 // when they begin, in front of the change; 0 where that says nothing
	length int64
	Phi    float64
	OK     bool
}

// SeasonsOf prepares a history in cells of the given width; nil when it is shorter than p.History.
func SeasonsOf(history []evalue.Tally, width int64, before evalue.Span, p *Params) *Seasons {
	if len(history) == 0 || before.From-history[0].At < p.History-before.Length() || !p.Guards.On(guardSeason) {
		return nil
	}
	return &Seasons{sums: newSums(history, width), before: before}
}

// At compares with the same hours of earlier days. ok is false when the history holds fewer than p.MinPlacebos windows
// to calibrate with.
func (s *Seasons) At(after evalue.Span, p *Params) (y Season, ok bool) {
	c := s.Calibrated(after, p)
	return Season{s.Factor(after, p), c.Phi}, c.OK
}

// Factor is how the event ratio moves on earlier days from the time before to the time after.
func (s *Seasons) Factor(after evalue.Span, p *Params) float64 {
	return s.sums.factor(s.before, after, p.Day)
}

// SameUntil is up to when the factor of the time from one instant to another stays the same while that time grows.
func (s *Seasons) SameUntil(to int64, p *Params) int64 {
	if p.Day%s.sums.width != 0 {
		return to
	}
	return to + evalue.Mod(s.sums.first-to, s.sums.width)
}

// Calibrated is φ of windows that are at least as long as the time after the change, of few different lengths: 1, 2, 3,
// 4, 6, 8, 12, 16 … times p.Restart, so that it needn't be found afresh at each look.
func (s *Seasons) Calibrated(after evalue.Span, p *Params) Calibration {
	after.To = after.From + evalue.RoundUp(after.Length(), p.Restart)
	for _, c := range s.phis {
		if c.from == after.From && c.length == after.Length() {
			return c
		}
	}
	chi2, df, windows := s.sums.placebos(s.before, after, p.Day)
	c := Calibration{
		from: after.From, length: after.Length(), OK: windows >= p.MinPlacebos,
		Phi: max(1, p.Shrunk(chi2, df)),
	}
	if c.Phi > 1 && !p.Guards.On(guardSeasonPlacebos) {
		c.Phi = 1
	}
	s.phis = append(s.phis, c)
	return c
}

// sums answers at once how many events and exposures a span holds. The tallies lie on a grid.
type sums struct {
	first, width     int64
	events, exposure []float64 // of the tallies before first + i·width
}

func newSums(ts []evalue.Tally, width int64) sums {
	first := ts[0].At
	n := (ts[len(ts)-1].At-first)/width + 2
	s := sums{first, width, make([]float64, n), make([]float64, n)}
	for _, t := range ts {
		i := (t.At-first)/width + 1
		s.events[i] += float64(t.Events)
		s.exposure[i] += float64(t.Exposure)
	}
	for i := int64(1); i < n; i++ {
		s.events[i] += s.events[i-1]
		s.exposure[i] += s.exposure[i-1]
	}
	return s
}

func (s *sums) of(in evalue.Span) (events, exposure float64) { return s.back(s.places(in), 0) }

// places are how many places of the grid lie before the ends of a span, if the grid went on.
type places struct{ from, to int64 }

func (s *sums) places(in evalue.Span) places {
	return places{(in.From - s.first + s.width - 1) / s.width, (in.To - s.first + s.width - 1) / s.width}
}

// back is of a span, so many places earlier.
func (s *sums) back(p places, by int64) (events, exposure float64) {
	last := int64(len(s.events)) - 1
	lo, hi := min(max(p.from-by, 0), last), min(max(p.to-by, 0), last)
	return s.events[hi] - s.events[lo], s.exposure[hi] - s.exposure[lo]
}

// factor is the rate in after over the rate in before on earlier days, pulled towards 1.
func (s *sums) factor(before, after evalue.Span, day int64) float64 {
	var e, n, e0, n0 float64
	a, b, perDay := s.places(after), s.places(before), day/s.width
	for _, d := range daysBack {
		if day%s.width != 0 {
			a, b, perDay = s.places(after.Back(d*day)), s.places(before.Back(d*day)), 0
		}
		ed, nd := s.back(a, d*perDay)
		eb, nb := s.back(b, d*perDay)
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

// placebos is χ² of what followed other moments, as if each had been the change, with its degrees of freedom. The windows
// overlap where the time after the change is longer than a quarter of the time before, so that its growth leaves as many
// of them. Overlapping windows say the same in part: each counts as much as it brings that is new.
func (s *sums) placebos(before, after evalue.Span, day int64) (chi2, df float64, windows int) {
	first := s.first
	stride := max(before.Length()/4, s.width)
	weight := min(1, float64(stride)/float64(after.Length()))
	for by := evalue.RoundUpTo(after.Length(), stride); ; by += stride {
		b, a := before.Back(by), after.Back(by)
		if !b.Within(first) {
			return chi2, df, windows
		}
		if a.Overlaps(evalue.Span{From: before.From, To: after.To}) {
			continue
		}
		e0, n0 := s.of(b)
		e, n := s.of(a)
		if n == 0 || n0 == 0 {
			continue
		}
		expected := n * (e0 + 0.5) / n0
		if b.Back(day).Within(first) {
			expected *= s.factor(b, a, day)
		}
		d := e - expected
		chi2 += weight * d * d / (expected * (1 + n/n0))
		df += weight
		windows++
	}
}
