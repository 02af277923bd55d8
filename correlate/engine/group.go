package engine

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// adoptSlack is how far the accounts that several sources give of one rollout may lie apart, in seconds.
const adoptSlack = 600

// rollout is one change as the reports of several sources tell it, first the one under whose id it is known.
type rollout []*change

// pair is two changes that may be one.
type pair struct {
	a, b  *change
	apart int64 // seconds
}

// group works out anew which changes of a place are the same rollout, told by several sources under ids of their own:
// around what was touched, as far as rollouts overlap. Those nearest in time are put together first; no source tells one
// rollout under two ids. It is a function of the set of reports, so that it doesn't show in which order they came.
func (e *Engine) group(p place, t *touched) {
	near := e.overlapping(p, t)
	slices.SortFunc(near, asFirstTold)
	of := map[*change]*rollout{}
	for _, c := range near {
		of[c] = &rollout{c}
	}
	for _, same := range e.pairs(near) {
		r, o := of[same.a], of[same.b]
		if same.b.own.Source == SourceTelemetry && len(*o) > 1 {
			continue // what is seen belongs to one report, and makes no two of them one
		}
		if r != o && r.mayJoin(*o) {
			all := append(*r, *o...)
			slices.SortFunc(all, asFirstTold)
			for _, c := range all {
				of[c] = &all
			}
		}
	}
	for _, c := range near {
		if r := *of[c]; r[0] == c {
			e.regroupAll(r, t)
		}
	}
}

// pairs are the changes that may be one, nearest first, those that only telemetry shows last.
func (e *Engine) pairs(near []*change) (all []pair) {
	for i, a := range near {
		for _, b := range near[i+1:] {
			if e.maySame(a.own, b.own) {
				d := began(a.own) - began(b.own)
				all = append(all, pair{a, b, max(d, -d)})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y pair) int {
		return cmp.Or(cmp.Compare(telemetry(x.b), telemetry(y.b)), cmp.Compare(x.apart, y.apart))
	})
	return all
}

// maySame: two changes, as asFirstTold orders them, are told by different sources, overlap, and may bring the same.
func (e *Engine) maySame(a, b correlate.Change) bool {
	switch {
	case !rollsOut(a) || !rollsOut(b) || a.Source == "" || a.Source == b.Source:
		return false
	case b.Source == SourceTelemetry:
		return e.tells(a, b)
	}
	return sameVersion(a, b) && began(a) <= ended(b)+adoptSlack && began(b) <= ended(a)+adoptSlack
}

// mayJoin: no source is in both, and nobody in one says that it is another version than somebody in the other does.
func (r rollout) mayJoin(o rollout) bool {
	for _, a := range r {
		for _, b := range o {
			if a.own.Source == b.own.Source {
				return false
			}
			if a.own.Source != SourceTelemetry && b.own.Source != SourceTelemetry && !sameVersion(a.own, b.own) {
				return false
			}
		}
	}
	return true
}

// overlapping are the changes of a place that the touched ones may be the same rollouts as, and those that these may be.
func (e *Engine) overlapping(p place, t *touched) (near []*change) {
	from, to := t.from-adoptSlack, t.to+adoptSlack
	slack := max(int64(adoptSlack), e.cfg.Watch) // telemetry may see a version as late as that
	for grown := true; grown; {
		grown = false
		for _, c := range e.byPlace[p] {
			a, b := began(c.own)-slack, ended(c.own)+slack
			if a <= to && b >= from && (a < from || b > to) {
				from, to, grown = min(from, a), max(to, b), true
			}
		}
	}
	for _, c := range e.byPlace[p] {
		if began(c.own)-slack <= to && ended(c.own)+slack >= from {
			near = append(near, c)
		}
	}
	return near
}

// asFirstTold orders changes so that one follows those whose id it may go by: what sources report before what telemetry
// shows, then by when they began.
func asFirstTold(a, b *change) int {
	return cmp.Or(cmp.Compare(telemetry(a), telemetry(b)), cmp.Compare(began(a.own), began(b.own)), cmp.Compare(a.rec.ID, b.rec.ID))
}

func telemetry(c *change) int {
	if c.own.Source == SourceTelemetry {
		return 1
	}
	return 0
}

// sameVersion: what two changes bring may be the same, as far as it is told.
func sameVersion(a, b correlate.Change) bool {
	if (a.Version == "" && a.Commit == "") || (b.Version == "" && b.Commit == "") {
		return true
	}
	for _, x := range []string{a.Version, a.Commit} {
		for _, y := range []string{b.Version, b.Commit} {
			if x != "" && (x == y || samePrefix(x, y) || strings.TrimPrefix(x, "v") == strings.TrimPrefix(y, "v")) {
				return true
			}
		}
	}
	return false
}

// tells: telemetry saw a version arrive that a source reported: the same one since it came, or one that appeared while the
// source says that something was being rolled out.
func (e *Engine) tells(reported, seen correlate.Change) bool {
	first, end := began(seen), ended(reported)
	if reported.Version == seen.Version {
		return first >= began(reported)-adoptSlack
	}
	return first >= began(reported)-cmp.Or(e.cfg.AdoptAfter, 1) && first <= end+adoptSlack
}

func rollsOut(c correlate.Change) bool {
	return c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback
}

func began(c correlate.Change) int64 { return c.Start().Unix() }

func ended(c correlate.Change) int64 {
	if c.FinishedAt.IsZero() {
		return c.Start().Unix()
	}
	return max(c.Start().Unix(), c.FinishedAt.Unix())
}

// regroupAll gives the changes of a rollout their part in it. What telemetry sees bears out what is reported, and says
// nothing of itself.
func (e *Engine) regroupAll(r rollout, t *touched) {
	var reports []correlate.ChangeReport
	var ids []string
	for _, c := range r {
		if c == r[0] || c.own.Source != SourceTelemetry {
			reports = append(reports, c.reports...)
		}
		if c != r[0] {
			ids = append(ids, c.rec.ID)
			e.regroup(c, c.own, r[0].rec.ID, nil, t)
		}
	}
	correlate.SortChangeReports(reports)
	said := correlate.FoldChange(reports)
	said.ID = r[0].rec.ID
	slices.Sort(ids)
	e.regroup(r[0], said, "", ids, t)
}

// regroup gives a change the part that it has among the reports of a rollout, and its window.
func (e *Engine) regroup(c *change, said correlate.Change, into string, from []string, t *touched) {
	was := c.rec
	c.rec.Change, c.rec.MergedInto, c.rec.MergedFrom = said, into, from
	c.rec.Reports = nil
	if len(c.reports) > 1 || len(from) > 0 {
		c.rec.Reports = c.reports
	}
	c.rec.Abandoned = e.abandoned(c)
	e.await(c)
	if reflect.DeepEqual(was, c.rec) {
		return
	}
	t.change(c)
	for _, i := range e.incidentsBy[c.rec.ID] {
		t.incident(i)
	}
	e.unlist(c)
	e.list(c)
	e.unwatch(c)
	e.openWindow(c, was)
}
