package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// trial is one assessment in the making.
type trial struct {
	p        *Params
	c        *Case
	begin    int64 // cells before it don't count: the grace time
	starts   []restart
	findings []finding
}

func newTrial(p *Params, c *Case, begin int64) *trial {
	return &trial{
		p: p, c: c, begin: begin,
		starts: restarts(make([]restart, 0, 16), begin, c.Now, p.Restart),
	}
}

// ask puts the questions of a stream before every control they have: the old version at the same time, and, once that
// is gone, the time before.
func (t *trial) ask(s *Stream) {
	beside := t.beside(s)
	qs := comparisons(t.p, t.c, s, !beside)
	for i := range qs {
		t.hearBeside(&qs[i])
		if !beside {
			t.hearBefore(&qs[i])
		}
	}
}

// beside says whether the old version was still serving a moment ago: then nothing beats comparing with it.
func (t *trial) beside(s *Stream) bool {
	recent := span{t.c.Now - t.p.Restart, t.c.Now}
	treated, control := requests(cellsIn(s.New, recent)), requests(cellsIn(s.Old, recent))
	return treated > 0 && 20*control > treated
}

func requests(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].Requests
	}
	return n
}

// hearBeside compares the new version with the old one at the same time: grade A.
func (t *trial) hearBeside(q *comparison) {
	treated, untreated := since(q.new, t.begin), since(q.old, t.begin)
	pairs := concurrent(treated, untreated, t.c.Resolution)
	if len(pairs) == 0 {
		return
	}
	baseline := q.base
	if len(baseline) == 0 {
		baseline = q.old
	}
	phi := dispersion(baseline, t.c.Resolution, true, t.p)
	if q.lower != nil {
		phi = borrowed(phi, q.lower.phi.beside, baseline, t.p)
	}
	q.phi.beside = phi
	h := hypothesize(q.floor, q.floor.Ratio, q.nominal, rate(baseline), phi)
	unsteady := dispersion(treated, t.c.Resolution, true, t.p)
	t.add(&contest{
		comparison: q, h: h, pairs: pairs, unsteady: unsteady,
		scatter: max(scatter(pairs, h, t.c.Resolution, t.p), unsteady/dispersion(untreated, t.c.Resolution, true, t.p)),
	}, correlate.GradeA)
}

// hearBefore compares with the time before the change: grade C where earlier days say how that time of day goes on,
// else D.
func (t *trial) hearBefore(q *comparison) {
	treated := since(q.after, t.begin)
	e, n := sum(q.base)
	if len(treated) == 0 || n == 0 {
		return
	}
	control := pair{eC: float64(e), nC: float64(n)}
	grade, ratio := correlate.GradeD, q.floor.BeforeAfter
	phi := dispersion(q.base, t.c.Resolution, false, t.p)
	if q.lower != nil {
		phi = borrowed(phi, q.lower.phi.before, q.base, t.p)
	}
	q.phi.before = phi
	before := span{q.base[0].at, t.c.Start}
	if s, ok := seasonOf(q.history, before, span{t.begin, t.c.Now}, t.p); ok {
		grade, ratio, phi = correlate.GradeC, q.floor.Ratio, max(phi, s.phi)
		control.nC /= s.factor
	}
	h := hypothesize(q.floor, ratio, q.nominal, over(control.eC, control.nC), phi)
	t.add(&contest{
		comparison: q, h: h, pairs: alongside(treated, control), before: &control,
		unsteady: dispersion(treated, t.c.Resolution, false, t.p),
	}, grade)
}

func rate(ts []tally) float64 {
	e, n := sum(ts)
	return over(float64(e), float64(n))
}

// add decides a contest.
func (t *trial) add(c *contest, grade correlate.Grade) {
	f := finding{contest: c, logE: c.evidence(t.starts)}
	f.Grade = grade
	c.describe(&f, c.pairs, t.p.Alpha)
	if c.family == familyErrors {
		f.visible = smallestVisible(totals(c.settled(c.pairs)), c.h, t.p.need(t.p.Weights.Errors))
	}
	t.findings = append(t.findings, f)
}

// weigh turns evidence into strength: within a family and kind of control the e-values are averaged, and a family that
// is heard before two controls needs twice the evidence of each.
func (t *trial) weigh() {
	for f := range families {
		beside, before := t.average(f, true), t.average(f, false)
		bar := t.p.need(f.weight(&t.p.Weights))
		if !math.IsInf(beside, -1) && !math.IsInf(before, -1) {
			bar += math.Ln2
		}
		for i := range t.findings {
			d := &t.findings[i]
			if d.family != f || d.contest == nil {
				continue
			}
			family := before
			if d.Grade == correlate.GradeA {
				family = beside
			}
			// Only what itself speaks for a fault is strong by its family.
			d.strength = min(family, d.logE) / bar
			if family >= bar && d.logE >= family {
				d.strength = d.logE / bar
			}
		}
	}
}

// average is ln of the mean e-value of a family's findings before one kind of control, -Inf when there are none.
func (t *trial) average(f family, beside bool) float64 {
	var parts []float64
	for i := range t.findings {
		d := &t.findings[i]
		if d.family == f && d.contest != nil && (d.Grade == correlate.GradeA) == beside {
			parts = append(parts, d.logE)
		}
	}
	return logSumExp(parts) - math.Log(float64(len(parts)))
}

// date looks up when the strong findings showed, and describes them by that time.
func (t *trial) date() {
	for i := range t.findings {
		f := &t.findings[i]
		if f.contest == nil || f.strength < 1 {
			continue
		}
		c := f.contest
		x, _ := c.locate()
		f.onset, f.end, f.cells = x.onset, x.end, x.cells
		f.recovered = t.c.Now-(x.end+t.c.Resolution) >= t.p.Recovery && x.tail.nT > 0
		c.describe(f, between(c.pairs, x.onset, x.end), t.p.Alpha)
	}
}

// show puts the effect of latency questions into seconds.
func (t *trial) show() {
	for i := range t.findings {
		f := &t.findings[i]
		if f.contest == nil || f.contest.latency == nil {
			continue
		}
		in := span{t.begin, t.c.Now}
		if f.onset != 0 {
			in = span{f.onset, f.end + t.c.Resolution}
		}
		f.contest.latency.show(f, f.contest.quantile, f.contest.before == nil, in, f.contest.h.phi)
	}
}

// between are the pairs that begin in [from, to].
func between(pairs []pair, from, to int64) []pair {
	lo := slices.IndexFunc(pairs, func(p pair) bool { return p.at >= from })
	hi := len(pairs)
	for hi > 0 && pairs[hi-1].at > to {
		hi--
	}
	return pairs[lo:hi]
}
