package engine

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// round is one look at all changes: what is known at an instant, and what follows from it. It decides, and leaves it to
// the engine to note what was decided.
type round struct {
	*view
	cfg      *Config
	book     *record.Book
	cells    *cells.Store
	observer *observe.Observer
	digest   string          // of the configuration and of the way of judging
	last     bool            // nothing will be seen later
	live     map[place][]int // the watched changes of each place that are live, nil until they are asked for
}

func (e *Engine) round(t int64, last bool) *round {
	return &round{view: e.view(t, e.observer, &e.faults), cfg: &e.cfg, book: e.book, cells: e.store, observer: e.observer, digest: e.digest, last: last}
}

// due are the changes with an open window that weren't looked at yet, with what their services say.
func (r *round) due() []candidate {
	due := make([]candidate, 0, len(r.changes))
	for i, c := range r.changes {
		if c.rec.Phase == correlate.PhaseObserving && (c.judged < r.At || r.last) {
			due = append(due, r.assess(i))
		}
	}
	return due
}

// recent are the changes whose window is closed, and that may have caused what is seen of those that are due all the same:
// they were not over when the oldest of these began. Of a place where very many are, the last ones.
func (r *round) recent(due []candidate) (recent []candidate) {
	oldest := r.At
	for _, s := range due {
		oldest = min(oldest, s.start())
	}
	later := map[place]int{}
	for i, c := range r.changes {
		if c.rec.Phase == correlate.PhaseClosed {
			later[r.Watched[i].Place]++
		}
	}
	for i := range r.Watched {
		s, closed := r.Watched[i], r.changes[i].rec.Phase == correlate.PhaseClosed
		if closed {
			later[s.Place]--
		}
		if !s.Live || (s.End > 0 && oldest >= s.End+r.cfg.Resolution*neighbourEvery) {
			continue
		}
		r.Sight = append(r.Sight, s)
		if closed && later[s.Place] < recentMost {
			recent = append(recent, r.assess(i))
		}
	}
	return recent
}

// stillWaiting are the open changes that wait and weren't looked at yet. Nothing is held against them, and nothing is said of
// them before their window closes.
func (r *round) stillWaiting() (all []*change) {
	for _, c := range r.waiting {
		if c.rec.Phase == correlate.PhaseObserving && (c.judged < r.At || r.last) {
			all = append(all, c)
		}
	}
	return all
}

// ends says that this is the last look at a change.
func (r *round) ends(s candidate) bool {
	return r.last || (s.cutoff > 0 && r.At >= s.cutoff) || s.known.End > 0
}

// decide turns an assessment and the blame for the faults around into a finding. What a change's own service shows goes before
// what others show, unless it is held against somebody else.
func (r *round) decide(s candidate, faults, hints []fault) finding {
	f := finding{
		outcome: s.a.Outcome, reason: s.a.Reason, grade: s.a.Grade, evidence: s.a.Evidence, untold: s.a.Untold, visible: s.a.SmallestVisible,
	}
	own := slices.DeleteFunc(slices.Clone(faults), func(o fault) bool { return o.own != s.rec.ID })
	f.blame = r.probability(s.rec.ID, own, anyFault)
	o, p := r.blamedElsewhere(s, faults)
	elsewhere := s.answersFor(p, o) && r.cfg.Guards.On(guardElsewhere)
	switch {
	case s.a.Outcome == correlate.Regressed && !(elsewhere && f.blame < convicted):
		f.onset, f.recovered = s.a.Onset, s.a.Recovered
		if !s.answersFor(f.blame, own...) && r.cfg.Guards.On(guardConfounded) {
			f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
		}
	case elsewhere:
		f.outcome, f.reason, f.blame = correlate.Regressed, o.reasonFrom(s), p
		f.onset, f.recovered, f.grade = o.Onset, o.recover, o.grade
		f.evidence, f.untold = o.seenFrom(s.place(), told(r, &s)), false
	case r.ends(s) && s.a.Outcome == correlate.Inconclusive:
		f.blame = r.probability(s.rec.ID, append(hints[:len(hints):len(hints)], faults...), anyFault)
	}
	if f.outcome == correlate.Inconclusive && r.ends(s) {
		f = r.cleared(s, f, faults)
	}
	if f.outcome == correlate.Healthy && r.suspected(s, faults) && r.cfg.Guards.On(guardSuspected) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonConfounded
	}
	if f.outcome == correlate.Healthy &&
		(r.cells.GapShare(s.known.Start, r.At) > uncovered || r.cells.Degraded(s.place(), s.known.Start-r.cfg.Baseline, r.At)) && r.cfg.Guards.On(guardCoverage) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonNoCoverage
	}
	if f.outcome == correlate.Healthy && s.convictedBefore() && r.cfg.Guards.On(guardConvictedBefore) {
		f.outcome, f.reason = correlate.Inconclusive, correlate.ReasonTransient
	}
	if old := s.verdict(); f.outcome == correlate.Regressed && lasting(old) {
		f.onset = min(f.onset, unix(old.OnsetAt)) // what began at one time doesn't begin later by another comparison
	}
	if s.tried() {
		return r.givenUp(s, f)
	}
	if s.cutoff > 0 && r.At >= s.cutoff && f.outcome == correlate.Inconclusive {
		return superseded(s, f)
	}
	return f
}

