package commits

import "github.com/shipwake/shipwake/correlate"

// Live is the commit that was live before a change, by the changes of the same service and environment that were complete
// before it, the newest first: that of the last rollout that reached its users and tells one. It is "" when there is none.
func Live(before []correlate.ChangeRecord, id string) string {
	for _, c := range before {
		if c.ID != id && c.Commit != "" && Arrived(c) {
			return c.Commit
		}
	}
	return ""
}

// Arrived tells whether a change is a rollout that reached its users, and that counts.
func Arrived(c correlate.ChangeRecord) bool {
	switch {
	case c.Kind != correlate.KindDeployment && c.Kind != correlate.KindRollback:
		return false
	case c.MergedInto != "" || c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted:
		return false
	}
	return c.Served || c.Status == correlate.StatusSucceeded
}
