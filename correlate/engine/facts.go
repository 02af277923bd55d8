package engine

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"sort"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// change is one change in memory: its record, and how far it has been judged.
type change struct {
	rec     correlate.ChangeRecord
	emitted correlate.ChangeRecord
	// reports are those under its own id, in order, and own is what they say together.
	reports []correlate.ChangeReport
	own     correlate.Change
	// course is the verdicts as they followed one another, by all that is known now: none that was superseded is among
	// them. issued is the newest revision there is.
	course []correlate.Verdict
	issued int
	judged int64 // the newest instant at which it was judged
	// assessed and between are its latest assessments, at an instant of the schedule and at one in between. They are
	// functions of the state, kept because they are asked for more than once.
	assessed, between assessed
	watch             *watch // nil when nothing is remembered
}

// verdict is the current one, nil when nothing can be said yet.
func (c *change) verdict() *correlate.Verdict {
	if n := len(c.course); n > 0 {
		return &c.course[n-1]
	}
	return nil
}

func (c *change) place() place { return place{Service: c.own.Service, Environment: c.own.Environment} }
func (c *change) start() int64 { return c.rec.Start().Unix() }

// finish is when the rollout was complete, 0 while it runs.
func (c *change) finish() int64 {
	if c.rec.FinishedAt.IsZero() {
		if c.rec.Status == correlate.StatusStarted {
			return 0
		}
		return c.start()
	}
	return c.rec.FinishedAt.Unix()
}

// completed is the instant that keys the change in time: its finish, or its start while it has none.
func (c *change) completed() time.Time {
	if c.rec.FinishedAt.IsZero() {
		return c.rec.StartedAt
	}
	return c.rec.FinishedAt
}

// live: the change reached, or is reaching, users.
func (c *change) live() bool {
	return c.rec.Phase != correlate.PhaseMerged &&
		(c.rec.Status == correlate.StatusSucceeded || c.rec.Status == correlate.StatusStarted)
}

// rollsOut: the change brings a version.
func (c *change) rollsOut() bool {
	return c.rec.Kind == correlate.KindDeployment || c.rec.Kind == correlate.KindRollback
}

// atOnce: a flag or a setting reaches instances that keep running.
func (c *change) atOnce() bool {
	return c.rec.Kind == correlate.KindFeatureFlag || c.rec.Kind == correlate.KindConfig
}

type incident struct {
	rec     correlate.IncidentRecord
	emitted correlate.IncidentRecord
	reports []correlate.IncidentReport
}

func (i *incident) place() place {
	return place{Service: i.rec.Service, Environment: i.rec.Environment}
}

func (e *Engine) facts(facts []Fact) {
	var t touched
	for _, f := range facts {
		if e.now == 0 {
			e.now = f.ReceivedAt.Unix()
		}
		f.Fact = f.WithDefaults()
		switch {
		case f.Change != nil:
			e.changeReported(correlate.ChangeReport{ReceivedAt: f.ReceivedAt, Said: *f.Change}, &t)
		case f.Incident != nil:
			e.incidentReported(correlate.IncidentReport{ReceivedAt: f.ReceivedAt, Said: *f.Incident}, &t)
		}
	}
	e.settle(t)
	if e.late.from < e.told {
		e.tellJudged(e.late.from)
	}
}

// settle works out what follows from what was reported: which reports are of one rollout, what the changes of the
// touched places mean to one another, and from when on that bears on what was already judged.
func (e *Engine) settle(t touched) {
	e.lookAgain()
	for _, p := range slices.SortedFunc(maps.Keys(t.places), place.Compare) {
		e.group(p, &t)
	}
	e.relink(t)
	for _, c := range slices.SortedFunc(maps.Keys(t.changes), byCompletion) {
		e.doubt(c)
	}
	clear(e.past)
}

// lookAgain forgets what was derived from the changes known until now.
func (e *Engine) lookAgain() { e.around = look{} }

