package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Ripe says that the change was watched for long enough to be acquitted, as far as that depends on its dates: while its
// rollout isn't complete, a canary must also have been held, see held.
func (c *Case) Ripe(p *Params) bool {
	watched := c.Now - c.Start
	return watched >= p.MinHealthy && (watched >= 2*(c.Finish-c.Start) || !p.Guards.On(guardTwiceTheRollout))
}

// acquit requires enough time, nothing that speaks for a fault and, of every required family, a proof by the old version
// or by earlier days. A proof that once was there holds while nothing speaks clearly against it: see stood.
func (t ruling) acquit(a *Assessment) bool {
	if t.c.Now-t.c.Start < t.p.MinHealthy || t.doubtful() || t.c.uncovered(t.p) {
		return false
	}
	grade := correlate.Grade("")
	if t.watched() {
		grade = t.proven(t.provenNow)
	}
	if grade == "" && (t.c.Finish != 0 || t.concurrently()) && t.proven(t.tolerableNow) != "" {
		if grade = t.stood(); grade != "" && !t.p.Guards.On(guardProofStands) {
			grade = ""
		}
	}
	if grade == "" {
		return false
	}
	a.Outcome, a.Reason, a.Grade = correlate.Healthy, correlate.ReasonWithinMargin, grade
	return true
}

// watched says that the change was watched for long enough.
func (t ruling) watched() bool {
	return t.c.Ripe(t.p) && (t.c.Finish != 0 || t.held() || !t.p.Guards.On(guardHeld))
}

// doubtful says that something speaks for a fault: what is not enough to convict may be too much to acquit.
func (t ruling) doubtful() bool {
	const halfway = 0.5
	for i := range t.findings {
		f := &t.findings[i]
		switch {
		case f.rerouted:
			return true
		case f.family == supporting:
		case f.strength >= halfway && t.p.Guards.On(guardHalfway), t.slower(f),
			asked[f.family].bars != nil && asked[f.family].bars(t.p, f):
			return true
		}
	}
	return false
}

// slower says that a quantile of the latency did become longer, and likely by more than the margin, by whatever part of the
// requests; unless earlier days, the mix of routes or a warm-up let expect it.
func (t ruling) slower(f *finding) bool {
	if f.family != familyLatency || f.contest == nil || f.contest.doubled || !t.p.Guards.On(guardSlower) {
		return false
	}
	if f.contest.plain != nil || f.contest.served != nil {
		return false
	}
	x := f.contest.shift(f.contest.quantile, evalue.Span{From: t.begin, To: t.c.Now})
	return x.Known() && x.Low > 1 && x.Ratio >= math.Exp(t.p.latencyMargin()) && !f.contest.stayed(t.p)
}

// proven is the worst of the grades by which the required families are proven harmless, "" when one isn't. A canary that
// is held back is only acquitted by the old version beside it, or by the zones that it hasn't reached.
func (t ruling) proven(by func(*finding) bool) correlate.Grade {
	worst := correlate.Grade("")
	for f, required := range t.required() {
		if !required {
			continue
		}
		grade := t.proof(family(f), by)
		if grade == "" || (t.c.Finish == 0 && grade > correlate.GradeB && t.p.Guards.On(guardCanaryBeside)) {
			return ""
		}
		worst = max(worst, grade)
	}
	return worst
}

// proof is the best grade by which all findings of a family are harmless, "" when there is none. Before and after alone
// never proves anything.
func (t ruling) proof(family family, by func(*finding) bool) correlate.Grade {
	if family == familyCustom && !t.allCompared() {
		return ""
	}
	for _, grade := range [...]correlate.Grade{correlate.GradeA, correlate.GradeB, correlate.GradeC} {
		n, safe := 0, 0
		for i := range t.findings {
			if f := &t.findings[i]; f.family == family && f.Grade == grade {
				n++
				if by(f) {
					safe++
				}
			}
		}
		if n > 0 && n == safe {
			return grade
		}
	}
	return ""
}

// allCompared says that every custom signal was compared with earlier days.
func (t ruling) allCompared() bool {
	signals, compared := 0, 0
	for i := range t.c.Streams {
		if isValue(t.c.Streams[i].Kind) {
			signals++
		}
	}
	for i := range t.findings {
		if f := &t.findings[i]; f.family == familyCustom && f.Grade == correlate.GradeC {
			compared++
		}
	}
	return compared == signals
}

// provenNow is a proof by everything up to now.
func (t ruling) provenNow(f *finding) bool {
	if f.worst != nil {
		return f.worst.Upper <= f.tolerance()
	}
	return f.contest != nil && f.contest.harmless(t.p) && !f.contest.hidden(t.p, evalue.Span{From: t.begin, To: t.c.Now})
}

// tolerableNow says that what is likely is within the margin. Values must still be proven: each stretch that comes has a
// bound of its own, of which earlier looks knew nothing.
func (t ruling) tolerableNow(f *finding) bool {
	if f.worst != nil {
		return t.provenNow(f)
	}
	return f.contest != nil && f.contest.tolerable()
}

