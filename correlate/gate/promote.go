package gate

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// promote: the verdict decides, and while there is none, what is still waited for.
func promote(q Question, k Known) Answer {
	c := k.Change
	switch {
	case c == nil:
		return answer(Wait, Unreported, Unknown, Unknown, Unknown)
	case c.RolledBackBy != "":
		return answer(Stop, TakenBack, Passed, regression(c), NotMet)
	case lost(c):
		return answer(Stop, Failed, NotMet, regression(c), Unknown)
	case len(c.BlamedFor) > 0:
		return answer(Stop, Blamed, Passed, NotMet, Unknown)
	case c.Regressed():
		return answer(Stop, Regressed, Passed, NotMet, NotMet)
	case judged(c, correlate.Regressed):
		return answer(Proceed, Overruled, Passed, Passed, Unknown)
	case judged(c, correlate.Healthy):
		return answer(Proceed, Healthy, Passed, Passed, Passed)
	case c.Phase != correlate.PhaseObserving:
		return answer(q.Undecided, Undecided, Passed, Unknown, Unknown)
	case rolloutLeft(k.Outlook) && len(c.MissingChecks()) == 0:
		return answer(Proceed, RolloutLeft, Passed, Passed, Unknown)
	}
	return answer(Wait, Observing, Passed, Unknown, Unknown)
}

func answer(d Decision, why Why, reached, notRegressed, healthy Outcome) Answer {
	return Answer{Decision: d, Why: why, Rules: []Rule{{RuleReached, reached}, {RuleNotRegressed, notRegressed}, {RuleHealthy, healthy}}}
}

func judged(c *correlate.ChangeRecord, o correlate.Outcome) bool {
	return c.Verdict != nil && c.Verdict.Outcome == o
}

func regression(c *correlate.ChangeRecord) Outcome {
	if c.Regressed() || len(c.BlamedFor) > 0 {
		return NotMet
	}
	return Unknown
}

// lost: it didn't come to its end, and nothing is left to promote.
func lost(c *correlate.ChangeRecord) bool {
	return c.Abandoned || c.Phase == correlate.PhaseRetracted ||
		c.Status == correlate.StatusFailed || c.Status == correlate.StatusCancelled
}

// rolloutLeft: at the share that the rollout has reached, everything is proven that "healthy" takes.
func rolloutLeft(o *correlate.Outlook) bool {
	return o != nil && len(o.Waits) > 0 && !slices.ContainsFunc(o.Waits, func(w correlate.Wait) bool { return w.For != correlate.WaitRollout })
}

// again is when the answer may be another one: when everything that is waited for is expected, within bounds.
func again(q Question, k Known, until time.Time) time.Duration {
	after := soonest
	if k.Outlook != nil && k.Outlook.HealthyAt != nil {
		after = k.Outlook.HealthyAt.Sub(q.Now)
	}
	if !until.IsZero() {
		after = min(after, until.Sub(q.Now))
	}
	return min(max(after, soonest), latest)
}
