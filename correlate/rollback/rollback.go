// Package rollback answers: should whoever deploys be asked to take this change back?
//
// Shipwake asks, and never deploys. Decide says yes only where every condition holds, and names the first one that doesn't;
// Follow says what became of a request. Both are pure: whether a request is allowed by the budgets and the rule of one request
// for each change follows from the decisions that were kept, so a restart forgets nothing. Where anything is in doubt, a clock
// that went back included, the answer is no.
package rollback

import (
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// The conditions in numbers.
const (
	// LeastBlame is how likely it must be that the change did it.
	LeastBlame = 0.8
	// PerService and PerEnvironment are how many requests there may be Within a stretch of time.
	PerService     = 1
	PerEnvironment = 3
	Within         = time.Hour
	// Fresh is how far the time that a verdict is about may be from now.
	Fresh = 15 * time.Minute
	// AnswerWithin is how long a receiver has to answer. A request is not sent any later.
	AnswerWithin = 5 * time.Minute
	// Label is the label of changes that can't be taken back, unless its value is false or 0.
	Label = "migration"
)

// Case is what a decision is a function of.
type Case struct {
	Now    time.Time
	Mode   correlate.RollbackMode // dry_run or on
	Killed bool                   // the kill switch is on
	// Change is the change, with its verdict. Around are the newest other changes of its service and environment.
	Change correlate.ChangeRecord
	Around []correlate.ChangeRecord
	// Earlier are the decisions that were kept: all on the change, all that stand, and those Within now, or dated later, on its
	// service or environment.
	Earlier []correlate.Rollback
}

// Decide decides on a change that was judged.
func Decide(c Case) correlate.Rollback {
	v := c.verdict()
	r := correlate.Rollback{
		ID: correlate.RollbackID(c.Change.ID, v.Revision), ChangeID: c.Change.ID, Revision: v.Revision, Service: c.Change.Service,
		Environment: c.Change.Environment, Version: c.Change.Version, Mode: c.Mode, Result: correlate.RollbackRefused,
		DecidedAt: c.Now, Grade: v.Grade, Blame: v.Blame,
	}
	previous := c.previous()
	if previous != nil {
		r.To, r.ToChange = previous.Version, previous.ID
	}
	r.Reason = c.refusal(v, previous)
	switch {
	case r.Reason != "":
	case c.Mode == correlate.RollbackOn:
		r.Result = correlate.RollbackRequested
	default:
		r.Result = correlate.RollbackWould
	}
	return r
}

func (c Case) verdict() correlate.Verdict {
	if c.Change.Verdict == nil {
		return correlate.Verdict{}
	}
	return *c.Change.Verdict
}

// refusal is the first condition that doesn't hold, "" when all do.
func (c Case) refusal(v correlate.Verdict, previous *correlate.ChangeRecord) correlate.RollbackReason {
	for _, condition := range []struct {
		holds  bool
		reason correlate.RollbackReason
	}{
		{v.Outcome == correlate.Regressed && !v.Withdrawn, correlate.RollbackNotRegressed},
		{c.Now.Sub(v.DecidedAt).Abs() <= Fresh, correlate.RollbackStale},
		{lasting(c.Change, v), correlate.RollbackOver},
		{compared(v), correlate.RollbackGrade},
		{v.Blame >= LeastBlame, correlate.RollbackBlame},
		{!isRollback(c.Change), correlate.RollbackIsRollback},
		{c.Change.Kind == correlate.KindDeployment && c.Change.Version != "", correlate.RollbackNoDeployment},
		{!migrates(c.Change), correlate.RollbackMigration},
		{!c.underWay(), correlate.RollbackUnderWay},
		{c.newest(), correlate.RollbackNotNewest},
		{previous != nil, correlate.RollbackPreviousUnknown},
		{c.healthy(previous), correlate.RollbackPreviousUnhealthy},
		{!c.asked(), correlate.RollbackAsked},
		{c.spent(func(r correlate.Rollback) bool { return r.Service == c.Change.Service }) < PerService, correlate.RollbackServiceBudget},
		{c.spent(func(r correlate.Rollback) bool { return r.Environment == c.Change.Environment }) < PerEnvironment, correlate.RollbackEnvironmentBudget},
		{!c.Killed, correlate.RollbackKilled},
	} {
		if !condition.holds {
			return condition.reason
		}
	}
	return ""
}

func lasting(c correlate.ChangeRecord, v correlate.Verdict) bool {
	return v.RecoveredAt == nil && c.RecoveredAt.IsZero()
}

// compared: with what ran at the same time.
func compared(v correlate.Verdict) bool {
	return v.Grade == correlate.GradeA || v.Grade == correlate.GradeB
}

func isRollback(c correlate.ChangeRecord) bool {
	return c.Rollback || c.Kind == correlate.KindRollback
}

// migrates: the change is labelled as one that can't be taken back.
func migrates(c correlate.ChangeRecord) bool {
	value, labelled := c.Labels[Label]
	is, err := strconv.ParseBool(strings.ToLower(value))
	return labelled && (err != nil || is)
}

// counts: it is a change of its own, and somebody still reports it.
func counts(c correlate.ChangeRecord) bool {
	return c.Phase != correlate.PhaseMerged && c.Phase != correlate.PhaseRetracted
}

// after: one change began after another. Of two at one instant each is after the other, so that neither is the newest.
func after(a, b correlate.ChangeRecord) bool { return !a.Start().Before(b.Start()) }

// others are the changes around that count.
func (c Case) others(keep func(correlate.ChangeRecord) bool) (all []correlate.ChangeRecord) {
	for _, o := range c.Around {
		if o.ID != c.Change.ID && o.Service == c.Change.Service && o.Environment == c.Change.Environment && counts(o) && keep(o) {
			all = append(all, o)
		}
	}
	return all
}

// underWay: the change was taken back, a rollback began after it, or one was asked for on its service.
func (c Case) underWay() bool {
	if c.Change.RolledBackBy != "" {
		return true
	}
	for _, r := range c.Earlier {
		if r.ChangeID != c.Change.ID && r.Service == c.Change.Service && r.Environment == c.Change.Environment && r.Standing() {
			return true
		}
	}
	return len(c.others(func(o correlate.ChangeRecord) bool { return isRollback(o) && after(o, c.Change) })) > 0
}

func (c Case) newest() bool {
	return counts(c.Change) && len(c.others(func(o correlate.ChangeRecord) bool { return after(o, c.Change) })) == 0
}

// previous is the change that brought the version that was live before; nil when it isn't known, or when the report of the
// change names another version.
func (c Case) previous() *correlate.ChangeRecord {
	var newest *correlate.ChangeRecord
	for _, o := range c.others(func(o correlate.ChangeRecord) bool { return brings(o) && !after(o, c.Change) }) {
		if newest == nil || after(o, *newest) {
			newest = &o
		}
	}
	said := c.Change.PreviousVersion
	if newest == nil || newest.Version == c.Change.Version || said != "" && said != newest.Version {
		return nil
	}
	return newest
}

// brings: it brought a version to users.
func brings(c correlate.ChangeRecord) bool {
	return c.Status == correlate.StatusSucceeded && c.Version != "" && (c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback)
}

// healthy: the newest verdict that says anything of the version that the change brought is that it is healthy, and no incident
// is held against it.
func (c Case) healthy(previous *correlate.ChangeRecord) bool {
	if previous == nil || len(previous.Incidents) > 0 {
		return false
	}
	var newest *correlate.ChangeRecord
	for _, o := range c.others(func(o correlate.ChangeRecord) bool {
		return brings(o) && o.Version == previous.Version && !after(o, c.Change)
	}) {
		if v := o.Verdict; v != nil && v.Outcome != correlate.Inconclusive && (newest == nil || after(o, *newest)) {
			newest = &o
		}
	}
	return newest != nil && newest.Verdict.Outcome == correlate.Healthy
}

// uses: an earlier decision uses up what there is: a request, and where nobody is asked, also one that would have been made.
func (c Case) uses(r correlate.Rollback) bool {
	return r.Result == correlate.RollbackRequested || r.Result == correlate.RollbackWould && c.Mode != correlate.RollbackOn
}

func (c Case) asked() bool {
	for _, r := range c.Earlier {
		if r.ChangeID == c.Change.ID && c.uses(r) {
			return true
		}
	}
	return false
}

// spent is how many requests of the last hour there are of a kind. Those dated later, by a clock that has gone back since, are
// among them.
func (c Case) spent(of func(correlate.Rollback) bool) (n int) {
	for _, r := range c.Earlier {
		if c.uses(r) && of(r) && r.DecidedAt.After(c.Now.Add(-Within)) {
			n++
		}
	}
	return n
}
