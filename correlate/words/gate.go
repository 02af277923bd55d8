package words

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
)

// Gate says in a sentence why a change may go on, has to wait or has to stop. The change is nil, and the subject names what
// was asked about, when nobody has reported it.
func Gate(a gate.Answer, c *correlate.ChangeRecord, subject string) string {
	if c != nil {
		subject = strings.TrimSpace(c.Service + " " + c.Version)
		if c.Environment != "" && c.Environment != correlate.DefaultEnvironment {
			subject += " in " + c.Environment
		}
	}
	switch a.Why {
	case gate.Healthy:
		return fmt.Sprintf("%s is healthy: %s", subject, Reason(c.Verdict.Reason))
	case gate.Regressed:
		return fmt.Sprintf("%s regressed: %s", subject, Reason(c.Verdict.Reason)) + failedChecks(c)
	case gate.Overruled:
		return subject + " was judged regressed, and people say that it was not this change"
	case gate.Blamed:
		return fmt.Sprintf("people say that %s did what %s was judged for", subject, first(c.BlamedFor))
	case gate.RolloutLeft:
		return subject + " does no harm at the share that its rollout has reached; only the rest of the rollout is missing"
	case gate.Calm:
		return "nothing is open on the service"
	case gate.Repair:
		return fmt.Sprintf("%s mends what is open on the service (%s)", subject, first(a.Open))
	case gate.Trouble:
		return fmt.Sprintf("the service has trouble already (%s); a rollback or a hotfix may go on", first(a.Open))
	case gate.Unreported:
		return "nobody has reported " + subject
	case gate.Observing:
		return subject + " is observed, and there is no answer yet" + waitingFor(c)
	case gate.Failed:
		return subject + " failed, was cancelled, or isn't reported any more"
	case gate.TakenBack:
		return fmt.Sprintf("%s was taken back by %s", subject, c.RolledBackBy)
	case gate.Undecided:
		return subject + " can't be judged any more: it ended without an answer" + waitingFor(c)
	}
	return "there is no answer about " + subject + " by the deadline" + waitingFor(c)
}

// waitingFor names the required checks of a change that have not come, failedChecks those that failed; "" without any.
func waitingFor(c *correlate.ChangeRecord) string {
	if c == nil || len(c.MissingChecks()) == 0 {
		return ""
	}
	return "; required checks that have not come: " + first(c.MissingChecks())
}

func failedChecks(c *correlate.ChangeRecord) string {
	var names []string
	for _, s := range c.CheckStates() {
		if s.Required && s.Run != nil && s.Run.Result == correlate.CheckFailed {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + first(names) + ")"
}

// mostOpen is how many ids of what is open are named.
const mostOpen = 3

func first(ids []string) string {
	named := strings.Join(ids[:min(len(ids), mostOpen)], ", ")
	if more := len(ids) - mostOpen; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return named
}
