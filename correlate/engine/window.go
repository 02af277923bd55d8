package engine

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// openWindow sets the observation window of a change that was just reported, or reported otherwise than before, unless
// its time has passed unobserved.
func (e *Engine) openWindow(c *change, was correlate.ChangeRecord) {
	lived := wasLive(was)
	switch {
	case c.rec.Phase == correlate.PhaseRetracted:
		e.replace(c, nil, c.rec.ID)
		e.leave(lived, was, c)
	case c.rec.MergedInto != "":
		c.rec.Phase = correlate.PhaseMerged
		e.replace(c, nil, c.rec.ID)
		e.leave(lived, was, c)
	case c.rec.Status == correlate.StatusFailed || c.rec.Status == correlate.StatusCancelled:
		c.rec.Phase = correlate.PhaseClosed
		e.replace(c, []correlate.Verdict{e.verdict(c, finding{
			outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed,
		}, c.completed().Unix(), true)}, c.rec.ID)
		e.leave(lived, was, c)
	case !lived && e.unobservable(c):
		c.rec.Phase = correlate.PhaseHistory
		e.replace(c, nil, c.rec.ID)
	case c.rec.Phase == correlate.PhaseClosed && lived && e.unobservable(c):
		// judged in its time: nothing is left to judge it anew
	default:
		if !lived {
			e.replace(c, nil, c.rec.ID)
		}
		if !lived {
			c.rec.Phase, c.judged = correlate.PhaseObserving, c.start()
		}
		e.goBack(e.bearsFrom(c, was), correlate.LateChange, c.rec.ID)
	}
}

// leave: a change that was judged turns out not to have reached anybody by itself.
func (e *Engine) leave(lived bool, was correlate.ChangeRecord, c *change) {
	if lived {
		e.goBack(was.Start().Unix(), correlate.LateChange, c.rec.ID)
	}
}

func wasLive(was correlate.ChangeRecord) bool {
	return record.Live(was) && was.Phase != "" && was.Phase != correlate.PhaseHistory
}

// bearsFrom is the instant up to which nothing that was judged depends on how a change differs from what it was.
func (e *Engine) bearsFrom(c *change, was correlate.ChangeRecord) int64 {
	from := c.start()
	if !wasLive(was) {
		return from
	}
	if !sameButFinish(was.Change, c.rec.Change) {
		return min(from, was.Start().Unix())
	}
	from = min(e.windowEnd(c), e.book.WindowEnd(was.Change)) - 1
	for _, o := range []correlate.Change{c.rec.Change, was.Change} {
		if finish := record.Finish(o); finish > 0 {
			from = min(from, finish-1) // at that instant it is known
		}
	}
	return from
}

// sameButFinish compares what judging depends on.
func sameButFinish(a, b correlate.Change) bool {
	if len(a.Zones) != len(b.Zones) {
		return false
	}
	for i := range a.Zones {
		if a.Zones[i] != b.Zones[i] {
			return false
		}
	}
	return a.Kind == b.Kind && a.Version == b.Version && a.Commit == b.Commit && a.Service == b.Service &&
		a.Environment == b.Environment && a.Start().Equal(b.Start())
}

// unobservable: the window had passed before the change was told, and nothing fine is left of its time.
func (e *Engine) unobservable(c *change) bool {
	end := e.windowEnd(c)
	if e.mark.At == 0 {
		return end+e.cfg.Lateness < e.now
	}
	return end < e.mark.At-e.cfg.FineKeep
}

func (e *Engine) windowEnd(c *change) int64 { return e.book.WindowEnd(c.rec.Change) }
