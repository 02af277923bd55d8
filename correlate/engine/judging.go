package engine

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// convicted is the probability from which a change is held responsible.
	convicted = 0.5
	// hops is how far from a changed service a fault is still looked for.
	hops = 3
	// neighbourEvery is how many buckets lie between two looks at services that did not change.
	neighbourEvery = 6
	// told is how many signals of a fault on another service a verdict repeats.
	told = 3
	// valueElsewhere is how strong the fault of a value (a custom signal) on another service must be to be held against a
	// change: there are many values on many services, and what is learnt of one from its past is no exact test.
	valueElsewhere = 3
	// bar is about the ln e-value at which a family convicts: what the strength of a fault is measured in.
	bar = 6
	// uncovered is the share of a window that may lack telemetry before it can't end healthy.
	uncovered = 0.2
)

// finding is what a verdict says, before it becomes a revision.
type finding struct {
	outcome   correlate.Outcome
	reason    correlate.Reason
	grade     correlate.Grade
	onset     int64
	recovered int64
	blame     float64
	evidence  []correlate.Evidence
	visible   float64
}

// suspicion is a change under observation with what its own service says now.
type suspicion struct {
	*change
	cutoff int64 // the change that superseded it began; 0 while none has
	a      judge.Assessment
}

// look is what was last seen on the services around the open changes. It is a function of the state at its instant, so
// it can be made again after a restart.
type look struct {
	at     int64
	faults []fault
	hints  []fault
}

// fault is a regression on a place, with the changes that may have done it.
type fault struct {
	place
	blame.Fault
	suspects []correlate.Suspect
	own      string  // the change whose own assessment this is, "" for a service seen as a whole
	certain  float64 // how probable it is that there is a fault at all; 1 when it is proven
	// provesElsewhere: it was found on a service without a fault-bearing change, and is strong enough to be held against
	// a change nearby.
	provesElsewhere bool
	recover         int64
	grade           correlate.Grade
	evidence        []correlate.Evidence // what convicts, at most a few
}

// judgeUpTo judges every open change at each bucket boundary up to the watermark.
func (e *Engine) judgeUpTo(mark int64) {
	open := e.observing()
	if len(open) == 0 {
		return
	}
	from := mark
	for _, c := range open {
		from = min(from, c.judged)
	}
	for t := window.Floor(from, e.cfg.Resolution) + e.cfg.Resolution; t <= mark; t += e.cfg.Resolution {
		e.judgeAt(t, false)
	}
}

// Conclude ends every open window at the watermark: nothing more will come. It is how a replay ends.
func (e *Engine) Conclude() []correlate.Effect {
	e.effects = nil
	if t := e.mark.At; t > 0 {
		e.judgeAt(t, true)
	}
	for _, c := range e.observing() {
		e.conclude(c, finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNoTelemetry},
			max(e.mark.At, c.start()), true)
	}
	return e.effects
}

func (e *Engine) judgeAt(t int64, last bool) {
	var due, recent []suspicion
	for _, c := range e.watched {
		switch {
		case c.start() >= t:
		case c.rec.Phase == correlate.PhaseObserving && (c.judged < t || last):
			due = append(due, e.suspect(c, t))
		case c.rec.Phase == correlate.PhaseClosed && c.live():
			recent = append(recent, e.suspect(c, t))
		}
	}
	if len(due) == 0 {
		return
	}
	around := e.facedAround(t, last)
	faults, hints := ownFaults(due)
	faults, hints = append(faults, around.faults...), append(hints, around.hints...)
	suspects := append(slices.Clone(due), recent...)
	e.rank(faults, suspects, t)
	for i := range faults {
		e.reportRegression(faults[i], t)
	}
	ranked := false
	for _, s := range due {
		s.judged = t
		if ending := e.ends(s, t, last); ending && !ranked {
			e.rank(hints, suspects, t)
			ranked = true
		}
		e.decide(s, faults, hints, t, last)
	}
}

// rank finds the suspects of each fault.
func (e *Engine) rank(faults []fault, suspects []suspicion, t int64) {
	for i := range faults {
		f := &faults[i]
		f.suspects = e.cfg.Blame.Rank(f.Fault, e.candidates(suspects, *f, t), e.edges(f.Environment))
	}
}

// ends says that this is the last look at a change.
func (e *Engine) ends(s suspicion, t int64, last bool) bool {
	return last || (s.cutoff > 0 && t >= s.cutoff) || t >= e.windowEnd(s.change)
}

