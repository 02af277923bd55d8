package rollback

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Seen is what is seen of a request that stands.
type Seen struct {
	Now    time.Time
	Killed bool // the kill switch is on
	// Arrived is when a receiver took the request; zero: none has.
	Arrived time.Time
	// Change is the change that is to be taken back, and Around the newest other changes of its service and environment.
	Change correlate.ChangeRecord
	Around []correlate.ChangeRecord
}

// Follow says what has become of a request, and whether that is news. That a receiver took it is noted in any case; then the
// first of these counts:
//
//  1. the change was taken back, or its rollout ended without success: it is done, whatever was said of the request before;
//  2. the verdict no longer says what the request rests on: it is withdrawn, whether or not it was sent;
//  3. it wasn't sent, and somebody stopped all requests, it is over by itself, or another change came: it is withdrawn;
//  4. nobody answered in time, or the clock went back: it is unanswered, and isn't sent any more.
func Follow(r correlate.Rollback, s Seen) (correlate.Rollback, bool) {
	if r.Result != correlate.RollbackRequested || !r.DoneAt.IsZero() {
		return r, false
	}
	before := r
	if r.Standing() && r.AcknowledgedAt.IsZero() {
		r.AcknowledgedAt = s.Arrived
	}
	switch why := s.takesBack(r); {
	case s.Change.RolledBackBy != "" || ended(s.Change):
		r.DoneAt, r.DoneBy = s.Now, s.Change.RolledBackBy
	case !r.Standing():
	case why != "":
		r.WithdrawnAt, r.WithdrawnFor = s.Now, why
	case r.AcknowledgedAt.IsZero() && !Fits(r, s.Now):
		r.UnansweredAt = s.Now
	}
	return r, r != before
}

// takesBack is why a request no longer stands, "" when it does.
func (s Seen) takesBack(r correlate.Rollback) correlate.RollbackReason {
	c := Case{Now: s.Now, Change: s.Change, Around: s.Around}
	v := c.verdict()
	switch {
	case !counts(s.Change) || v.Outcome != correlate.Regressed || v.Withdrawn:
		return correlate.RollbackNotRegressed
	case !compared(v):
		return correlate.RollbackGrade
	case v.Blame < LeastBlame:
		return correlate.RollbackBlame
	case !r.AcknowledgedAt.IsZero(): // the rest is the business of whoever carries it out
		return ""
	case s.Killed:
		return correlate.RollbackKilled
	case !lasting(s.Change, v):
		return correlate.RollbackOver
	case !c.newest():
		return correlate.RollbackNotNewest
	}
	return ""
}

// ended: the rollout of a change ended before it was complete.
func ended(c correlate.ChangeRecord) bool {
	return c.Status == correlate.StatusFailed || c.Status == correlate.StatusCancelled
}

// Fits says whether it is still the time to send a request: not later than it is to be answered, and not earlier than it was
// decided, which is so after a clock went back.
func Fits(r correlate.Rollback, now time.Time) bool {
	const apart = 10 * time.Second // clocks of one machine that are read in two places
	age := now.Sub(r.DecidedAt)
	return age >= -apart && age < AnswerWithin
}
