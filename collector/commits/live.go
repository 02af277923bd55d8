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

// Lacking tells whether a change brings something and nobody told what: a deployment of a commit that had not been live.
func Lacking(c correlate.ChangeRecord) bool {
	return c.Size == nil && c.Kind == correlate.KindDeployment && !c.Rollback && !c.Redeploy && Arrived(c) && IsHash(c.Commit) &&
		!c.FinishedAt.IsZero()
}

// Of is a report of a change with what it brings. It repeats what says which change and which report of it is meant, and
// corrects nothing.
func (f Found) Of(c correlate.Change) correlate.Change {
	report := correlate.Change{
		ID: c.ID, Kind: c.Kind, Status: c.Status, Service: c.Service, Environment: c.Environment, FinishedAt: c.FinishedAt, UpdatedAt: c.UpdatedAt,
		Commits: f.Commits, Size: &f.Size,
	}
	if len(c.Commits) > 0 {
		report.Commits = nil // its sender knows better: the commits behind a squash, say
	}
	return report
}
