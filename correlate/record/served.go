package record

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// serve works out whether a change that failed or was cancelled had reached users by then. One that was reported to have
// succeeded had, and was complete by then: that it is marked failed later doesn't undo it.
func serve(r *correlate.ChangeRecord, reports []correlate.ChangeReport) {
	r.Served = false
	if !broken(r.Change) || r.MergedInto != "" {
		return
	}
	if done := succeeded(reports); !done.IsZero() {
		r.Served, r.FinishedAt = true, done
		r.StartedAt = earlier(r.StartedAt, done)
	}
}

// succeeded is when a change was complete by the reports of its success; zero when there is none.
func succeeded(reports []correlate.ChangeReport) time.Time {
	var successes []correlate.ChangeReport
	for _, r := range reports {
		if r.Said.Status == correlate.StatusSucceeded {
			successes = append(successes, r)
		}
	}
	c := correlate.FoldChange(successes)
	if c.FinishedAt.IsZero() {
		return c.Start()
	}
	return c.FinishedAt
}
