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
	judged  int64 // the newest instant at which it was judged
	// assessed and between are its latest assessments, at an instant of the schedule and at one in between. They are
	// functions of the state, kept because they are asked for more than once.
	assessed, between assessed
	watch             *watch // nil when nothing is remembered
}

func (c *change) place() place { return place{c.rec.Service, c.rec.Environment} }
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
}

func (i *incident) place() place { return place{i.rec.Service, i.rec.Environment} }

func (e *Engine) facts(facts []Fact) {
	e.lookAgain()
	var t touched
	for _, f := range facts {
		e.now = max(e.now, f.ReceivedAt.Unix())
		f.Fact = f.WithDefaults()
		switch {
		case f.Change != nil:
			e.changeReported(*f.Change, &t)
		case f.Incident != nil:
			e.incidentReported(*f.Incident, &t)
		}
	}
	e.relink(t)
	clear(e.past)
}

// lookAgain forgets what was derived from the changes known until now.
func (e *Engine) lookAgain() { e.around = look{} }

func (e *Engine) changeReported(reported correlate.Change, t *touched) {
	c := e.changes[reported.ID]
	if c == nil {
		c = &change{rec: correlate.ChangeRecord{Change: reported}}
		e.changes[reported.ID] = c
	} else {
		t.place(c.place())
		e.unlist(c)
		if isOlder(reported, c.rec.Change) {
			c.rec.Change = reported.Merge(c.rec.Change)
		} else {
			c.rec.Change = c.rec.Merge(reported)
		}
	}
	e.list(c)
	e.takeOver(c)
	e.openWindow(c)
	t.change(c)
}

// isOlder orders two reports of one change by what they say, so that the order of their arrival doesn't matter.
func isOlder(a, b correlate.Change) bool {
	rank := func(s correlate.Status) int {
		return slices.Index(correlate.Statuses(), s)
	}
	at := func(c correlate.Change) time.Time {
		if c.FinishedAt.After(c.StartedAt) {
			return c.FinishedAt
		}
		return c.StartedAt
	}
	if c := at(a).Compare(at(b)); c != 0 {
		return c < 0
	}
	return rank(a.Status) < rank(b.Status)
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
	e.watched = slices.DeleteFunc(e.watched, func(o *change) bool { return o == c })
}

// byCompletion orders changes by when they were complete, then by id.
func byCompletion(a, b *change) int {
	return cmp.Or(a.completed().Compare(b.completed()), cmp.Compare(a.rec.ID, b.rec.ID))
}

// openWindow sets the observation window of a change that was just reported, unless its time has passed unobserved.
func (e *Engine) openWindow(c *change) {
	c.rec.WindowStart = at(c.start())
	c.rec.WindowEnd = at(e.windowEnd(c))
	switch {
	case c.rec.Phase == correlate.PhaseMerged:
	case c.rec.Status == correlate.StatusFailed || c.rec.Status == correlate.StatusCancelled:
		e.conclude(c, finding{outcome: correlate.Inconclusive, reason: correlate.ReasonNotDeployed}, c.completed().Unix(), true)
	case c.rec.Phase == "" && e.unobservable(c):
		c.rec.Phase = correlate.PhaseHistory
	case c.rec.Phase == "":
		c.rec.Phase = correlate.PhaseObserving
		c.judged = c.start()
	case c.rec.Phase == correlate.PhaseClosed && e.windowEnd(c) > e.mark.At && !e.unobservable(c):
		c.rec.Phase = correlate.PhaseObserving // it finished later than was known when the window closed
		c.judged = max(c.start(), e.mark.At)
	}
	e.watch(c)
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

func (e *Engine) incidentReported(reported correlate.Incident, t *touched) {
	i := e.incidents[reported.ID]
	if i == nil {
		i = &incident{rec: correlate.IncidentRecord{Incident: reported}}
		e.incidents[reported.ID] = i
	} else {
		e.unfile(i)
		i.rec.Incident = i.rec.Merge(reported)
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
	for _, rec := range r.Changes {
		if e.changes[rec.ID] != nil {
			continue
		}
		c := &change{rec: rec, emitted: rec, judged: e.mark.At}
		e.changes[rec.ID] = c
		e.list(c)
		e.watch(c)
	}
	for _, rec := range r.Incidents {
		if e.incidents[rec.ID] == nil {
			i := &incident{rec: rec, emitted: rec}
			e.incidents[rec.ID] = i
			e.file(i)
		}
	}
}

// lineage is how many changes of a place stay in memory whatever their age, so that a rollback is recognised.
const lineage = 10

// forget drops closed changes and resolved incidents that ended before the given time.
func (e *Engine) forget(before int64) {
	clear(e.past)
	for p, all := range e.byPlace {
		old := max(0, len(all)-lineage)
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

// watch lists a change among those whose time has not passed, by their start.
func (e *Engine) watch(c *change) {
	if !e.watchable(c) {
		return
	}
	if i, found := slices.BinarySearchFunc(e.watched, c, byStart); !found {
		e.watched = slices.Insert(e.watched, i, c)
	}
}

// watchable: the window is open, or the change may have caused what began while an open one was watched.
func (e *Engine) watchable(c *change) bool {
	switch c.rec.Phase {
	case correlate.PhaseObserving:
		return true
	case correlate.PhaseClosed:
		return c.live() && e.mark.At > 0 && e.oldestOpen() < e.windowEnd(c)+e.cfg.Resolution*neighbourEvery
	}
	return false
}

// oldestOpen is when the oldest change under observation began, the watermark when there is none.
func (e *Engine) oldestOpen() int64 {
	for _, c := range e.watched {
		if c.rec.Phase == correlate.PhaseObserving {
			return min(c.start(), e.mark.At)
		}
	}
	return e.mark.At
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
