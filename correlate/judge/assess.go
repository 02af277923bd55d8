package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Assess says whether the change hurt, by everything known now. It may be called after every cell: the chance that a
// change without effect is ever called regressed stays below p.Alpha.
func Assess(p Params, c Case) Assessment { return new(Memory).Assess(&p, &c) }

// Assess is Assess with what is remembered of earlier looks at the same change.
func (m *Memory) Assess(p *Params, c *Case) Assessment {
	d := m.decided
	if d.trial == nil || d.now != c.Now || d.finish != c.Finish {
		d.ruling = m.tried(p, c)
		d.Assessment = d.assessment()
	}
	d.Evidence = d.evidence()
	m.decided = decided{}
	return d.Assessment
}

// decided is the latest assessment whose evidence was left out, until the next look. Its case may be gathered anew for the same
// instant.
type decided struct {
	ruling
	Assessment
	now, finish int64
}

// Decide is what Assess finds. Where nothing convicts, the evidence is left out: it is a good part of the work, and only
// asked for when a verdict is told.
func (m *Memory) Decide(p *Params, c *Case) Assessment {
	t := m.tried(p, c)
	a := t.assessment()
	if a.Outcome == correlate.Regressed {
		a.Evidence = t.evidence()
		return a
	}
	m.decided = decided{t, a, c.Now, c.Finish}
	a.Untold = true
	return a
}

// tried is a trial in which everything was asked that is to be asked.
func (m *Memory) tried(p *Params, c *Case) ruling {
	m.decided = decided{}
	t := m.catastrophe(p, c)
	if t == nil {
		t = m.newTrial(p, c, c.countsFrom(p))
		t.askAll()
	}
	return ruling{t}
}

// Doubtful is what an assessment says of that, without the rest of it.
func (m *Memory) Doubtful(p *Params, c *Case) bool {
	r := m.tried(p, c)
	r.date()
	r.measure()
	slices.SortStableFunc(r.findings, byStrength)
	return r.doubtful() && !r.convict(new(Assessment))
}

// catastrophe is a trial without the grace time that found errors so many times more frequent that no warm-up explains
// it; nil when there is none, or no grace time. It is only looked for early: later the trial with grace time knows as much.
func (m *Memory) catastrophe(p *Params, c *Case) *trial {
	if !c.early(p) {
		return nil
	}
	t := m.newTrial(p, c, c.Start)
	for i := range c.Streams {
		if s := &c.Streams[i]; s.Kind == correlate.Traffic {
			beside := t.concurrent(s)
			qs := m.record(p, c, s).count(p, c, s, !beside)
			q := &qs[len(qs)-1] // the error ratio
			if !p.overwhelming(q.control, q.failed(t.begin)) {
				continue
			}
			t.compareBeside(q)
			if !beside {
				t.compareBefore(s, q)
			}
		}
	}
	zoning{t}.add(zoning{t}.contest(zoneErrors))
	t.weigh()
	for i := range t.findings {
		f := &t.findings[i]
		if f.strength >= 1 && f.Events >= p.CatastropheEvents && f.exceeds(p.Catastrophe) && p.Guards.On(guardCatastrophe) {
			return t
		}
	}
	return nil
}

// early says that a catastrophe is looked for.
func (c *Case) early(p *Params) bool {
	return p.Catastrophe > 0 && !c.AtOnce && c.Now <= c.Start+p.Grace+p.Restart
}

// failures are the errors among the requests since an instant: of the new version, of all where the old one doesn't serve beside
// it, and of the old one.
type failures struct{ new, after, old evalue.Tally }

// failed are those that a question about errors counted.
func (q *comparison) failed(since int64) (f failures) {
	f.new.Events, f.new.Exposure = evalue.Sum(evalue.Since(q.new, since))
	f.after.Events, f.after.Exposure = evalue.Sum(evalue.Since(q.after, since))
	f.old.Events, f.old.Exposure = evalue.Sum(evalue.Since(q.old, since))
	return f
}

// overwhelming says that there may be enough errors, and so many times more of them than before the change or on the
// old version, for a catastrophe: with the interval's centre so high, its lower bound might be.
func (p *Params) overwhelming(before evalue.Pair, since failures) bool {
	controls := [...]evalue.Pair{before, {EC: float64(since.old.Events), NC: float64(since.old.Exposure)}}
	for _, treated := range [...]evalue.Tally{since.new, since.after} {
		if treated.Events < p.CatastropheEvents {
			continue
		}
		for _, c := range controls {
			if float64(treated.Events)*c.NC > p.Catastrophe/2*c.EC*float64(treated.Exposure) {
				return true
			}
		}
	}
	return false
}

