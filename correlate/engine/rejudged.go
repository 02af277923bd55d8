package engine

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/checks"
	"github.com/shipwake/shipwake/correlate/observe"
)

// Rejudged is what came out of judging a stretch of the past once more, see Retrial. Without courses it says that this
// can't be done, because what was measured then is not known any more.
type Rejudged struct {
	By          string // the late change
	From, To    int64  // Unix seconds
	Courses     []Course
	Regressions []correlate.Regression // decided in that time, by place and in order
}

// Course is the verdicts of a change as it was known when they were found, oldest first.
type Course struct {
	Change   correlate.Change
	Verdicts []correlate.Verdict
	Series   []correlate.Series // what some of them are kept with
}

// rejudge marks a change that can't be judged by what is in memory, if it is late by no more than what is on disk reaches.
func rejudge(e *Engine, c *change) {
	from, _ := everTold(e.cfg.records(), *c.rec)
	c.rec.Rejudging = c.live() && from-e.cfg.Baseline >= e.now-e.cfg.LateReach && e.mark.At > 0
}

// correction has a change judged once more that is reported otherwise than it was judged. One that waits for that goes on
// waiting: a report may add what nothing is judged by, such as its commits.
func correction(e *Engine, c *change, waits bool) {
	if is := e.subjectOf(c); waits || observe.AlikeUntil(c.depended(), &is) < observe.Never {
		rejudge(e, c)
	}
}

// retried is an engine that learns what a retrial found.
type retried struct {
	*Engine
	of Rejudged
}

// take issues the difference between what a retrial found and what was issued. A change of which something else is known
// by now, or that is judged by what is in memory, stays as it is.
func (r retried) take() {
	derived := map[string]bool{}
	for _, k := range r.of.Courses {
		if c := r.change(k.Change.ID); c != nil && r.concerns(c, k) {
			derived[k.Change.ID] = true
			r.adopt(c, k.Verdicts, k.Series)
		}
	}
	if c := r.change(r.of.By); c != nil && c.rec.Rejudging && len(r.of.Courses) == 0 {
		c.rec.Rejudging = false
		r.doubt(c)
		r.publish(c)
	}
	r.emitFaults(r.faults.replaced(r.of, derived))
}

func (r retried) concerns(c *change, k Course) bool {
	return judgeable(*c.rec) && c.rec.Phase != correlate.PhaseObserving && !c.watched && reflect.DeepEqual(c.rec.Change, k.Change)
}

// adopt gives a change a course. Verdicts that say the same as those that were issued stay as these are, though it is by
// other traces of the same time that they were found.
func (r retried) adopt(c *change, course []correlate.Verdict, series []correlate.Series) {
	course = slices.Clone(course)
	issued := checks.Course(c.issued)
	n := 0
	for n < min(len(course), len(issued)) && sameJSON(answer(course[n]), answer(issued[n])) {
		course[n] = issued[n]
		n++
	}
	was := *c.rec
	c.rec.Rejudging, c.rec.Phase = false, correlate.PhaseClosed
	c.dependsOn(r.subjectOf(c))
	r.altered(c.place())
	switch {
	case n < max(len(course), len(issued)):
		r.setCourse(c, course, r.of.By)
		r.keepEach(c.course[n:], series)
	case !reflect.DeepEqual(was, *c.rec):
		r.publish(c)
	}
}

// keepEach has the latest series of each instant at which a verdict was decided kept with it.
func (r retried) keepEach(issued []correlate.Verdict, series []correlate.Series) {
	for i := range issued {
		for _, s := range slices.Backward(series) {
			if s.At.Equal(issued[i].DecidedAt) {
				r.keepSeries(&s, issued[i].Revision)
				break
			}
		}
	}
}

// answer is what a verdict says, without how it came about and what it was found by.
func answer(v correlate.Verdict) correlate.Verdict {
	v = v.Unrevised()
	v.Inputs = ""
	return v
}

// replaced takes in the faults that a retrial found, in place of what was known of them, and returns those that are not as
// they were issued. One that was decided in that time and doesn't show any more is withdrawn, if nobody but the changes
// that were derived is suspected.
func (b *faultBook) replaced(of Rejudged, derived map[string]bool) (news []correlate.Regression) {
	last, found := map[string]correlate.Regression{}, map[string]correlate.Regression{}
	for _, r := range of.Regressions {
		found[r.ID] = r
	}
	for p, all := range b.known {
		b.known[p] = slices.DeleteFunc(slices.Clone(all), func(r correlate.Regression) bool {
			last[r.ID] = r
			_, again := found[r.ID]
			return again || of.disproves(r, derived)
		})
	}
	for id, r := range last {
		if _, again := found[id]; !again && of.disproves(r, derived) {
			r.Suspects, r.Withdrawn = []correlate.Suspect{}, true
			news = append(news, r)
		}
	}
	for _, r := range of.Regressions {
		b.insert(r)
		if was, known := last[r.ID]; r.DecidedAt.Equal(found[r.ID].DecidedAt) && !(known && sameJSON(was, r)) {
			news = append(news, r)
		}
	}
	slices.SortFunc(news, func(x, y correlate.Regression) int {
		return cmp.Or(x.DecidedAt.Compare(y.DecidedAt), cmp.Compare(x.ID, y.ID))
	})
	return news
}

// disproves says that a fault would have been found again if there was one.
func (j *Rejudged) disproves(r correlate.Regression, derived map[string]bool) bool {
	t := r.DecidedAt.Unix()
	return t > j.From && t <= j.To && len(r.Suspects) > 0 &&
		!slices.ContainsFunc(r.Suspects, func(s correlate.Suspect) bool { return !derived[s.ChangeID] })
}

// insert adds a fault among those of its place by when it was decided.
func (b *faultBook) insert(r correlate.Regression) {
	p := placeOf(&r)
	all := b.known[p]
	i := len(all)
	for i > 0 && all[i-1].DecidedAt.After(r.DecidedAt) {
		i--
	}
	b.known[p] = slices.Insert(slices.Clone(all), i, r)
}