// suspect assesses the service of a change from its own point of view.
func (e *Engine) suspect(c *change, t int64) suspicion {
	s := suspicion{change: c, cutoff: e.supersededAt(c, t)}
	now := min(t, window.Floor(e.windowEnd(c), e.cfg.Resolution))
	if s.cutoff > 0 {
		now = min(now, window.Floor(s.cutoff, e.cfg.Resolution))
	}
	finish := c.finish()
	if finish > now {
		finish = 0
	}
	if c.assessed.at != now {
		c.assessed = assessed{now, judge.Assess(e.cfg.Judge, e.caseOf(c.place(), e.servedVersion(c, now), c.start(), finish, now))}
	}
	s.a = c.assessed.Assessment
	return s
}

// supersededAt is when the next rollout of the same place began, 0 when none has by t.
func (e *Engine) supersededAt(c *change, t int64) int64 {
	for _, o := range e.byPlace[c.place()] {
		if o != c && o.rollsOut() && o.live() && o.start() > c.start() && o.start() < t {
			return o.start()
		}
	}
	return 0
}

// ownFaults are the regressions of changed services, and what may be one.
func ownFaults(due []suspicion) (faults, hints []fault) {
	for _, s := range due {
		if s.a.Outcome == correlate.Regressed {
			faults = append(faults, faultOn(s.place(), s.rec.ID, s.a))
		} else if s.a.Suspicion != nil {
			hints = append(hints, hintOn(s.place(), s.rec.ID, s.a))
		}
	}
	return faults, hints
}

func faultOn(p place, own string, a judge.Assessment) fault {
	return fault{
		place: p, own: own, certain: 1, recover: a.Recovered, grade: a.Grade, evidence: a.Evidence[:min(len(a.Evidence), told)],
		Fault: blame.Fault{Service: p.Service, Signal: signalOf(a), Onset: a.Onset, Strength: strength(a)},
	}
}

func hintOn(p place, own string, a judge.Assessment) fault {
	s := a.Suspicion
	return fault{
		place: p, own: own, certain: s.Probability, grade: a.Grade,
		Fault: blame.Fault{Service: p.Service, Signal: s.Signal, Onset: s.Onset, Strength: s.Strength},
	}
}

// facedAround are the regressions of the services around the changes whose time has not passed. They are looked for
// every few buckets, and remembered in between.
func (e *Engine) facedAround(t int64, last bool) look {
	at := window.Floor(t, e.cfg.Resolution*neighbourEvery)
	if last {
		at = t
	}
	if e.around.at != at {
		e.around = e.lookAround(at)
	}
	return e.around
}

// lookAround judges, as of an instant, each service within a few hops of a change, from the oldest such change on. A
// service whose own change is at fault speaks for itself.
func (e *Engine) lookAround(t int64) look {
	anchors := map[place]int64{}
	own := map[place]bool{}
	for _, c := range e.watched {
		if c.start() >= t || t >= e.windowEnd(c) || !c.live() {
			continue
		}
		if s := e.suspect(c, t); s.a.Outcome == correlate.Regressed {
			own[s.place()] = true
		}
		for p := range e.near(c.place()) {
			if old, ok := anchors[p]; !ok || c.start() < old {
				anchors[p] = c.start()
			}
		}
	}
	seen := look{at: t}
	for _, p := range slices.SortedFunc(maps.Keys(anchors), place.compare) {
		if own[p] {
			continue
		}
		a := judge.Assess(e.cfg.Judge, e.caseOf(p, "", anchors[p], anchors[p], t))
		if a.Outcome == correlate.Regressed {
			f := faultOn(p, "", a)
			f.provesElsewhere = a.Strength >= enough(a.Reason, len(anchors))
			seen.faults = append(seen.faults, f)
		} else if a.Suspicion != nil {
			seen.hints = append(seen.hints, hintOn(p, "", a))
		}
	}
	return seen
}

// enough is the strength that a fault must have to be held against a change of another service, when it was looked for
// on so many: each look is a chance to be wrong.
func enough(reason correlate.Reason, services int) float64 {
	if reason == correlate.ReasonCustomSignal {
		return valueElsewhere
	}
	return 1 + math.Log(float64(services))/bar
}

func signalOf(a judge.Assessment) string {
	if len(a.Evidence) > 0 {
		return a.Evidence[0].Signal
	}
	return string(a.Reason)
}

func strength(a judge.Assessment) float64 {
	if len(a.Evidence) == 0 || a.Evidence[0].EValue <= 1 {
		return 0
	}
	return math.Log(a.Evidence[0].EValue)
}

