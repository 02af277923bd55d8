package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// The labels of a change that tell why it was made.
const (
	LabelClass    = "class"    // "hotfix" marks a repair
	LabelIncident = "incident" // the id of the incident that it answers
	ClassHotfix   = "hotfix"
)

func isHotfix(c *correlate.ChangeRecord) bool { return c.Labels[LabelClass] == ClassHotfix }

// linkHotfixes finds for each hotfix the deployment that it repairs: the one that was live when the hotfix began.
func (b *book) linkHotfixes() {
	live := map[site][]*correlate.ChangeRecord{}
	for _, c := range b.changes {
		if !isLive(c) {
			continue
		}
		at := siteOf(c)
		if isHotfix(c) && !isRollback(c) {
			if repaired := liveAt(live[at], c.Start()); repaired != nil && b.hotfixes[repaired.ID] == nil {
				b.hotfixes[repaired.ID] = c
			}
		}
		live[at] = append(live[at], c)
	}
}

// liveAt is the last of the deployments, given by completion, that had completed at t, unless that is too long ago or
// a rollback, which a hotfix doesn't speak against.
func liveAt(deployments []*correlate.ChangeRecord, t time.Time) *correlate.ChangeRecord {
	for i := len(deployments) - 1; i >= 0; i-- {
		c := deployments[i]
		if completion(c).After(t) {
			continue
		}
		if isRollback(c) || t.Sub(completion(c)) > attributionWindow {
			return nil
		}
		return c
	}
	return nil
}

// isRework says whether a deployment repairs an earlier one instead of bringing something new.
func (b *book) isRework(c *correlate.ChangeRecord) bool {
	return isRollback(c) || isHotfix(c) || c.Labels[LabelIncident] != "" || b.answersIncident(c)
}

// answersIncident says whether an incident caused by an earlier change of the same site was open when c began.
func (b *book) answersIncident(c *correlate.ChangeRecord) bool {
	start := c.Start()
	for _, in := range b.troubles[siteOf(c)] {
		cause := b.byID[in.AttributedTo]
		open := !start.Before(in.OpenedAt) && (in.ResolvedAt.IsZero() || start.Before(in.ResolvedAt))
		if open && cause.Start().Before(start) && start.Sub(in.OpenedAt) <= attributionWindow {
			return true
		}
	}
	return false
}
