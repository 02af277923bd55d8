package engine

import (
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
	// mayBe is the probability from which a change isn't acquitted.
	mayBe = 0.2
	// hops is how far from a changed service a fault is still looked for.
	hops = 3
	// neighbourEvery is how many buckets lie between two looks at services that did not change.
	neighbourEvery = 6
	// lookEvery is how many buckets lie between two looks at a change for more than whether it is to be convicted, and
	// acquitEvery the same once it may be acquitted.
	lookEvery, acquitEvery = 6, 30
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
	// assessed is where a came from.
	assessed *assessed
}

// look is what was last seen on the services around the open changes. It is a function of the state at its instant, so
// it can be made again after a restart.
type look struct {
	at     int64
	faults []fault
	from   map[place]int64 // since when each service without a fault-bearing change was looked at
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
			due = append(due, e.suspect(c, t, last))
		case c.rec.Phase == correlate.PhaseClosed && c.live():
			recent = append(recent, e.suspect(c, t, last))
		}
	}
	if len(due) == 0 {
		return
	}
	own := e.ownFaults(due)
	around := e.facedAround(t, last || e.news(due))
	faults := append(own, around.faults...)
	for _, f := range faults {
		e.inform(due, f.place)
		e.inform(recent, f.place)
	}
	suspects := append(slices.Clone(due), recent...)
	e.rank(faults, suspects, around, t)
	for i := range faults {
		e.reportRegression(faults[i], t)
	}
	hints := e.hints(suspects, len(due), around, t, last)
	for _, s := range due {
		s.judged = t
		e.decide(s, faults, hints, t, last)
	}
}

// news says that a change may be about to be convicted: then what shows around it must not be old.
func (e *Engine) news(due []suspicion) bool {
	return slices.ContainsFunc(due, func(s suspicion) bool {
		v := s.rec.Verdict
		return s.a.Outcome == correlate.Regressed && (v == nil || v.Outcome != correlate.Regressed)
	})
}

// hints are the faults that are not proven near the changes whose last look this is, with their suspects. The first
// suspects, so many of them, are those that are due.
func (e *Engine) hints(suspects []suspicion, due int, around look, t int64, last bool) []fault {
	ending := map[place]bool{}
	for _, s := range suspects[:due] {
		if e.ends(s, t, last) {
			maps.Copy(ending, e.near(s.place()))
		}
	}
	if len(ending) == 0 {
		return nil
	}
	var hints []fault
	for i := range suspects[:due] {
		if s := &suspects[i]; ending[s.place()] {
			e.fillIn(s)
			if s.a.Suspicion != nil {
				hints = append(hints, hintOn(s.place(), s.rec.ID, s.a))
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(ending), place.compare) {
		if from, seen := around.from[p]; seen {
			if a := e.assessPlace(p, from, around.at); a.Suspicion != nil {
				hints = append(hints, hintOn(p, "", a))
			}
		}
	}
	for _, h := range hints {
		e.inform(suspects, h.place)
	}
	e.rank(hints, suspects, around, t)
	return hints
}

// rank finds the suspects of each fault.
func (e *Engine) rank(faults []fault, suspects []suspicion, around look, t int64) {
	for i := range faults {
		f := &faults[i]
		others, own := e.bystanders(*f, around, t)
		f.Explained = e.explained(*f, others)
		all := e.candidates(suspects, *f, t)
		for j := range all {
			all[j].Shocked = e.shocked(place{all[j].Service, f.Environment}, *f, others, own)
		}
		f.suspects = e.cfg.Blame.Rank(f.Fault, all, e.edges(f.Environment))
	}
}

// ends says that this is the last look at a change.
func (e *Engine) ends(s suspicion, t int64, last bool) bool {
	return last || (s.cutoff > 0 && t >= s.cutoff) || t >= e.windowEnd(s.change)
}

// ownFaults are the regressions of changed services. One that was there before the change, and that its new instances
// don't make worse, has its old onset.
func (e *Engine) ownFaults(due []suspicion) []fault {
	var faults []fault
	for _, s := range due {
		if s.a.Outcome != correlate.Regressed {
			continue
		}
		f := faultOn(s.place(), s.rec.ID, s.a)
		if onset, ok := e.ongoing(s.place(), s.start()); ok && s.a.Contrast <= 0 {
			f.Onset = onset
		}
		faults = append(faults, f)
	}
	return faults
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
// every few buckets, and remembered in between, unless they are to be looked for now.
func (e *Engine) facedAround(t int64, now bool) look {
	at := window.Floor(t, e.cfg.Resolution*neighbourEvery)
	if now {
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
		over := t > window.Floor(e.windowEnd(c), e.cfg.Resolution)+e.cfg.Resolution // its last look sees what it saw before
		if c.start() >= t || over || !c.live() {
			continue
		}
		if e.regressed(c, t) {
			own[c.place()] = true
		}
		for p := range e.near(c.place()) {
			if old, ok := anchors[p]; !ok || c.start() < old {
				anchors[p] = c.start()
			}
		}
	}
	maps.DeleteFunc(anchors, func(p place, _ int64) bool { return own[p] })
	maps.DeleteFunc(e.neighbours, func(p place, _ *watch) bool { _, still := anchors[p]; return !still })
	seen := look{at: t, from: anchors}
	for _, p := range slices.SortedFunc(maps.Keys(anchors), place.compare) {
		if e.quietPlace(p, anchors[p], t) {
			continue
		}
		if a := e.assessPlace(p, anchors[p], t); a.Outcome == correlate.Regressed {
			f := faultOn(p, "", a)
			f.provesElsewhere = a.Strength >= enough(a.Reason, len(anchors)+len(own))
			seen.faults = append(seen.faults, f)
		}
	}
	return seen
}

// quietPlace says that nothing can convict on a service that is seen as a whole since an instant.
func (e *Engine) quietPlace(p place, from, t int64) bool {
	w := e.neighbour(p, from)
	k := e.caseOf(p, w, from, t)
	return w.memory.Quiet(&e.cfg.Judge, &k)
}

func (e *Engine) assessPlace(p place, from, t int64) judge.Assessment {
	w := e.neighbour(p, from)
	k := e.caseOf(p, w, from, t)
	return w.memory.Assess(&e.cfg.Judge, &k)
}

// neighbour is what is remembered of a service that is seen as a whole.
func (e *Engine) neighbour(p place, from int64) *watch {
	w := e.observe(e.neighbours[p], p, "", from)
	e.neighbours[p] = w
	return w
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
	if f.outcome == correlate.Healthy && e.suspected(s, faults) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
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

// suspected says that a change may well be the cause of a fault that shows on another service: whatever its own service
// says, it isn't cleared.
func (e *Engine) suspected(s suspicion, faults []fault) bool {
	return e.probability(s.rec.ID, faults, func(o fault) bool { return o.place != s.place() }) >= mayBe
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
// caused. One that has a concurrent comparison isn't blamed for what its service suffers in all versions.
func (e *Engine) blamedElsewhere(s suspicion, faults []fault) (fault, float64) {
	compared := s.a.Grade == correlate.GradeA
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
	if known != nil && t < known.DecidedAt.Unix() {
		return // a change that was told late is looked at from its start; what is known since then is newer
	}
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