// near is the places within a few hops of one, itself included.
func (e *Engine) near(p place) map[place]bool {
	near := map[place]bool{p: true}
	edge := []place{p}
	for range hops {
		var next []place
		for _, q := range edge {
			s := e.store.services[q]
			if s == nil {
				continue
			}
			for _, side := range []map[string]bool{s.callers, s.callees} {
				for name := range side {
					if n := (place{name, p.Environment}); !near[n] {
						near[n] = true
						next = append(next, n)
					}
				}
			}
		}
		edge = next
	}
	return near
}

// edges are the known calls of an environment, sorted.
func (e *Engine) edges(environment string) []blame.Edge {
	var edges []blame.Edge
	for p, s := range e.store.services {
		if p.Environment != environment {
			continue
		}
		for callee := range s.callees {
			edges = append(edges, blame.Edge{From: p.Service, To: callee})
		}
	}
	slices.SortFunc(edges, func(a, b blame.Edge) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return edges
}

// candidates are the changes around the fault that were being watched when it began, also when they no longer are.
func (e *Engine) candidates(suspects []suspicion, f fault, t int64) []blame.Candidate {
	near := e.near(f.place)
	var all []blame.Candidate
	for _, s := range suspects {
		if !near[s.place()] || (s.cutoff > 0 && f.Onset >= s.cutoff) || f.Onset >= e.windowEnd(s.change) {
			continue
		}
		c := blame.Candidate{
			ChangeID: s.rec.ID, Service: s.rec.Service, Kind: s.rec.Kind, Contrast: s.a.Contrast,
			Steps: []int64{s.start()}, Unseen: e.unseen(s.change, t),
		}
		if fin := s.finish(); fin > s.start() && fin <= t {
			c.Steps = append(c.Steps, fin)
		}
		if s.a.Outcome == correlate.Regressed {
			c.Regressed, c.Onset, c.Strength = true, s.a.Onset, strength(s.a)
		}
		all = append(all, c)
	}
	return all
}

// unseen says that a rollout has been under way for a while without any instance of the new version being seen, though
// the other versions of the service report which they are.
func (e *Engine) unseen(c *change, t int64) bool {
	s := e.store.services[c.place()]
	if s == nil || c.rec.Version == "" || !c.rollsOut() || c.start()+e.cfg.AdoptAfter > t || e.servedVersion(c, t) != "" {
		return false
	}
	for _, seen := range s.versions {
		if seen.first < c.start() && seen.last >= c.start() {
			return true
		}
	}
	return false
}

// decide turns an assessment and the blame for the faults around into a finding, and the finding into a revision.
func (e *Engine) decide(s suspicion, faults, hints []fault, t int64, last bool) {
	f := finding{
		outcome: s.a.Outcome, reason: s.a.Reason, grade: s.a.Grade, evidence: s.a.Evidence, visible: s.a.SmallestVisible,
	}
	if s.a.Outcome == correlate.Regressed {
		f.onset, f.recovered = s.a.Onset, s.a.Recovered
		f.blame = e.probability(s.rec.ID, faults, func(o fault) bool { return o.own == s.rec.ID })
		if f.blame < convicted {
			f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
		}
	} else if o, p := e.blamedElsewhere(s, faults); p >= convicted {
		f.outcome, f.reason, f.blame = correlate.Regressed, correlate.ReasonDownstream, p
		f.onset, f.recovered, f.grade = o.Onset, o.recover, o.grade
		f.evidence = append(elsewhere(o), s.a.Evidence...)
	} else if e.ends(s, t, last) && s.a.Outcome == correlate.Inconclusive {
		f.blame = e.probability(s.rec.ID, append(hints[:len(hints):len(hints)], faults...), func(fault) bool { return true })
	}
	if f.outcome == correlate.Healthy && e.gapShare(s.start(), t) > uncovered {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonNoCoverage
	}
	superseded := s.cutoff > 0 && t >= s.cutoff
	if superseded && f.outcome == correlate.Inconclusive {
		if v := s.rec.Verdict; v != nil && v.Outcome == correlate.Regressed {
			e.close(s.change, t)
			return
		}
		f.reason = correlate.ReasonSuperseded
	}
	e.conclude(s.change, f, t, e.ends(s, t, last))
}

// elsewhere is the evidence for a fault, marked with the service on which it shows.
func elsewhere(f fault) []correlate.Evidence {
	evidence := slices.Clone(f.evidence)
	for i := range evidence {
		evidence[i].Service = f.place.Service
	}
	return evidence
}

func (e *Engine) probability(id string, faults []fault, which func(fault) bool) float64 {
	best := 0.0
	for _, f := range faults {
		if !which(f) {
			continue
		}
		for _, s := range f.suspects {
			if s.ChangeID == id {
				best = max(best, s.Probability*f.certain)
			}
		}
	}
	return best
}

// blamedElsewhere finds the fault on a service without a fault-bearing change of its own that this change most likely
// caused. A change that its own concurrent comparison cleared is not blamed from afar, and one that has such a
// comparison not for what its service suffers in all versions.
func (e *Engine) blamedElsewhere(s suspicion, faults []fault) (fault, float64) {
	compared := s.a.Grade == correlate.GradeA
	if compared && s.a.Outcome == correlate.Healthy {
		return fault{}, 0
	}
	var worst fault
	best := 0.0
	for _, f := range faults {
		if !f.provesElsewhere || (compared && f.place == s.place()) {
			continue
		}
		p := e.probability(s.rec.ID, []fault{f}, func(fault) bool { return true })
		if p > best {
			worst, best = f, p
		}
	}
	return worst, best
}

// gapShare is the share of [from, to) in which no telemetry was received.
func (e *Engine) gapShare(from, to int64) float64 {
	var lost int64
	for _, g := range e.gaps {
		lost += g.Overlap(window.Span{From: from, To: to})
	}
	return float64(lost) / float64(max(1, to-from))
}

// conclude issues a revision when the finding says something new. An inconclusive finding is news only at the end of
// the window, or when it takes back what an earlier revision said.
func (e *Engine) conclude(c *change, f finding, t int64, final bool) {
	old := c.rec.Verdict
	if !final && old == nil && f.outcome == correlate.Inconclusive {
		return
	}
	v := correlate.Verdict{
		ChangeID: c.rec.ID, Service: c.rec.Service, Environment: c.rec.Environment, Version: c.rec.Version,
		Outcome: f.outcome, Reason: f.reason, Revision: 1, Final: final, DecidedAt: at(t),
		OnsetAt: instant(f.onset), RecoveredAt: instant(f.recovered),
		Blame: f.blame, Grade: f.grade, Evidence: slices.Clone(f.evidence), SmallestVisible: f.visible,
	}
	if v.Evidence == nil {
		v.Evidence = []correlate.Evidence{}
	}
	if old != nil {
		if old.Outcome == v.Outcome && old.Reason == v.Reason && old.Final == v.Final && sameInstant(old.RecoveredAt, v.RecoveredAt) {
			return
		}
		v.Revision = old.Revision + 1
	}
	c.rec.Verdict = &v
	c.rec.Phase = correlate.PhaseObserving
	if final {
		c.rec.Phase = correlate.PhaseClosed
	}
	issued := v
	e.emit(correlate.Effect{Verdict: &issued})
	e.recovery(c)
	e.publish(c)
}

// close makes the current verdict of a change final as it stands.
func (e *Engine) close(c *change, t int64) {
	v := *c.rec.Verdict
	e.conclude(c, finding{
		outcome: v.Outcome, reason: v.Reason, grade: v.Grade, blame: v.Blame, evidence: v.Evidence,
		visible: v.SmallestVisible, onset: unix(v.OnsetAt), recovered: unix(v.RecoveredAt),
	}, t, true)
}

// reportRegression emits a fault when it is new, or when who is suspected changed by more than a little.
func (e *Engine) reportRegression(f fault, t int64) {
	known := e.faults[f.place]
	r := correlate.Regression{
		Service: f.place.Service, Environment: f.Environment, Signal: f.Signal,
		OnsetAt: at(f.Onset), DecidedAt: at(t), RecoveredAt: instant(f.recover), Suspects: f.suspects,
	}
	if known != nil && known.RecoveredAt == nil {
		r.ID = known.ID
		if sameSuspects(known.Suspects, r.Suspects) && known.Signal == r.Signal && r.RecoveredAt == nil {
			return
		}
	} else {
		if known != nil && !r.OnsetAt.After(*known.RecoveredAt) {
			return // the same fault, already told with its recovery
		}
		r.ID = fmt.Sprintf("%s/%s/%d", f.Environment, f.place.Service, f.Onset)
	}
	kept := r
	e.faults[f.place] = &kept
	e.emit(correlate.Effect{Regression: &r})
}

func sameSuspects(a, b []correlate.Suspect) bool {
	return slices.EqualFunc(a, b, func(x, y correlate.Suspect) bool {
		return x.ChangeID == y.ChangeID && math.Abs(x.Probability-y.Probability) < 0.05
	})
}

func instant(unix int64) *time.Time {
	if unix == 0 {
		return nil
	}
	t := at(unix)
	return &t
}

func unix(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

func sameInstant(a, b *time.Time) bool { return unix(a) == unix(b) }
