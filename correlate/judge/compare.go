package judge

import (
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// comparison is one question put to one stream: how often did the event happen before, after, on the new version and
// on the old one? Every slice is sorted by time.
type comparison struct {
	signal  string
	family  family
	floor   Floor
	nominal float64 // the event ratio that the question implies, 0 when none: 0.1 beyond a 0.9-quantile

	base, after []evalue.Tally // every version, before and since the change
	new, old    []evalue.Tally // since the change; new is nil without a contrast of versions
	history     []evalue.Tally // every version, earlier, in coarse cells
	past        []evalue.Tally // the same around earlier rollouts

	// farAfter and farNew count, since the change, what lies beyond the threshold by the margin in time; nil for questions
	// without one.
	farAfter, farNew []evalue.Tally

	counting evalue.Counting // of the events; nil where what is slower than a quantile is counted
	lower    *comparison     // the question about the next lower threshold of the same requests
	wide     bool            // the quantile lies in a bucket that is wider than the margin
	doubled  bool            // the threshold lies twice as high, because the quantile is hardly known
	latency  *latencyView    // how a latency question is shown; nil for the others
	quantile float64         // that it is about, 0 for the mean

	kept
}

// kept is what a comparison remembers from look to look.
type kept struct {
	// counted is everything, also what a look at an earlier instant must not see.
	counted struct{ after, new, old, farAfter, farNew []evalue.Tally }
	one     evalue.Joint                     // of the new version and the old one after the grace time
	farOne  evalue.Joint                     // of what lies beyond the margin
	control evalue.Pair                      // base as a control
	phi     struct{ beside, before float64 } // of the baseline, concurrently or not; 0 while unknown
	season  *expect.Seasons                  // nil when the history is too short
	tails   evalue.Tails                     // of after, since the grace time
	pseudo  *expect.ShortHistory             // nil when there is a season, or nothing but base
	warm    *expect.WarmUp                   // nil when nothing is known of a warm-up
}

// dispersion is φ of the baseline: of the time before the change or, without any, of the old version.
func (q *comparison) dispersion(resolution int64, concurrently bool, p *Params) float64 {
	known := &q.phi.before
	if concurrently {
		known = &q.phi.beside
	}
	if *known != 0 && len(q.base) > 0 {
		return *known
	}
	baseline := q.base
	if len(baseline) == 0 {
		baseline = q.old
	}
	phi := p.Dispersion(baseline, resolution, concurrently)
	if q.lower != nil {
		phi = p.Borrowed(phi, q.lower.dispersion(resolution, concurrently, p), baseline)
	}
	*known = phi
	return phi
}

// contest is a comparison in front of one control.
type contest struct {
	*comparison
	h     evalue.Hypothesis
	pairs aside
	joint *evalue.Joint // of the pairs, when the control is concurrent
	zones *zonal        // nil unless zones are compared
	// plain are the pairs as they were counted, before the mix of routes moved what is expected; nil when it doesn't.
	plain []evalue.Pair
	mix   *expect.Standard
	far   aside // the same with the treated side's events beyond the margin in time; nil without one
	// served is the pairs with the exposure that there was, where a warm-up is expected; nil elsewhere.
	served []evalue.Pair
	logE   float64 // the evidence
	// ratio is up to which a rise, or a fall, is none; seasonal by how much more often the event was to be expected at that
	// time of day than before.
	ratio, seasonal float64
	// before is the control when it lies before the change; nil when it is concurrent and in the pairs.
	before *evalue.Pair
	// spread is what unsteady and scatter are, nil once that was looked up: most looks don't ask.
	spread func() (unsteady, scatter float64)
	// unsteady is φ of the treated side itself. A fault may be bursty, so it doesn't weaken a conviction, but a change
	// whose events come in new bursts isn't proven harmless by their mean.
	unsteady float64
	// scatter is φ of the way in which events fall on the two sides at the same time, or by how much the treated side is
	// more bursty than the control. Bursts that both sides share don't show in it. 0 where the control is before.
	scatter float64
	// steady bounds by how much the quantity itself rose in some stretch, against earlier days, by course; nil where there are none, or
	// where something else than time is expected to move it. The bound is nil when there is none.
	steady func(course int) *expect.Worst
	worked
}

// aside is the pairs of a contest. Where the control lies before the change, they are made of the treated side's tallies, each
// with its part of that control, and only when they are asked for: their sum, and what they say against it, are known without.
type aside struct {
	made    []evalue.Pair
	treated []evalue.Tally
	control evalue.Pair
}

// all is every pair, in order.
func (a *aside) all() []evalue.Pair {
	if a.made == nil && a.treated != nil {
		a.made = evalue.Alongside(a.treated, a.control)
	}
	return a.made
}

func (a *aside) empty() bool { return len(a.made)+len(a.treated) == 0 }

// total is the treated side's sum in front of a control.
func (a *aside) total(control evalue.Pair) evalue.Pair {
	if a.made != nil {
		t := evalue.Totals(a.made)
		return evalue.Pair{ET: t.ET, NT: t.NT, EC: control.EC, NC: control.NC}
	}
	e, n := evalue.Sum(a.treated)
	return evalue.Pair{ET: float64(e), NT: float64(n), EC: control.EC, NC: control.NC}
}

// against is ln E of the treated side against a control before it.
func (a *aside) against(control evalue.Pair, h evalue.Hypothesis, starts []evalue.Restart) float64 {
	if a.made != nil {
		return evalue.EvidenceAgainst(a.made, control, h, starts)
	}
	return evalue.EvidenceOf(a.treated, control, h, starts)
}

// worked is what was worked out of a contest and is asked for more than once.
type worked struct {
	likelihood *evalue.Likelihood // of all pairs
	total      evalue.Pair        // of the same, see independent
	risen      struct {
		together, own, alpha float64
		*evalue.Rise
	}
	shifts []workedShift
}

// workedShift is that of a quantile, or of the mean where it is 0, in a stretch of time.
type workedShift struct {
	quantile float64
	in       evalue.Span
	evalue.Shift
}

// all is the likelihood of all pairs, and their sum.
func (c *contest) all() (evalue.Likelihood, evalue.Pair) {
	if c.likelihood == nil {
		pairs := c.independent(&c.pairs)
		l := evalue.NewLikelihood(pairs, c.h)
		c.likelihood, c.total = &l, evalue.Totals(pairs)
	}
	return *c.likelihood, c.total
}

// evidence is ln E of the contest.
func (c *contest) evidence(starts []evalue.Restart) float64 {
	if c.zones != nil {
		return c.zones.evidence(c.pairs.all(), starts)
	}
	if c.before != nil {
		return c.pairs.against(*c.before, c.h, starts)
	}
	return evalue.Evidence(c.pairs.all(), c.h, starts)
}

// moved is ln E of that a quantile moved by more than the margin in time: more requests lie beyond the farther threshold on
// the treated side than beyond the nearer one on the control's.
func (c *contest) moved(starts []evalue.Restart) float64 {
	if c.zones != nil {
		return c.zones.moved(c.far.all(), starts)
	}
	h := c.h.Same()
	if c.before != nil {
		return c.far.against(*c.before, h, starts)
	}
	return evalue.Evidence(c.far.all(), h, starts)
}

// independent is the contest's pairs as the interval wants them: one for each independent control.
func (c *contest) independent(pairs *aside) []evalue.Pair {
	if c.before == nil {
		return pairs.all()
	}
	return []evalue.Pair{pairs.total(*c.before)}
}

// describe fills in the numbers that people check, from some of the pairs, or all of them when these are nil: both ratios,
// their quotient, of which limits has the interval, and what it rests on.
func (c *contest) describe(f *finding, some []evalue.Pair, alpha float64) {
	_, t := c.all()
	f.untested, f.alpha = c.likelihood, alpha
	counted, warmed := t, t
	if some != nil {
		pairs := c.independent(&aside{made: some})
		l := evalue.NewLikelihood(pairs, c.h)
		f.untested, t = &l, evalue.Totals(pairs)
	}
	if some == nil && (c.served != nil || c.plain != nil || c.zones != nil) {
		some = c.pairs.all()
	}
	if some != nil {
		counted, warmed = c.counted(some)
	}
	f.Signal, f.family = c.signal, c.family
	f.Ratio = quotient(evalue.Ratio(t.ET, t.NT), evalue.Ratio(t.EC, t.NC), t)
	f.Baseline, f.Observed = evalue.Ratio(t.EC, t.NC), evalue.Ratio(counted.ET, counted.NT)
	f.N, f.Events = int64(counted.NT), int64(counted.ET)
	if c.served != nil && counted.NT > 0 {
		f.Baseline *= warmed.NT / counted.NT
	}
	if c.plain != nil {
		f.Mix = c.h.Mixed(warmed, t)
	}
	if c.zones != nil {
		c.zones.describe(f, some)
	}
}

// counted is the sum of pairs as they were counted, and as the warm-up alone has it, before the mix of routes moved them.
func (c *contest) counted(pairs []evalue.Pair) (counted, warmed evalue.Pair) {
	if len(pairs) == 0 {
		return evalue.Pair{}, evalue.Pair{}
	}
	of := func(earlier []evalue.Pair) evalue.Pair {
		return evalue.Totals(evalue.PairsIn(earlier, evalue.Span{From: pairs[0].At, To: pairs[len(pairs)-1].At + 1}))
	}
	if warmed = evalue.Totals(pairs); c.plain != nil {
		warmed = of(c.plain)
	}
	if counted = warmed; c.served != nil {
		counted = of(c.served)
	}
	return counted, warmed
}

// harmless says whether the rise is bounded by the margin, with the φ of what was seen since the change.
func (c *contest) harmless(p *Params) bool {
	if c.floor.Margin == 0 {
		return false
	}
	if c.ofMean() {
		x := c.longerBy(c.pairs.all())
		return x.Known() && x.High < c.floor.Margin
	}
	together, own := c.spreads(p)
	alpha := p.AlphaHealthy / c.ways()
	rise := c.rise(together, own, alpha)
	return rise.Ratio < c.floor.Margin || rise.Difference < c.floor.MarginAbsolute ||
		(c.hardlyMoved(together, alpha) && p.Guards.On(guardHardlyMoved)) || (c.stayed(p) && p.Guards.On(guardStayed))
}

// spreads are φ of how events fall on the two sides, and of either side by itself, with what was seen since the change.
func (c *contest) spreads(p *Params) (together, own float64) {
	if c.spread != nil {
		c.unsteady, c.scatter = c.spread()
		c.spread = nil
	}
	own = c.h.Phi
	if c.unsteady > own && p.Guards.On(guardUnsteady) {
		own = c.unsteady
	}
	switch {
	case c.before != nil:
		return own, own
	case !p.Guards.On(guardScatter):
		return c.h.Phi, own
	}
	return c.scatter, own
}

// waysToBeHarmless is in how many ways a question may be proven harmless at most. They share the chance to be wrong.
const waysToBeHarmless = 3

// ways is in how many of them this one may be.
func (c *contest) ways() float64 {
	n := 1.0
	if !c.far.empty() {
		n++
	}
	if c.steady != nil {
		n++
	}
	return n
}

// stayed says whether the quantity itself is proven to have risen by less than the margin in every stretch.
func (c *contest) stayed(p *Params) bool {
	if c.steady == nil {
		return false
	}
	w := c.steady(c.course())
	switch {
	case w == nil:
		return false
	case c.latency != nil:
		return w.Upper < p.latencyMargin()
	}
	return w.Upper < max(c.floor.MarginAbsolute, (c.floor.Margin-1)*w.Level)
}

// rise is how much more often the event happens on the treated side, at most.
func (c *contest) rise(together, own, alpha float64) evalue.Rise {
	if r := &c.risen; r.Rise == nil || r.together != together || r.own != own || r.alpha != alpha {
		l, t := c.all()
		rise := evalue.RiseOf(t, &l, together, own, alpha, c.h.Bounds)
		r.together, r.own, r.alpha, r.Rise = together, own, alpha, &rise
	}
	return *c.risen.Rise
}

// tolerable says whether the most likely rise lies within the margin.
func (c *contest) tolerable() bool {
	_, t := c.all()
	rise := evalue.Ratio(t.ET, t.NT) - evalue.Ratio(t.EC, t.NC)
	if rise < c.floor.MarginAbsolute || c.likely() < c.floor.Margin {
		return true
	}
	far := evalue.Totals(c.independent(&c.far))
	return far.NT > 0 && evalue.Ratio(far.ET, far.NT) < evalue.Ratio(far.EC, far.NC)
}

// hardlyMoved says whether a quantile is proven to have moved by less than the margin in time: fewer requests lie beyond
// the farther threshold on the treated side than beyond the nearer one on the control's. phi is that of both sides.
func (c *contest) hardlyMoved(phi, alpha float64) bool {
	if c.far.empty() {
		return false
	}
	l := evalue.NewLikelihood(c.independent(&c.far), evalue.Hypothesis{Phi: phi})
	return evalue.Upper(&l, alpha) < 1
}

// likely is the most likely ratio of what is counted, with half an event added on both sides.
func (c *contest) likely() float64 {
	t := c.h.Turn(evalue.Totals(c.independent(&c.pairs)))
	if t.NT == 0 || t.NC == 0 {
		return 1
	}
	return ((t.ET + 0.5) / t.NT) / ((t.EC + 0.5) / t.NC)
}

// locate finds when the fault showed.
func (c *contest) locate() (evalue.Excursion, float64) {
	return evalue.Locate(c.pairs.all(), c.h, c.likely())
}

// withoutStrongest is ln E without the cell in an excursion that speaks for a fault the most: what hangs on a single cell,
// however long it is, is no fault yet.
func (c *contest) withoutStrongest(x evalue.Excursion, starts []evalue.Restart) float64 {
	rest := *c
	rest.pairs = aside{made: evalue.WithoutStrongest(c.pairs.all(), x, c.h)}
	return rest.evidence(starts)
}

// quotient is observed over baseline; where the baseline had no events, half an event is imagined.
func quotient(observed, baseline float64, t evalue.Pair) float64 {
	switch {
	case baseline > 0:
		return observed / baseline
	case observed == 0 || t.NC == 0:
		return 1
	}
	return observed / (0.5 / t.NC)
}
