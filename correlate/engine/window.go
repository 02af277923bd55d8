package engine

import (
	"github.com/shipwake/shipwake/correlate"
)

// openWindow sets the observation window of a change that was just reported, or reported otherwise than before, unless
// its time has passed unobserved.
func (e *Engine) openWindow(c *change, was correlate.ChangeRecord) {
	phase := c.rec.Phase
	c.rec.WindowStart = at(c.start())
	c.rec.WindowEnd = at(e.windowEnd(c))
	lived := wasLive(was)
	switch {
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
	case phase == correlate.PhaseClosed && lived && e.unobservable(c):
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
	e.watch(c)
}

// leave: a change that was judged turns out not to have reached anybody by itself.
func (e *Engine) leave(lived bool, was correlate.ChangeRecord, c *change) {
	if lived {
		e.goBack(was.Start().Unix(), correlate.LateChange, c.rec.ID)
	}
}

func wasLive(was correlate.ChangeRecord) bool {
	return (&change{rec: was}).live() && was.Phase != "" && was.Phase != correlate.PhaseHistory
}

// bearsFrom is the instant up to which nothing that was judged depends on how a change differs from what it was.
func (e *Engine) bearsFrom(c *change, was correlate.ChangeRecord) int64 {
	from := c.start()
	if !wasLive(was) {
		return from
	}
	old := &change{rec: was, own: was.Change}
	if !sameButFinish(was.Change, c.rec.Change) {
		return min(from, old.start())
	}
	from = min(e.windowEnd(c), e.windowEnd(old)) - 1
	for _, o := range []*change{c, old} {
		if o.finish() > 0 {
			from = min(from, o.finish()-1) // at that instant it is known
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

func (e *Engine) windowEnd(c *change) int64 {
	return max(c.start(), c.finish()) + e.cfg.Judge.Grace + e.cfg.Watch
}

// await notes a change whose end is to be told, so that it can be given up.
func (e *Engine) await(c *change) {
	if c.rec.Status == correlate.StatusStarted && !c.rec.Abandoned && c.rec.MergedInto == "" {
		e.unfinished[c] = true
		return
	}
	delete(e.unfinished, c)
}

// abandoned: a change that started so long ago that nobody will tell its end. It may have reached users, and is judged
// and suspected as any other; but it isn't counted, and no incident is held against it unless it names it.
func (e *Engine) abandoned(c *change) bool {
	return c.rec.MergedInto == "" && c.rec.Status == correlate.StatusStarted && c.start()+e.cfg.AbandonAfter <= e.mark.At
}

// abandon gives up the changes whose end nobody told.
func (e *Engine) abandon() {
	var t touched
	for c := range e.unfinished {
		if e.abandoned(c) {
			t.change(c)
		}
	}
	if len(t.changes) > 0 {
		e.settle(t)
	}
}
