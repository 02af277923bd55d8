package judge

// season is what earlier days say of the time after a change: factor is how the event ratio moves there from the time
// before, phi how far such expectations were off on change-free days.
type season struct{ factor, phi float64 }

// daysBack are the earlier days that are asked, in days before the change.
var daysBack = [...]int64{1, 2, 3, 7}

// smoothing is how many imagined events without any season steady the factor.
const smoothing = 5

// seasons is what is remembered of a history for the looks at one change: its sums, and how far off expectations were.
type seasons struct {
	sums   sums
	before span
	phis   []calibration
}

// calibration is φ of windows of one length; ok is false when there were too few of them.
type calibration struct {
	length int64
	phi    float64
	ok     bool
}

// seasonsOf prepares a history in cells of the given width; nil when it is shorter than p.History.
func seasonsOf(history []tally, width int64, before span, p *expectations) *seasons {
	if len(history) == 0 || before.from-history[0].at < p.History-before.length() || !p.Guards.On(guardSeason) {
		return nil
	}
	return &seasons{sums: newSums(history, width), before: before}
}

// at compares with the same hours of earlier days. ok is false when the history holds fewer than p.MinPlacebos windows
// to calibrate with.
func (s *seasons) at(after span, p *expectations) (y season, ok bool) {
	c := s.calibrated(after, p)
	return season{s.factor(after, p), c.phi}, c.ok
}

func (s *seasons) factor(after span, p *expectations) float64 {
	return s.sums.factor(s.before, after, p.Day)
}

// calibrated is φ of windows that are at least as long as the time after the change, of few different lengths: 1, 2, 3,
// 4, 6, 8, 12, 16 … times p.Restart, so that it needn't be found afresh at each look.
func (s *seasons) calibrated(after span, p *expectations) calibration {
	after.to = after.from + roundUp(after.length(), p.Restart)
	for _, c := range s.phis {
		if c.length == after.length() {
			return c
		}
	}
	chi2, df, windows := s.sums.placebos(s.before, after, p.Day)
	c := calibration{
		length: after.length(), ok: windows >= p.MinPlacebos,
		phi: max(1, p.shrunk(chi2, df)),
	}
	if c.phi > 1 && !p.Guards.On(guardSeasonPlacebos) {
		c.phi = 1
	}
	s.phis = append(s.phis, c)
	return c
}

// sums answers at once how many events and exposures a span holds. The tallies lie on a grid.
type sums struct {
	first, width     int64
	events, exposure []float64 // of the tallies before first + i·width
}

func newSums(ts []tally, width int64) sums {
	first := ts[0].at
	n := (ts[len(ts)-1].at-first)/width + 2
	s := sums{first, width, make([]float64, n), make([]float64, n)}
	for _, t := range ts {
		i := (t.at-first)/width + 1
		s.events[i] += float64(t.events)
		s.exposure[i] += float64(t.exposure)
	}
	for i := int64(1); i < n; i++ {
		s.events[i] += s.events[i-1]
		s.exposure[i] += s.exposure[i-1]
	}
	return s
}

func (s *sums) of(in span) (events, exposure float64) {
	lo, hi := s.index(in.from), s.index(in.to)
	return s.events[hi] - s.events[lo], s.exposure[hi] - s.exposure[lo]
}

// index is how many places of the grid lie before an instant.
func (s *sums) index(at int64) int64 {
	if at <= s.first {
		return 0
	}
	return min((at-s.first+s.width-1)/s.width, int64(len(s.events))-1)
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

// placebos is χ² of what followed other moments, as if each had been the change, with its degrees of freedom. The windows
// overlap where the time after the change is longer than a quarter of the time before, so that its growth leaves as many
// of them. Overlapping windows say the same in part: each counts as much as it brings that is new.
func (s *sums) placebos(before, after span, day int64) (chi2, df float64, windows int) {
	first := s.first
	stride := max(before.length()/4, s.width)
	weight := min(1, float64(stride)/float64(after.length()))
	for by := roundUpTo(after.length(), stride); ; by += stride {
		b, a := before.back(by), after.back(by)
		if !b.within(first) {
			return chi2, df, windows
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
		chi2 += weight * d * d / (expected * (1 + n/n0))
		df += weight
		windows++
	}
}