// askAll puts every question of every stream.
func (t *trial) askAll() {
	zoning{t}.compare()
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		in := inquiryOf(s.Kind)
		if in.outside && t.concurrently() || in.guard != "" && !t.p.Guards.On(in.guard) {
			continue
		}
		in.put(t, s)
	}
	calling{t}.ask()
	t.weigh()
}

// concurrently says that the service's own requests are compared with the old version's, or with those of unchanged zones,
// now: then no view from outside, which can't tell them apart, is worth asking.
func (t *trial) concurrently() bool {
	if (zoning{t}).serving() {
		return true
	}
	for i := range t.c.Streams {
		if s := &t.c.Streams[i]; s.Kind == correlate.Traffic && t.servedBeside(s) {
			return true
		}
	}
	return false
}

// ruling is what is made of a trial's findings.
type ruling struct{ *trial }

// assessment decides.
func (t ruling) assessment() Assessment {
	t.date()
	t.measure()
	slices.SortStableFunc(t.findings, byStrength)
	a := Assessment{Outcome: correlate.Inconclusive, Contrast: t.contrast(), SmallestVisible: round(t.smallestVisible())}
	switch {
	case t.convict(&a):
	case t.acquit(&a):
	default:
		a.Reason, a.Grade = t.doubt()
		a.NearMiss, a.Doubtful = t.nearMiss(), t.doubtful()
	}
	a.Shares = t.shares(&a)
	return a
}

// evidence is what the findings of an assessment say, for people to read.
func (t ruling) evidence() (all []correlate.Evidence) {
	for i := range t.findings {
		t.findings[i].limits()
	}
	t.show()
	t.bound()
	for i := range t.findings {
		all = append(all, t.findings[i].rounded())
	}
	return all
}

// convict finds the strongest fault that hangs on no single cell and wasn't a blip.
func (t ruling) convict(a *Assessment) bool {
	for i := range t.findings {
		f := &t.findings[i]
		if f.family == supporting || f.strength < 1 || t.blip(f) {
			continue
		}
		if t.excused(f) {
			t.shifted = true
			continue
		}
		a.Outcome, a.Reason, a.Grade, a.Onset = correlate.Regressed, asked[f.family].reason, f.Grade, f.onset
		a.Strength = f.strength
		weight := t.weightOf(f)
		a.LogE = f.strength*t.p.need(weight) + math.Log(weight)
		if f.recovered {
			a.Recovered = f.end
		}
		f.Routes = t.hurt(f)
		convicting := t.findings[i]
		copy(t.findings[1:], t.findings[:i])
		t.findings[0] = convicting // what convicts is shown first
		return true
	}
	return false
}

// weightOf is the share of Alpha that a finding may spend.
func (t ruling) weightOf(f *finding) float64 {
	if f.share > 0 {
		return f.share
	}
	return asked[f.family].weight(&t.p.Weights)
}

// blip: it went away by itself before it was long enough to matter, and didn't come again.
func (t ruling) blip(f *finding) bool {
	return f.recovered && f.end-f.onset < t.p.Transient && !t.repeated(f) && t.p.Guards.On(guardTransient)
}

// repeated says that there was another excursion, well apart from the one that was located, as strong as would convict
// by itself.
func (t ruling) repeated(f *finding) bool {
	if f.contest == nil {
		return false
	}
	c := *f.contest
	bar := f.family.need(t.p)
	for _, in := range [...]evalue.Span{{From: t.begin, To: f.onset - t.p.Recovery}, {From: f.end + t.p.Recovery, To: t.c.Now}} {
		if c.pairs = (aside{made: evalue.PairsIn(f.contest.pairs.all(), in)}); !c.pairs.empty() {
			if _, gain := c.locate(); gain >= bar {
				return t.p.Guards.On(guardRepeated)
			}
		}
	}
	return false
}

// doubt says why nothing can be said, and how good the best comparison was.
func (t ruling) doubt() (correlate.Reason, correlate.Grade) {
	best, required := correlate.Grade(""), t.required()
	for i := range t.findings {
		f := &t.findings[i]
		if f.strength >= 1 && t.blip(f) {
			return correlate.ReasonTransient, f.Grade
		}
		if f.family < families && required[f.family] && (best == "" || f.Grade < best) {
			best = f.Grade
		}
	}
	switch {
	case t.shifted:
		return correlate.ReasonMixShift, best
	case !t.anything():
		return correlate.ReasonNoTelemetry, ""
	case t.c.uncovered(t.p):
		return correlate.ReasonNoCoverage, best
	case best == correlate.GradeD && (t.visible() || t.risen()):
		return correlate.ReasonBaselineTooShort, best
	case best == "" && !t.baseline():
		return correlate.ReasonBaselineTooShort, best
	}
	return correlate.ReasonUnderpowered, best
}