func (e *Engine) changeReported(r correlate.ChangeReport, t *touched) {
	c := e.changes[r.Said.ID]
	if c == nil {
		c = &change{rec: correlate.ChangeRecord{ReceivedAt: r.ReceivedAt.UTC()}}
		c.rec.ID = r.Said.ID
		e.changes[r.Said.ID] = c
	} else {
		t.place(c.place())
		t.stretch(c.own)
		e.unlist(c)
	}
	c.reports = correlate.AddChangeReport(c.reports, r)
	c.own = correlate.FoldChange(c.reports)
	for _, known := range c.reports {
		if known.ReceivedAt.Before(c.rec.ReceivedAt) {
			c.rec.ReceivedAt = known.ReceivedAt
		}
	}
	e.list(c)
	t.change(c)
}

// list and unlist keep byPlace sorted by completion, then id.
func (e *Engine) list(c *change) {
	all := e.byPlace[c.place()]
	i := sort.Search(len(all), func(i int) bool { return byCompletion(all[i], c) >= 0 })
	e.byPlace[c.place()] = slices.Insert(all, i, c)
}

func (e *Engine) unlist(c *change) {
	p := c.place()
	e.byPlace[p] = slices.DeleteFunc(e.byPlace[p], func(o *change) bool { return o == c })
}

func (e *Engine) unwatch(c *change) {
	e.watched = slices.DeleteFunc(e.watched, func(o *change) bool { return o == c })
}

// byCompletion orders changes by when they were complete, then by id.
func byCompletion(a, b *change) int {
	return cmp.Or(a.completed().Compare(b.completed()), cmp.Compare(a.rec.ID, b.rec.ID))
}

func (e *Engine) incidentReported(r correlate.IncidentReport, t *touched) {
	i := e.incidents[r.Said.ID]
	if i == nil {
		i = &incident{rec: correlate.IncidentRecord{ReceivedAt: r.ReceivedAt.UTC()}}
		e.incidents[r.Said.ID] = i
	} else {
		e.unfile(i)
	}
	i.reports = correlate.AddIncidentReport(i.reports, r)
	i.rec.Incident = correlate.FoldIncident(i.reports)
	i.rec.Reports = nil
	if len(i.reports) > 1 {
		i.rec.Reports = i.reports
	}
	for _, known := range i.reports {
		if known.ReceivedAt.Before(i.rec.ReceivedAt) {
			i.rec.ReceivedAt = known.ReceivedAt
		}
	}
	e.file(i)
	t.incident(i)
}

// file and unfile keep incidents, sorted by id, where the changes that may answer for them look.
func (e *Engine) file(i *incident) {
	insert := func(all []*incident) []*incident {
		n, _ := slices.BinarySearchFunc(all, i, byID)
		return slices.Insert(all, n, i)
	}
	e.incidentsAt[i.place()] = insert(e.incidentsAt[i.place()])
	if i.rec.CausedBy != "" {
		e.incidentsBy[i.rec.CausedBy] = insert(e.incidentsBy[i.rec.CausedBy])
	}
}

func (e *Engine) unfile(i *incident) {
	remove(e.incidentsAt, i.place(), i)
	remove(e.incidentsBy, i.rec.CausedBy, i)
}

func remove[K comparable](index map[K][]*incident, k K, i *incident) {
	if n, found := slices.BinarySearchFunc(index[k], i, byID); found {
		index[k] = slices.Delete(index[k], n, n+1)
	}
	if len(index[k]) == 0 {
		delete(index, k)
	}
}

func byID(a, b *incident) int { return cmp.Compare(a.rec.ID, b.rec.ID) }

// recall puts records back into memory without saying anything about them.
func (e *Engine) recall(r Recall) {
	clear(e.past)
	revisions := map[string][]correlate.Verdict{}
	for _, v := range r.Revisions {
		revisions[v.ChangeID] = append(revisions[v.ChangeID], v)
	}
	for _, rec := range r.Changes {
		if e.changes[rec.ID] != nil {
			continue
		}
		c := &change{rec: rec, emitted: rec, judged: e.mark.At, reports: rec.Reports}
		if len(c.reports) == 0 {
			c.reports = []correlate.ChangeReport{{ReceivedAt: rec.ReceivedAt, Said: rec.Change}}
		}
		c.own = correlate.FoldChange(c.reports)
		c.follow(revisions[rec.ID])
		e.changes[rec.ID] = c
		e.list(c)
		e.watch(c)
		e.await(c)
	}
	for _, rec := range r.Incidents {
		if e.incidents[rec.ID] == nil {
			i := &incident{rec: rec, emitted: rec, reports: rec.Reports}
			if len(i.reports) == 0 {
				i.reports = []correlate.IncidentReport{{ReceivedAt: rec.ReceivedAt, Said: rec.Incident}}
			}
			e.incidents[rec.ID] = i
			e.file(i)
		}
	}
}