// stood is the grade of a proof that was there at an earlier look, "" when there was none. The bounds of a confidence
// sequence hold at all instants at once, so a proof isn't undone by chance; that what it is about hasn't changed since is
// asked by others: nothing speaks for a fault now, and what is likely is still within the margin.
//
// The earlier looks are at fixed distances and see what was known then, so that this is a function of the cells alone.
func (t ruling) stood() correlate.Grade {
	first := evalue.RoundUpTo(t.c.Start, t.c.Resolution) + evalue.RoundUpTo(t.p.MinHealthy, t.p.Restart)
	known := &t.m.proof
	if known.next == 0 || known.finish != t.c.Finish {
		*known = proof{finish: t.c.Finish, next: first}
	}
	for ; known.grade == "" && known.next < t.c.Now; known.next += t.p.Restart {
		known.grade, known.at = t.provenAt(known.next), known.next
	}
	if known.at >= t.c.Now {
		return "" // an earlier instant is looked at than before
	}
	return known.grade
}

// provenAt is the grade of the proof at an earlier look, "" when there was none.
func (t ruling) provenAt(at int64) correlate.Grade {
	c := *t.c
	if c.Now = at; c.Finish > at {
		c.Finish = 0
	}
	then := ruling{t.m.newTrial(t.p, &c, t.begin)}
	if !then.watched() {
		return ""
	}
	then.askRequired()
	then.measure()
	return then.proven(t.provenNow)
}

// proof is the first proof at an earlier look, as far as they were looked at, of a rollout that was complete at an instant.
type proof struct {
	finish int64
	next   int64 // the first look that wasn't made
	at     int64 // the last one that was
	grade  correlate.Grade
}

// bound says of every finding that may acquit by how much it became worse at most.
func (t ruling) bound() {
	in := evalue.Span{From: t.begin, To: t.c.Now}
	for i := range t.findings {
		switch f := &t.findings[i]; {
		case f.worst != nil:
			f.atMost(correlate.AtMost{Difference: f.worst.Upper, Level: 1 - t.p.AlphaHealthy, MarginDifference: f.tolerance()})
		case f.contest == nil || f.contest.floor.Margin == 0:
		case f.contest.latency != nil || f.family == familyLatency:
			if x := f.contest.shift(f.contest.quantile, in); x.Known() && !math.IsInf(x.High, 1) {
				f.atMost(correlate.AtMost{Ratio: f.Interval[1], Level: 1 - t.p.Alpha, MarginRatio: math.Exp(t.p.latencyMargin())})
			}
		default:
			together, own := f.contest.spreads(t.p)
			rise := f.contest.rise(together, own, t.p.AlphaHealthy)
			f.atMost(correlate.AtMost{
				Ratio: rise.Ratio, Difference: rise.Difference, Level: 1 - t.p.AlphaHealthy,
				MarginRatio: f.contest.floor.Margin, MarginDifference: f.contest.floor.MarginAbsolute,
			})
		}
	}
}

// atMost shows a bound, without the ends that nothing bounds.
func (f *finding) atMost(b correlate.AtMost) {
	for _, end := range [...]*float64{&b.Ratio, &b.Difference, &b.MarginRatio, &b.MarginDifference} {
		if *end = round(*end); math.Abs(*end) >= limit {
			*end = 0
		}
	}
	if b.Ratio != 0 || b.Difference != 0 {
		f.AtMost = b
	}
}

// askRequired puts the questions that a proof is about.
func (t *trial) askRequired() {
	concurrently, required := t.concurrently(), t.required()
	zoning{t}.compare()
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		switch in := inquiryOf(s.Kind); {
		case in.slow && !(in.outside && concurrently) && (in.guard == "" || t.p.Guards.On(in.guard)):
			t.ask(s)
		case isValue(s.Kind) && required[familyCustom]:
			t.gauge(s)
		}
	}
}

// held says that a rollout that isn't complete has kept the new version, or the changed zones, at a steady share of the
// requests, through the last half of its time and at least for the shortest observation: as much was seen of it as of a
// rollout that was complete by then, and in so many requests that errors at the margin would hardly have stayed out of
// them.
func (t ruling) held() bool {
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		if s.Kind == correlate.Traffic && t.steadily(func(in evalue.Span) (treated, control int64) {
			return evalue.Requests(evalue.CellsIn(s.New, in)), evalue.Requests(evalue.CellsIn(s.Old, in))
		}) {
			return true
		}
	}
	return t.steadily(zoning(t).requests)
}

// steadily is held by the requests of two sides.
func (t ruling) steadily(sides func(evalue.Span) (treated, control int64)) bool {
	if treated, _ := sides(evalue.Span{From: t.begin, To: t.c.Now}); float64(treated) < -math.Log(t.p.Alpha)/t.p.Errors.MarginAbsolute {
		return false
	}
	const parts = 3
	length := max(t.p.MinHealthy, (t.c.Now-t.c.Start)/2) / parts
	var share [parts]float64
	for k := range share {
		treated, control := sides(evalue.Span{From: t.c.Now - int64(k+1)*length, To: t.c.Now - int64(k)*length})
		if treated == 0 || control == 0 {
			return false
		}
		share[k] = float64(treated) / float64(control)
	}
	return steady(share[:])
}

// steady says that some shares are about the same.
func steady(shares []float64) bool {
	const apart = 1.5
	low, high := math.Inf(1), 0.0
	for _, s := range shares {
		low, high = min(low, s), max(high, s)
	}
	return high <= apart*low
}
