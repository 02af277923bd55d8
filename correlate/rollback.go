package correlate

import (
	"fmt"
	"time"
)

// RollbackMode says what is done about a change that should be taken back. Shipwake asks; it never deploys.
type RollbackMode string

// The modes.
const (
	RollbackOff    RollbackMode = "off"     // nothing is decided
	RollbackDryRun RollbackMode = "dry_run" // everything is decided, kept and shown, and nobody is asked
	RollbackOn     RollbackMode = "on"      // whoever deploys is asked
)

// RollbackModes lists every RollbackMode.
func RollbackModes() []RollbackMode { return []RollbackMode{RollbackOff, RollbackDryRun, RollbackOn} }

// RollbackResult is what was decided. The list is closed: it is a metric label, a log field and the words on every page.
type RollbackResult string

// The results.
const (
	RollbackRequested RollbackResult = "requested" // whoever deploys is asked to take the change back
	RollbackWould     RollbackResult = "dry_run"   // all conditions hold, and the mode says not to ask
	RollbackRefused   RollbackResult = "refused"   // a condition doesn't hold
)

// RollbackResults lists every RollbackResult.
func RollbackResults() []RollbackResult {
	return []RollbackResult{RollbackRequested, RollbackWould, RollbackRefused}
}

// RollbackReason is the condition that doesn't hold: why nobody is asked, or why a request was withdrawn. The list is closed.
type RollbackReason string

// The reasons, in the order in which the conditions are looked at.
const (
	RollbackNotRegressed      RollbackReason = "not_regressed"        // the verdict isn't, or no longer, regressed
	RollbackStale             RollbackReason = "stale"                // the verdict is of a time that is long past, or lies ahead
	RollbackOver              RollbackReason = "recovered"            // it is over
	RollbackGrade             RollbackReason = "grade"                // the comparison is weaker than grade B
	RollbackBlame             RollbackReason = "blame"                // another change may as well have done it
	RollbackIsRollback        RollbackReason = "is_rollback"          // it is a rollback itself
	RollbackNoDeployment      RollbackReason = "no_deployment"        // it is no deployment of a version
	RollbackMigration         RollbackReason = "migration"            // it is labelled as a migration
	RollbackUnderWay          RollbackReason = "under_way"            // a rollback is under way, or was asked for
	RollbackNotNewest         RollbackReason = "not_newest"           // another change came after it
	RollbackPreviousUnknown   RollbackReason = "previous_unknown"     // nothing is known of the version before it
	RollbackPreviousUnhealthy RollbackReason = "previous_not_healthy" // the version before it wasn't judged healthy
	RollbackAsked             RollbackReason = "asked_before"         // one request for each change
	RollbackServiceBudget     RollbackReason = "service_budget"       // enough requests for the service in this hour
	RollbackEnvironmentBudget RollbackReason = "environment_budget"   // enough requests for the environment in this hour
	RollbackKilled            RollbackReason = "kill_switch"          // somebody stopped all requests
	RollbackUnreadable        RollbackReason = "unreadable"           // what must be known for it couldn't be read
)

// RollbackReasons lists every RollbackReason.
func RollbackReasons() []RollbackReason {
	return []RollbackReason{
		RollbackNotRegressed, RollbackStale, RollbackOver, RollbackGrade, RollbackBlame, RollbackIsRollback, RollbackNoDeployment,
		RollbackMigration, RollbackUnderWay, RollbackNotNewest, RollbackPreviousUnknown, RollbackPreviousUnhealthy, RollbackAsked,
		RollbackServiceBudget, RollbackEnvironmentBudget, RollbackKilled, RollbackUnreadable,
	}
}

// RollbackState is how a decision stands.
type RollbackState string

// The states. Refused and dry_run stay what they are; a request goes on.
const (
	RollbackStateRefused      RollbackState = "refused"
	RollbackStateWould        RollbackState = "dry_run"
	RollbackStateRequested    RollbackState = "requested"    // nobody has answered yet
	RollbackStateAcknowledged RollbackState = "acknowledged" // a receiver took the request
	RollbackStateDone         RollbackState = "done"         // the change was taken back
	RollbackStateWithdrawn    RollbackState = "withdrawn"    // what it rested on no longer holds
	RollbackStateUnanswered   RollbackState = "unanswered"   // nobody answered in time: people are told
)

// RollbackStates lists every RollbackState.
func RollbackStates() []RollbackState {
	return []RollbackState{
		RollbackStateRefused, RollbackStateWould, RollbackStateRequested, RollbackStateAcknowledged, RollbackStateDone,
		RollbackStateWithdrawn, RollbackStateUnanswered,
	}
}

// Rollback is one decision on whether to ask for a change to be taken back: an audit record. What was decided never changes;
// what became of a request is added. A zero time means that it hasn't happened.
type Rollback struct {
	ID          string `json:"id"` // of the change and of the revision of its verdict that it rests on
	ChangeID    string `json:"change_id"`
	Revision    int    `json:"revision"`
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Version     string `json:"version,omitempty"`
	// To is the version to go back to, the last good one, and ToChange the change that brought it.
	To       string         `json:"to,omitempty"`
	ToChange string         `json:"to_change,omitempty"`
	Mode     RollbackMode   `json:"mode"`
	Result   RollbackResult `json:"result"`
	Reason   RollbackReason `json:"reason,omitempty"` // why it was refused
	// DecidedAt is by the daemon's clock; Grade and Blame are those of the verdict.
	DecidedAt time.Time `json:"decided_at"`
	Grade     Grade     `json:"grade,omitempty"`
	Blame     float64   `json:"blame"`

	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	DoneAt         time.Time `json:"done_at,omitzero"`
	// DoneBy is the change that took it back, which has a verdict of its own; "" where the rollout was ended without one.
	DoneBy       string         `json:"done_by,omitempty"`
	WithdrawnAt  time.Time      `json:"withdrawn_at,omitzero"`
	WithdrawnFor RollbackReason `json:"withdrawn_for,omitempty"`
	UnansweredAt time.Time      `json:"unanswered_at,omitzero"`
}

// RollbackID names the decision that rests on a revision of the verdict on a change.
func RollbackID(changeID string, revision int) string {
	return fmt.Sprintf("%s@%d", changeID, revision)
}

// State is how it stands.
func (r Rollback) State() RollbackState {
	switch {
	case r.Result != RollbackRequested:
		return RollbackState(r.Result)
	case !r.DoneAt.IsZero():
		return RollbackStateDone
	case !r.WithdrawnAt.IsZero():
		return RollbackStateWithdrawn
	case !r.UnansweredAt.IsZero():
		return RollbackStateUnanswered
	case !r.AcknowledgedAt.IsZero():
		return RollbackStateAcknowledged
	}
	return RollbackStateRequested
}

// Standing: it asks for something that hasn't come about, and that nothing took back.
func (r Rollback) Standing() bool {
	s := r.State()
	return s == RollbackStateRequested || s == RollbackStateAcknowledged
}

// KillSwitch stops all requests for rollbacks while it is on. The zero value is that nobody ever turned it on.
type KillSwitch struct {
	On bool      `json:"on"`
	At time.Time `json:"at,omitzero"`
	// By and Why are in the words of whoever turned it.
	By  string `json:"by,omitempty"`
	Why string `json:"why,omitempty"`
}
