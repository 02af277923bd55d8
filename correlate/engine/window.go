package engine

import (
	"reflect"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// restate has a change judged as it is reported. One that isn't judged has a constant course: none, or the one verdict
// that it has not been deployed. A rollout that was given up is judged until then: what it did to users by that time is a
// function of what was measured.
func (e *Engine) restate(c *change, was correlate.ChangeRecord) {
	by := c.rec.ID
	if restated(was, *c.rec) {
		c.rec.Rejudging = false
	}
	switch {
	case !restated(was, *c.rec):
	case c.rec.Phase == correlate.PhaseRetracted:
		e.setCourse(c, nil, by)
	case c.rec.MergedInto != "":
		c.rec.Phase = correlate.PhaseMerged
		e.setCourse(c, nil, by)
	case !c.live() && (!c.tried() || !wasJudged(was, *c.rec) && e.unobservable(c)):
		c.rec.Phase = correlate.PhaseClosed
		e.setCourse(c, []correlate.Verdict{c.verdictOf(finding{
			outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed,
		}, c.completed().Unix(), true)}, by)
	case !wasJudged(was, *c.rec) && e.unobservable(c):
		c.rec.Phase = correlate.PhaseHistory
		rejudge(e, c)
		e.setCourse(c, nil, by)
	case !wasJudged(was, *c.rec):
		c.rec.Phase, c.judged = correlate.PhaseObserving, c.start()
		e.setCourse(c, nil, by)
	case c.rec.Phase == correlate.PhaseClosed && e.unobservable(c):
		correction(e, c, was.Rejudging)
		e.around = look{}
		c.dependsOn(e.subjectOf(c)) // judged in its time: nothing in memory is left to judge it anew
	}
	e.compareSubjects(c, by)
	e.watch(c)
}

// setCourse gives a change a course that is not derived. By is the change that it is for.
func (e *Engine) setCourse(c *change, course []correlate.Verdict, by string) {
	c.course, c.watch, c.unissued = course, nil, false
	e.altered(c.place())
	derived := slices.DeleteFunc(e.decisions, func(d decision) bool { return d.change == c })
	e.decisions = nil
	defer func() { e.decisions = derived }()
	if len(course)+len(c.issued) == 0 {
		return
	}
	e.around = look{}
	for n := range course {
		e.decisions = append(e.decisions, decision{change: c, at: n})
	}
	e.issue([]*change{c}, reopening{why: correlate.LateChange, by: by})
}

// restated: what is said of a change is not what was said before, leaving aside what other changes and incidents mean
// to it.
func restated(was, is correlate.ChangeRecord) bool {
	if len(was.Notes)+len(is.Notes) > 0 { // labels that people pinned are reported by nobody
		was.Reports, is.Reports = reportsOf(&was), reportsOf(&is)
		was.Labels, is.Labels = nil, nil
	}
	return was.MergedInto != is.MergedInto || was.Served != is.Served || (was.Phase == correlate.PhaseRetracted) != (is.Phase == correlate.PhaseRetracted) ||
		!slices.Equal(was.MergedFrom, is.MergedFrom) ||
		!reflect.DeepEqual(was.Change, is.Change) || !reflect.DeepEqual(was.Reports, is.Reports)
}

// reportsOf are the reports of a record, also where they are nothing but what it says.
func reportsOf(r *correlate.ChangeRecord) []correlate.ChangeReport {
	if len(r.Reports) > 0 || r.ID == "" {
		return r.Reports
	}
	return []correlate.ChangeReport{{ReceivedAt: r.ReceivedAt, Said: r.Change}}
}

// wasJudged: by its record, a change was among those that are judged. One that was given up and isn't any more was judged as
// something else.
func wasJudged(was, is correlate.ChangeRecord) bool {
	return (record.Live(was) || record.Tried(was) && record.Tried(is)) && was.Phase != "" && was.Phase != correlate.PhaseHistory
}

// unobservable: the window had passed before the change was reported, and nothing fine is left of its time; or it began
// before anything is kept that it could be compared with.
func (e *Engine) unobservable(c *change) bool {
	end := e.windowEnd(c)
	if e.mark.At == 0 {
		return end+e.cfg.Lateness < e.now || c.start() < e.now-e.cfg.CoarseKeep
	}
	return end < e.mark.At-e.cfg.FineKeep || c.start() < e.mark.At-e.cfg.CoarseKeep
}
