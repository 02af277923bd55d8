package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// issuer turns decisions into effects.
type issuer struct {
	roster     *roster
	resolution int64 // see Config
	faults     faultBook
	decisions  []decision // since decisions were last issued
	effects    []correlate.Effect
}

func (i *issuer) emit(eff correlate.Effect) { i.effects = append(i.effects, eff) }

// issue compares the courses with what was issued, and issues the difference: of the changes that something was decided
// of, and of some others. It does so whatever made the difference: time that went by, something that came late, or a
// course that is no longer that of a change which is judged.
func (i *issuer) issue(others []*change, r reopening) {
	decisions := i.decisions
	i.decisions = nil
	stands, last := map[*change]int{}, map[*change]bool{}
	kept := map[*change]map[int64]*correlate.Series{}
	for _, c := range others {
		if last[c] = true; !i.checked(c) {
			stands[c] = c.keepStanding()
		}
	}
	for _, d := range decisions {
		if d.change == nil {
			if i.faults.isNews(d) {
				i.emitFaults([]correlate.Regression{*d.fault})
			}
			continue
		}
		c := d.change
		if i.checked(c) {
			if kept[c] == nil {
				kept[c] = map[int64]*correlate.Series{}
			}
			kept[c][c.course[d.at].DecidedAt.Unix()] = d.series
			if d.at == len(c.course)-1 && !last[c] {
				i.issueSaid(c, r, kept[c])
			}
			continue
		}
		if _, known := stands[c]; !known {
			stands[c] = c.keepStanding()
		}
		if d.at >= stands[c] {
			i.revise(c, c.course, d.at, stands[c], r)
			i.keepSeries(d.series, c.revision)
		}
		if d.at == len(c.course)-1 && !last[c] {
			i.show(c, c.course, stands[c], r)
		}
	}
	for _, c := range others {
		if i.checked(c) {
			i.issueSaid(c, r, kept[c])
			continue
		}
		i.show(c, c.course, stands[c], r)
	}
}

// keepStanding returns how many verdicts of what was issued stand, and puts them into the course as they were issued.
func (c *change) keepStanding() int { return keepStanding(c.issued, c.course) }

func keepStanding(issued, course []correlate.Verdict) int {
	n := standing(issued, course)
	copy(course, issued[:n])
	return n
}

// standing is how many verdicts two courses begin with alike.
func standing(a, b []correlate.Verdict) int {
	n := 0
	for n < min(len(a), len(b)) && sameJSON(a[n].Unrevised(), b[n].Unrevised()) {
		n++
	}
	return n
}

// sameJSON compares what is issued.
func sameJSON(a, b any) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	other, err := json.Marshal(b)
	return err == nil && bytes.Equal(one, other)
}

// revise issues the verdict at a place of what is said of a change, of which some stand.
func (i *issuer) revise(c *change, said []correlate.Verdict, n, stand int, r reopening) {
	v := &said[n]
	c.revision++
	v.Revision = c.revision
	if n == stand && n < len(c.issued) {
		v.Supersedes, v.Reopened, v.ReopenedBy = c.issued[n].Revision, r.why, r.by
	}
	issued := *v
	i.emit(correlate.Effect{Verdict: &issued})
}

// keepSeries has what a verdict that was just issued rests on kept with it.
func (i *issuer) keepSeries(of *correlate.Series, revision int) {
	if of != nil {
		kept := *of
		kept.Revision = revision
		i.emit(correlate.Effect{Series: &kept})
	}
}

// show puts the verdict in force into the record. One that is taken back without another in its place is withdrawn.
func (i *issuer) show(c *change, said []correlate.Verdict, stand int, r reopening) {
	switch n := len(said); {
	case stand == n && stand < len(c.issued):
		c.revision++
		w := correlate.Verdict{
			ChangeID: c.rec.ID, Service: c.rec.Service, Environment: c.rec.Environment, Version: c.rec.Version,
			Outcome: correlate.Inconclusive, Reason: correlate.ReasonUnderpowered, Evidence: []correlate.Evidence{},
			Revision: c.revision, DecidedAt: at(i.roster.mark.At),
			Supersedes: c.issued[stand].Revision, Reopened: r.why, ReopenedBy: r.by, Withdrawn: true,
		}
		i.emit(correlate.Effect{Verdict: &w})
		shown := w
		c.rec.Verdict = &shown
	case n > 0 && (len(c.issued) != n || stand < n):
		c.rec.Verdict = &said[n-1]
	}
	c.unissued = false
	c.keep(said)
	i.roster.convictions.note(c)
	for _, o := range i.roster.book.Judged(c.Change) {
		i.publish(i.roster.changeOf(o))
	}
}

// publish emits a record that differs from what was last emitted, as far as that is remembered. A change is observed until its last verdict is issued.
func (i *issuer) publish(c *change) {
	rec := *c.rec
	if c.unissued {
		rec.Phase = correlate.PhaseObserving
	}
	if c.emitted != nil && reflect.DeepEqual(rec, *c.emitted) {
		return
	}
	rec.Incidents = slices.Clone(rec.Incidents)
	rec.MergedFrom = slices.Clone(rec.MergedFrom)
	rec.Labels = maps.Clone(rec.Labels)
	if c.emitted = nil; c.watched {
		c.emitted = &rec
	}
	i.emit(correlate.Effect{Change: &rec})
}

func (i *issuer) emitFaults(all []correlate.Regression) {
	for _, r := range all {
		i.emit(correlate.Effect{Regression: &r})
	}
}
