package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// trial is one assessment in the making.
type trial struct {
	m        *Memory
	p        *Params
	c        *Case
	begin    int64 // cells before it don't count: the grace time
	starts   []evalue.Restart
	findings []finding

	// What was made of the routes, once they were asked for; see routes.go. The control is before the change or beside it.
	parts []expect.Part
	mixes [2]struct {
		made bool
		*expect.RouteMix
	}
	standards [2 * (len(quantiles) + 1)]struct {
		made bool
		*expect.Standard
	}
	shifted bool // a fault was excused
}

func (m *Memory) newTrial(p *Params, c *Case, begin int64) *trial {
	t := begun(new(trial), m, p, c, begin, make([]evalue.Restart, 0, 16))
	t.findings = make([]finding, 0, 8)
	return t
}

// begun is a trial in the room of another one, and of its restarts.
func begun(t *trial, m *Memory, p *Params, c *Case, begin int64, room []evalue.Restart) *trial {
	*t = trial{m: m, p: p, c: c, begin: begin, starts: evalue.Restarts(room[:0], begin, c.Now, p.Restart)}
	if len(t.starts) > 1 && !p.Guards.On(guardRestarts) {
		t.starts = t.starts[:1]
	}
	return t
}

// ask puts the questions of a stream before every control they have: the old version at the same time, and, once that
// is gone, the time before. What the mix of routes makes of a mean isn't known, so it is asked about where that is steady.
func (t *trial) ask(s *Stream) {
	beside := t.concurrent(s)
	qs := t.m.record(t.p, t.c, s).count(t.p, t.c, s, !beside)
	for i := range qs {
		if !qs[i].ofMean() || t.routeMix(true) == nil {
			t.compareBeside(&qs[i])
		}
		if !beside && (!qs[i].ofMean() || t.routeMix(false) == nil) {
			t.compareBefore(s, &qs[i])
		}
	}
}

// askTraffic puts the questions about requests that were served, and asks whether as many came.
func (t *trial) askTraffic(s *Stream) {
	t.ask(s)
	if t.p.Guards.On(guardThroughput) {
		t.throughput(s)
	}
}

// concurrent says whether there is a control at the same time: the old version beside the new one, or unchanged zones
// beside changed ones.
func (t *trial) concurrent(s *Stream) bool {
	return (t.servedBeside(s) || zoning{t}.serving()) && t.p.Guards.On(guardBesideAlone)
}

// servedBeside says whether the old version was still serving a moment ago: then nothing beats comparing with it.
func (t *trial) servedBeside(s *Stream) bool { return t.m.servedBeside(t.p, t.c, s) }

// compareBeside compares the new version with the old one at the same time: grade A.
func (t *trial) compareBeside(q *comparison) {
	c := t.beside(q)
	if c == nil {
		return
	}
	t.standardise(c, q.floor.Ratio, 1)
	c.logE = c.evidence(t.starts)
	treated, untreated, pairs, h := evalue.Since(q.new, t.begin), evalue.Since(q.old, t.begin), c.pairs.all(), c.h
	c.spread = func() (unsteady, scatter float64) {
		unsteady = t.p.Dispersion(treated, t.c.Resolution, true)
		return unsteady, max(t.p.Scatter(pairs, h, t.c.Resolution), unsteady/t.p.Dispersion(untreated, t.c.Resolution, true))
	}
	if far := t.beyond(c, q.farNew); len(far) > 0 {
		c.far = aside{made: t.expectBeside(q, t.p.Concurrent(t.goingOn(&q.farOne), far, untreated, t.c.Resolution).Pairs)}
		t.standardiseFar(c, 1)
	}
	t.add(c, correlate.GradeA)
}

// beyond is what is counted beyond the margin in time since the grace time, where it may acquit or is needed to convict; nil
// else, and for questions without such a margin.
func (t *trial) beyond(c *contest, far []evalue.Tally) []evalue.Tally {
	if c.latency == nil || c.doubled || c.ofMean() || (t.c.Now-t.c.Start < t.p.MinHealthy && c.logE <= 0) {
		return nil
	}
	return evalue.Since(far, t.begin)
}

// encounter is a question in front of the old version at the same time.
type encounter struct {
	joint *evalue.Joint // nil when the versions never met
	h     evalue.Hypothesis
	pairs []evalue.Pair // of the joint, with the exposure that lets expect the events of a warm-up
}

