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
		return
	}
}

// succeeded is when a change was complete by the latest report of its success; zero when there is none.
func succeeded(reports []correlate.ChangeReport) (done time.Time) {
	for _, r := range reports {
		if c := r.Said; c.Status == correlate.StatusSucceeded {
			at := c.FinishedAt
			if at.IsZero() {
				at = c.Start()
			}
			if at.After(done) {
				done = at
			}
		}
	}
	return done
}
