// Package gate answers: may this change go on?
//
// It is asked before a change begins (start) and before its rollout goes further, or is called complete (promote). The
// answer is a pure function of what is known of the change, and it is the same for every tool that asks:
//
//   - promote: a change that was judged regressed, that failed or was taken back stops; one that was judged healthy
//     proceeds, and so does one whose rollout is under way when nothing but the rest of the rollout is waited for before
//     it can be called healthy. Until then it waits, at most until its deadline.
//   - start: a service that a regression or an incident is open on waits, unless the change is a repair: a rollback,
//     a hotfix, or a return to a version that was live before. Anything else proceeds. Where the asker names an environment
//     that comes before, what is no repair must be judged healthy there: regressed there it stops, unknown it waits.
//
// What can't be decided by the deadline, or can't be decided any more, is answered by what the asker chose for that case.
package gate

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Stage is the step that is asked about.
type Stage string

// The stages.
const (
	Start   Stage = "start"   // before the change begins
	Promote Stage = "promote" // before it goes further
)

// Stages lists every Stage.
func Stages() []Stage { return []Stage{Start, Promote} }

// Decision is what the asker is to do.
type Decision string

// The decisions.
const (
	Proceed Decision = "proceed"
	Wait    Decision = "wait"
	Stop    Decision = "stop"
)

// Why is the reason for a decision. The list is closed: it is a metric label and a field of the answer.
type Why string

// The reasons, by the decisions that they go with.
const (
	Healthy     Why = "healthy"      // proceed: judged healthy
	RolloutLeft Why = "rollout_left" // proceed: only the rest of the rollout is missing for "healthy"
	Calm        Why = "calm"         // proceed: nothing is open on the service
	Repair      Why = "repair"       // proceed: it mends what is open on the service
	Overruled   Why = "overruled"    // proceed: judged regressed, and people say that it was not this change

	Unreported Why = "unreported" // wait: nobody has reported the change
	Observing  Why = "observing"  // wait: there is no answer yet
	Trouble    Why = "trouble"    // wait: a regression or an incident is open on the service

	Regressed Why = "regressed" // stop: judged regressed
	Blamed    Why = "blamed"    // stop: people say that it was this change, and not another one
	Failed    Why = "failed"    // stop: it failed, was cancelled or retracted, or nobody told its end
	TakenBack Why = "taken_back"

	Undecided Why = "undecided" // as chosen: its window closed without an answer, or it was told as history
	Deadline  Why = "deadline"  // as chosen: the deadline has passed while waiting
)

// Whys lists every Why.
func Whys() []Why {
	return []Why{
		Healthy, RolloutLeft, Calm, Repair, Overruled, Unreported, Observing, Trouble, Regressed, Blamed, Failed, TakenBack, Undecided, Deadline,
	}
}

// Question is what is asked.
type Question struct {
	Stage Stage
	Now   time.Time
	// Deadline ends the waiting; zero: when the window of the change closes, or never for one that nobody has reported and
	// for what is open on a service.
	Deadline time.Time
	// Undecided is the answer when there is none by the deadline: Proceed or Stop.
	Undecided Decision
	// After asks, at the start, also whether the same release is healthy in the environment before, see Known.Before.
	After bool
}

// Known is what is known when a question is asked.
type Known struct {
	Change  *correlate.ChangeRecord // nil: nobody has reported it
	Outlook *correlate.Outlook      // of a change that is observed; nil: none
	// Before is the change that brought the same release to the environment before; nil: nobody has reported it.
	Before *correlate.ChangeRecord
	// Repair: the change is a rollback or a hotfix, or brings back a version that was live before.
	Repair bool
	// Regressions and Incidents are those of the service that may be open. Those that the change itself is suspected of don't
	// matter at its start, as it isn't there yet.
	Regressions []correlate.Regression
	Incidents   []correlate.IncidentRecord
}

// Answer is a decision with what it rests on.
type Answer struct {
	Decision Decision
	Why      Why
	Rules    []Rule    // what was asked of the change, in a fixed order
	Until    time.Time // when waiting ends; zero: it doesn't by itself, or nothing is waited for
	// RetryAfter is when to ask again; zero when nothing is waited for.
	RetryAfter time.Duration
	// Open are the ids of the regressions and incidents that are in the way.
	Open []string
}

// Outcome is what a rule came to. Unknown is never passed.
type Outcome string

// The outcomes of a rule.
const (
	Passed  Outcome = "passed"
	NotMet  Outcome = "failed"
	Unknown Outcome = "unknown"
)

// Rule is one thing that was asked of a change.
type Rule struct {
	Name    string
	Outcome Outcome
}

// The names of the rules.
const (
	RuleCalm         = "calm"          // nothing is open on the service, or this mends it
	RuleBefore       = "before"        // the same release is healthy in the environment before
	RuleReached      = "reached"       // it is reported, and reached users
	RuleNotRegressed = "not_regressed" // it wasn't judged regressed, or people say that it was not this change
	RuleHealthy      = "healthy"       // it is proven that it is no worse than the margin allows
)

// Asking again sooner brings nothing, later lets a rollout stand still.
const (
	soonest = 10 * time.Second
	latest  = time.Minute
)

// Ask decides.
func Ask(q Question, k Known) Answer {
	a := promote(q, k)
	if q.Stage == Start {
		a = start(q, k)
	}
	if a.Decision != Wait {
		return a
	}
	a.Until = q.Deadline
	if c := k.observed(q.Stage); a.Until.IsZero() && c != nil && a.Why == Observing {
		a.Until = c.WindowEnd
	}
	if !a.Until.IsZero() && !q.Now.Before(a.Until) {
		a.Decision, a.Why, a.RetryAfter, a.Until = q.Undecided, Deadline, 0, time.Time{}
		return a
	}
	a.RetryAfter = again(q, k, a.Until)
	return a
}

// observed is the change whose verdict is waited for.
func (k Known) observed(s Stage) *correlate.ChangeRecord {
	if s == Start {
		return k.Before
	}
	return k.Change
}

// open are the ids of what is open on the service.
func (k Known) open() (ids []string) {
	for _, r := range k.Regressions {
		if r.RecoveredAt == nil && !r.Withdrawn {
			ids = append(ids, r.ID)
		}
	}
	for _, i := range k.Incidents {
		if i.ResolvedAt.IsZero() && !i.Retracted {
			ids = append(ids, i.ID)
		}
	}
	return ids
}
