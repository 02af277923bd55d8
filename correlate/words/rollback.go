package words

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// RollbackReason says which condition for a request to take a change back doesn't hold.
func RollbackReason(r correlate.RollbackReason) string {
	return listed(map[correlate.RollbackReason]string{
		correlate.RollbackNotRegressed:      "it isn't judged to be regressed",
		correlate.RollbackStale:             "the verdict is of a time that is long past",
		correlate.RollbackOver:              "it is over",
		correlate.RollbackGrade:             "the comparison is weaker than grade B",
		correlate.RollbackBlame:             "another change may have done it",
		correlate.RollbackIsRollback:        "it is a rollback itself",
		correlate.RollbackNoDeployment:      "it isn't the deployment of a version",
		correlate.RollbackMigration:         "it is labelled as a migration",
		correlate.RollbackUnderWay:          "a rollback is under way, or was asked for",
		correlate.RollbackNotNewest:         "another change came after it",
		correlate.RollbackPreviousUnknown:   "nothing sure is known of the version before it",
		correlate.RollbackPreviousUnhealthy: "the version before it wasn't judged healthy",
		correlate.RollbackAsked:             "it was asked for before",
		correlate.RollbackServiceBudget:     "a rollback of the service was asked for in this hour",
		correlate.RollbackEnvironmentBudget: "enough rollbacks in the environment were asked for in this hour",
		correlate.RollbackKilled:            "the kill switch is on",
		correlate.RollbackUnreadable:        "what must be known for it couldn't be read",
	}, r)
}

// Rollback says in a sentence what was decided on taking a change back, and what became of it.
func Rollback(r correlate.Rollback) string {
	asked := fmt.Sprintf("a rollback to %s was asked for at %s", Or(r.To), Instant(r.DecidedAt))
	switch r.State() {
	case correlate.RollbackStateRefused:
		return "no rollback was asked for: " + RollbackReason(r.Reason)
	case correlate.RollbackStateWould:
		return fmt.Sprintf("a rollback to %s would have been asked for at %s (dry run)", Or(r.To), Instant(r.DecidedAt))
	case correlate.RollbackStateAcknowledged:
		return asked + ", and a receiver took the request at " + Instant(r.AcknowledgedAt)
	case correlate.RollbackStateDone:
		if r.DoneBy == "" {
			return asked + ", and the rollout was ended"
		}
		return asked + ", and " + r.DoneBy + " took it back"
	case correlate.RollbackStateWithdrawn:
		return asked + ", and withdrawn: " + RollbackReason(r.WithdrawnFor)
	case correlate.RollbackStateUnanswered:
		return asked + ", and nobody answered in time"
	}
	return asked + "; nobody has answered yet"
}