// superseded is the last finding of a change when the next one begins before its window closes. What it was convicted of
// stands, unless somebody else is to blame for it by then.
func superseded(s candidate, f finding) finding {
	old := s.verdict()
	switch {
	case old == nil || old.Outcome != correlate.Regressed:
		f.reason = correlate.ReasonSuperseded
	case s.a.Outcome != correlate.Regressed || f.reason != correlate.ReasonConfounded:
		return findingOf(old)
	}
	return f
}

// answersFor says that a change is held responsible for faults that it is blamed for: when that is likely, and clearly more
// so than for any other change. One that is held responsible stays so until the blame is clearly less than what convicts.
// That is a function of the course of its verdicts up to the instant, and so of what was measured by then, whenever it is
// judged.
func (c *change) answersFor(blame float64, faults ...fault) bool {
	if v := c.verdict(); v != nil && v.Outcome == correlate.Regressed {
		return blame >= held
	}
	return blame >= convicted && blame >= ahead*rival(c.rec.ID, faults)
}

// rival is how probable it is, at most, that another change than one caused one of some faults.
func rival(id string, faults []fault) (most float64) {
	for _, f := range faults {
		for _, s := range f.suspects {
			if s.ChangeID != id {
				most = max(most, s.Probability)
			}
		}
	}
	return most
}

// convictedFor says that a change stands convicted of what a place shows: its own, or where its fault was seen.
func (c *change) convictedFor(p place) bool {
	v := c.verdict()
	if v == nil || v.Outcome != correlate.Regressed {
		return false
	}
	at := c.place()
	if v.Reason == correlate.ReasonDownstream && len(v.Evidence) > 0 {
		at.Service = v.Evidence[0].Service
	}
	return at == p
}

// convictedBefore says that a change was held responsible for a fault at an earlier look.
func (c *change) convictedBefore() bool {
	return slices.ContainsFunc(c.course, func(v correlate.Verdict) bool { return v.Outcome == correlate.Regressed })
}

// givenUp is what is found of a rollout that failed or was cancelled in the end. It stays convicted when telemetry saw what
// it brought, and else it was not deployed.
func (r *round) givenUp(s candidate, f finding) finding {
	ends := r.ends(s)
	if ends && f.outcome == correlate.Inconclusive {
		f = superseded(s, f)
	}
	switch unproven := r.reachedNobody(s.change, s.known); {
	case ends && (unproven || f.outcome != correlate.Regressed):
		return finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed}
	case unproven:
		return finding{outcome: correlate.Inconclusive, reason: correlate.ReasonUnderpowered}
	}
	return f
}

// blameMoved takes back what a change was convicted of at its end when the fault that it was convicted for, which is seen
// on, is held against it no longer: where it is suspected, and not enough, or somebody else is to blame. That it isn't
// suspected of what is dated to after it was replaced says nothing of what was before.
func (r *round) blameMoved(s candidate, faults []fault) (f finding, moved bool) {
	v := s.verdict()
	if v == nil || !v.Final || v.Outcome != correlate.Regressed || v.OnsetAt == nil || !r.cfg.Guards.On(guardConfounded) {
		return f, false
	}
	same := func(o fault) bool {
		return o.recover == 0 && s.convictedFor(o.place) && o.same(o.place, unix(v.OnsetAt), r.cfg.Blame.Together)
	}
	f = findingOf(v)
	f.outcome, f.reason, f.blame = correlate.Inconclusive, correlate.ReasonConfounded, r.probability(s.rec.ID, faults, same)
	ranked := func(o fault) bool {
		return same(o) && (o.suspected(s.rec.ID) || rival(s.rec.ID, []fault{o}) >= convicted)
	}
	return f, slices.ContainsFunc(faults, ranked) && !s.answersFor(f.blame)
}

// cameBack is the last finding of a change with the recovery from what it was convicted of, once that is seen. It is looked
// for every few buckets.
func (r *round) cameBack(c *change) (f finding, back bool) {
	i := slices.Index(r.changes, c)
	if i < 0 || c.judged >= r.At || window.Floor(r.At, r.cfg.Resolution*neighbourEvery) != r.At {
		return f, false
	}
	f = findingOf(c.verdict())
	f.recovered = observe.CameBack(r.observer, r.View, r.Watched[i])
	return f, f.recovered > f.onset
}

// suspected says that a change may well be the cause of a fault that shows on another service: whatever its own service
// says, it isn't cleared. What shows while a version comes back that served before is more likely what that is to cure.
func (r *round) suspected(s candidate, faults []fault) bool {
	calls := r.observer.Graph(s.rec.Environment, r.At)
	return (!s.rec.Rollback || !r.cfg.Guards.On(guardRollbackSuspected)) && r.probability(s.rec.ID, faults, func(o fault) bool {
		return o.place != s.place() && (o.own != "" || o.provesElsewhere || calls.Calls(o.place.Service, s.rec.Service))
	}) >= mayBe
}

// lasting: a verdict says that a service has been at fault since an instant, and not that it recovered.
func lasting(v *correlate.Verdict) bool {
	return v != nil && v.Outcome == correlate.Regressed && v.Reason != correlate.ReasonDownstream && v.OnsetAt != nil && v.RecoveredAt == nil
}

// findingOf is what a verdict says.
func findingOf(v *correlate.Verdict) finding {
	return finding{
		outcome: v.Outcome, reason: v.Reason, grade: v.Grade, blame: v.Blame, evidence: v.Evidence,
		visible: v.SmallestVisible, onset: unix(v.OnsetAt), recovered: unix(v.RecoveredAt),
	}
}