// goingOn is a joint that counts since the grace time, nil in a trial of another time.
func (t *trial) goingOn(one *evalue.Joint) *evalue.Joint {
	if t.begin != t.c.countsFrom(t.p) {
		return nil
	}
	return one
}

// meet joins what a question counted on both versions.
func (q *comparison) meet(t *trial) (e encounter) {
	j := t.p.Concurrent(t.goingOn(&q.one), evalue.Since(q.new, t.begin), evalue.Since(q.old, t.begin), t.c.Resolution)
	if len(j.Pairs) == 0 {
		return e
	}
	r := evalue.Ratio(q.control.EC, q.control.NC)
	if len(q.base) == 0 {
		r = evalue.Rate(q.old)
	}
	h := t.p.Hypothesize(q.floor.Absolute, q.floor.Ratio, q.nominal, r, q.dispersion(t.c.Resolution, true, t.p))
	return encounter{j, h, t.expectBeside(q, j.Pairs)}
}

// beside puts a question in front of the old version; nil when the versions never met.
func (t *trial) beside(q *comparison) *contest {
	e := q.meet(t)
	if e.joint == nil {
		return nil
	}
	c := &contest{comparison: q, joint: e.joint, pairs: aside{made: e.pairs}, h: e.h, ratio: q.floor.Ratio, seasonal: 1}
	if t.warms(q) {
		c.served = e.joint.Pairs
	}
	return c
}

// compareBefore compares with the time before the change: grade C where earlier days say how that time of day goes on,
// else D.
func (t *trial) compareBefore(s *Stream, q *comparison) {
	treated := t.expect(q, evalue.Since(q.after, t.begin))
	if len(treated) == 0 || len(q.base) == 0 {
		return
	}
	control := q.control
	grade, ratio, season := correlate.GradeD, t.p.beforeAfter(q.floor), 1.0
	phi := q.dispersion(t.c.Resolution, false, t.p)
	if q.season != nil {
		if y, ok := q.season.At(evalue.Span{From: t.begin, To: t.c.Now}, &t.p.Params); ok {
			grade, ratio, phi = correlate.GradeC, q.floor.Ratio, max(phi, y.Phi)
			control.NC /= y.Factor
			season = y.Factor
		}
	}
	if grade == correlate.GradeD {
		phi = max(phi, q.pseudo.Phi(t.c.Now-t.begin, &t.p.Params))
	}
	h := t.p.Hypothesize(q.floor.Absolute, ratio, q.nominal, evalue.Ratio(control.EC, control.NC), phi)
	c := &contest{
		comparison: q, h: h, pairs: aside{treated: treated, control: control}, before: &control,
		ratio: ratio, seasonal: season,
		spread: func() (unsteady, scatter float64) { return t.p.Dispersion(treated, t.c.Resolution, false), 0 },
	}
	if t.warms(q) {
		c.served = evalue.Alongside(evalue.Since(q.after, t.begin), control)
	}
	t.standardise(c, ratio, season)
	if grade == correlate.GradeC && c.plain == nil && c.served == nil {
		c.steady = func(course int) *expect.Worst { return t.steady(s, course) }
	}
	c.logE = c.evidence(t.starts)
	if far := t.beyond(c, q.farAfter); len(far) > 0 {
		c.far = aside{treated: t.expect(q, far), control: control}
		t.standardiseFar(c, season)
	}
	t.add(c, grade)
}

// add decides a contest. A latency is only slower where its quantile moved by more than the margin in time.
func (t *trial) add(c *contest, grade correlate.Grade) {
	f := finding{contest: c, logE: c.logE}
	switch {
	case f.logE <= 0:
	case c.ofMean():
		f.logE = min(f.logE, c.longer(c.h.Theta, c.family.need(t.p)))
	case c.wide && t.p.Guards.On(guardMoved):
		f.logE = min(f.logE, c.longer(math.Exp(t.p.latencyMargin()), c.family.need(t.p)))
	case !c.far.empty() && t.p.Guards.On(guardMoved):
		f.logE = min(f.logE, c.moved(t.starts))
	}
	f.Grade = grade
	c.describe(&f, nil, t.p.Alpha)
	if c.family == familyErrors {
		_, total := c.all()
		f.visible = evalue.SmallestVisible(total, c.h, familyErrors.need(t.p))
	}
	t.findings = append(t.findings, f)
}