// follow takes back the verdicts that a change was given, oldest first; without them, the one that its record has.
func (c *change) follow(revisions []correlate.Verdict) {
	if len(revisions) == 0 && c.rec.Verdict != nil {
		revisions = []correlate.Verdict{*c.rec.Verdict}
	}
	for _, v := range revisions {
		c.issued = max(c.issued, v.Revision)
		if v.Supersedes > 0 {
			c.course = slices.DeleteFunc(c.course, func(o correlate.Verdict) bool { return o.Revision >= v.Supersedes })
		}
		if !v.Withdrawn {
			c.course = append(c.course, v)
		}
	}
}

// forget drops closed changes and resolved incidents that ended before the given time.
func (e *Engine) forget(before int64) {
	clear(e.past)
	for p, all := range e.byPlace {
		old := max(0, len(all)-correlate.Lineage)
		kept := all[:0:0]
		for i, c := range all {
			if i < old && c.rec.Phase != correlate.PhaseObserving && c.completed().Unix() < before {
				delete(e.changes, c.rec.ID)
				continue
			}
			kept = append(kept, c)
		}
		e.byPlace[p] = kept
	}
	for id, i := range e.incidents {
		if !i.rec.ResolvedAt.IsZero() && i.rec.ResolvedAt.Unix() < before {
			delete(e.incidents, id)
			e.unfile(i)
		}
	}
}

// watch lists a change, by its start, among those whose verdict is to be given or may be gone into again.
func (e *Engine) watch(c *change) {
	if !e.watchable(c) {
		return
	}
	if i, found := slices.BinarySearchFunc(e.watched, c, byStart); !found {
		e.watched = slices.Insert(e.watched, i, c)
	}
}

// watchable: the window is open, or it closed so lately that what comes late may still bear on it.
func (e *Engine) watchable(c *change) bool {
	switch c.rec.Phase {
	case correlate.PhaseObserving:
		return true
	case correlate.PhaseClosed:
		return c.live() && e.mark.At > 0 && e.windowEnd(c) >= e.mark.At-e.cfg.Reopen
	}
	return false
}

// inSight are the changes that may have caused what is seen at an instant while those are judged that are due: it began
// before, and was not over when the oldest of them began.
func (e *Engine) inSight(due []suspicion, t int64) {
	oldest := t
	for _, s := range due {
		oldest = min(oldest, s.start())
	}
	e.current = e.current[:0]
	for _, c := range e.watched {
		if c.start() < t && c.live() && oldest < e.windowEnd(c)+e.cfg.Resolution*neighbourEvery {
			e.current = append(e.current, c)
		}
	}
}

// byStart orders changes by when they began, then by id.
func byStart(a, b *change) int {
	return cmp.Or(cmp.Compare(a.start(), b.start()), cmp.Compare(a.rec.ID, b.rec.ID))
}

// observing are the changes with an open window, oldest first.
func (e *Engine) observing() []*change {
	var open []*change
	for _, c := range e.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			open = append(open, c)
		}
	}
	return open
}

// publish emits the records that differ from what was last emitted.
func (e *Engine) publish(c *change) {
	if reflect.DeepEqual(c.rec, c.emitted) {
		return
	}
	rec := c.rec
	rec.Incidents = slices.Clone(rec.Incidents)
	rec.MergedFrom = slices.Clone(rec.MergedFrom)
	rec.Labels = maps.Clone(rec.Labels)
	c.emitted = rec
	e.emit(correlate.Effect{Change: &rec})
}

func (e *Engine) publishIncident(i *incident) {
	if reflect.DeepEqual(i.rec, i.emitted) {
		return
	}
	rec := i.rec
	i.emitted = rec
	e.emit(correlate.Effect{Incident: &rec})
}