// worthAWord is how far on its way to convict a finding is worth a word.
const worthAWord = 0.05

// nearMiss is the finding that came nearest to convict by itself, nil when none came any way.
func (t ruling) nearMiss() *NearMiss {
	var best *finding
	most := worthAWord
	for i := range t.findings {
		if f := &t.findings[i]; f.family != supporting && t.way(f) > most {
			best, most = f, t.way(f)
		}
	}
	if best == nil || !t.p.Guards.On(guardNearMiss) {
		return nil
	}
	s := &NearMiss{Signal: best.Signal, Onset: max(best.onset, t.begin), Strength: round(best.logE)}
	if best.contest != nil {
		x, _ := best.contest.locate()
		s.Onset = x.Onset
	}
	missing := t.p.need(t.weightOf(best)) * (1 - most)
	s.Probability = round(1 / (1 + math.Exp(missing)))
	return s
}

// way is how much of the way to convict a finding has come, whatever its family says: 1 is there.
func (t ruling) way(f *finding) float64 {
	if f.contest == nil {
		return f.strength
	}
	return min(f.logE/f.family.need(t.p), 1)
}

// anything says that some stream that may convict has data since the change.
func (t ruling) anything() bool {
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if s.Kind == correlate.Saturation {
			continue
		}
		for _, cells := range [...][]correlate.Cell{s.Whole, s.New} {
			if len(cells) > 0 && cells[len(cells)-1].Start >= t.c.Start {
				return true
			}
		}
	}
	return false
}

// baseline says that some stream has data from before the change.
func (t ruling) baseline() bool {
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if len(s.History) > 0 || (len(s.Whole) > 0 && s.Whole[0].Start+t.c.Resolution <= t.c.Start) {
			return true
		}
	}
	return false
}

// visible says that a tripled error ratio would have shown.
func (t ruling) visible() bool {
	const worthSeeing = 3
	v := t.smallestVisible()
	return v > 0 && v <= worthSeeing
}

// risen says that something got worse than the time before by more than would matter, had there been a better control.
func (t ruling) risen() bool {
	for i := range t.findings {
		f := &t.findings[i]
		if f.contest != nil && (f.family == familyErrors || f.family == familyLatency) && f.Grade == correlate.GradeD && f.exceeds(f.contest.floor.Ratio) {
			return true
		}
	}
	return false
}

// smallestVisible is that of the error ratio in front of its best control, 0 when nothing could be seen.
func (t ruling) smallestVisible() float64 {
	smallest := 0.0
	for i := range t.findings {
		if f := &t.findings[i]; f.family == familyErrors && f.visible > 0 && (smallest == 0 || f.visible < smallest) {
			smallest = f.visible
		}
	}
	return smallest
}

// contrast is the strongest ln e-value of the new version against the old one, or of the changed zones against the others,
// 0 without such a comparison.
func (t ruling) contrast() float64 {
	strongest := math.Inf(-1)
	for i := range t.findings {
		if f := &t.findings[i]; f.Grade <= correlate.GradeB && f.contest != nil {
			strongest = max(strongest, f.logE)
		}
	}
	if math.IsInf(strongest, -1) {
		return 0
	}
	return round(strongest)
}

// shares are what the versions' contests say of their signals since the onset, or since the change where nothing regressed.
func (t ruling) shares(a *Assessment) (all []Share) {
	in := evalue.Span{From: max(t.begin, a.Onset), To: t.c.Now}
	if a.Recovered > 0 {
		in.To = a.Recovered
	}
	for i := range t.findings {
		f := &t.findings[i]
		c := f.contest
		if c == nil || c.before != nil || c.zones != nil || f.Grade != correlate.GradeA {
			continue
		}
		usual := evalue.Ratio(c.control.EC, c.control.NC)
		phi := c.dispersion(t.c.Resolution, true, t.p)
		if s := evalue.Share(evalue.PairsIn(c.pairs.all(), in), usual, phi); s != 0 {
			all = append(all, Share{Signal: f.Signal, LogLR: round(s)})
		}
	}
	return all
}