// weigh turns evidence into strength: within a family and kind of control the e-values are averaged, a family that is
// compared with two controls is the mean of both, and the change is the sum of its families by their shares of alpha. That
// is an e-value again (Vovk & Wang, E-values: calibration, combination and applications, 2021), so what the others say
// counts for the family that says the most.
func (t *trial) weigh() {
	most, others := t.combined()
	for f := range families {
		beside, before := t.average(f, true), t.average(f, false)
		bar := f.need(t.p)
		if !math.IsInf(beside, -1) && !math.IsInf(before, -1) && t.p.Guards.On(guardTwoControls) {
			bar += math.Ln2
		}
		if f == most {
			bar -= others
		}
		for i := range t.findings {
			d := &t.findings[i]
			if d.family != f || d.contest == nil {
				continue
			}
			family := before
			if d.Grade <= correlate.GradeB {
				family = beside
			}
			d.bar = bar
			// Only what itself speaks for a fault is strong by its family.
			d.strength = min(family, d.logE) / bar
			if d.logE >= bar && (family >= bar && d.logE >= family || !t.p.Guards.On(guardFamily)) {
				d.strength = d.logE / bar
			}
		}
	}
}

// combined is the family of contests that says the most, and ln of by how much the other families add to its e-value. Values
// are not in it.
func (t *trial) combined() (most family, others float64) {
	var each [familyCustom]float64
	for f := range each {
		f := family(f)
		beside, before := t.average(f, true), t.average(f, false)
		each[f] = evalue.LogSumExp([]float64{beside, before})
		if !math.IsInf(beside, -1) && !math.IsInf(before, -1) {
			each[f] -= math.Ln2
		}
		each[f] += math.Log(asked[f].weight(&t.p.Weights))
		if each[f] > each[most] {
			most = f
		}
	}
	if math.IsInf(each[most], -1) || !t.p.Guards.On(guardCombined) {
		return most, 0
	}
	return most, evalue.LogSumExp(each[:]) - each[most]
}

// average is ln of the mean e-value of a family's findings before one kind of control, -Inf when there are none.
func (t *trial) average(f family, beside bool) float64 {
	var parts []float64
	for i := range t.findings {
		d := &t.findings[i]
		if d.family == f && d.contest != nil && (d.Grade <= correlate.GradeB) == beside {
			parts = append(parts, d.logE)
		}
	}
	if len(parts) == 0 {
		return math.Inf(-1)
	}
	return evalue.LogSumExp(parts) - math.Log(float64(len(parts)))
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
		f.onset, f.end = x.Onset, x.End
		f.recovered = t.c.Now-(x.End+t.c.Resolution) >= t.p.Recovery && x.Tail.NT > 0
		c.describe(f, evalue.Between(c.pairs.all(), x.Onset, x.End), t.p.Alpha)
		f.survive(c.withoutStrongest(x, t.starts), t.p)
	}
}

// open widens the interval of what isn't proven down to what isn't refuted: a rise, or a fall, that is none.
func (f *finding) open(p *Params) {
	c := f.contest
	if c == nil || f.strength >= 1 || f.Ratio == 0 {
		return
	}
	least := c.ratio
	if c.family == familyLatency && !c.ofMean() {
		least = math.Exp(p.latencyMargin())
	}
	if c.h.Fall {
		f.Interval[1] = max(f.Interval[1], 1/least)
		return
	}
	f.Interval[0] = min(f.Interval[0], least)
}

// show puts the effect of latency questions into seconds.
func (t *trial) show() {
	for i := range t.findings {
		f := &t.findings[i]
		f.showLatency(t)
		f.open(t.p)
	}
}

// showLatency puts the effect of a latency question into seconds.
func (f *finding) showLatency(t *trial) {
	if f.contest == nil || f.family != familyLatency {
		return
	}
	in := evalue.Span{From: t.begin, To: t.c.Now}
	if f.onset != 0 {
		in = evalue.Span{From: f.onset, To: f.end + t.c.Resolution}
	}
	c := f.contest
	if c.zones != nil {
		c.zones.seconds(f, c.quantile, in, c.h.Phi)
		return
	}
	c.latency.show(f, c.expected(evalue.PairsIn(c.pairs.all(), in)), c.before == nil, in, c.h.Phi)
	c.showMix(f, in)
}
