package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/checks"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// checkBook is the runs of checks in memory, and which changes each is about: a function of the runs and of the changes that
// are known, in whatever order they came. A run that is about none waits, until it is forgotten. Those of a change go and come
// with it: its record has them.
type checkBook struct {
	roster  *roster
	runs    map[string]*checkRun          // by all that they say
	naming  map[string]map[*checkRun]bool // by what they name: a change, a place or a commit
	of      map[string]map[*checkRun]bool // by the change that they are about
	touched map[*checkRun]bool            // whose change may be another than it was
	stale   map[string]string             // changes whose runs are others, and the id of the run that they are for
	due     map[string]bool               // changes of which something is to be said when time has gone by
}

// checkRun is one run, and the changes that it is about, by id.
type checkRun struct {
	correlate.Check
	received time.Time
	to       []string
}

func newCheckBook(r *roster) *checkBook {
	return &checkBook{
		roster: r, runs: map[string]*checkRun{}, naming: map[string]map[*checkRun]bool{}, of: map[string]map[*checkRun]bool{},
		touched: map[*checkRun]bool{}, stale: map[string]string{}, due: map[string]bool{},
	}
}

// mostWaiting bounds the runs that wait for their change. Of more, the oldest are forgotten.
const mostWaiting = 10_000

// take takes in a run that is reported or taken back.
func (b *checkBook) take(f Fact) {
	c := f.Check.WithDefaults().UTC()
	b.roster.change(c.Change) // a place that rests has its runs with it
	if c.Service != "" {
		b.roster.lineup(place{Service: c.Service, Environment: c.Environment})
	}
	key := keyOf(c)
	known := b.runs[key]
	switch {
	case f.Retracted && known != nil:
		b.drop(known)
	case !f.Retracted && known == nil:
		b.touched[b.add(c, f.ReceivedAt)] = true
	}
}

func keyOf(c correlate.Check) string {
	text, err := json.Marshal(c)
	if err != nil { // of a date that JSON can't tell, which no decoder lets through
		return c.ID
	}
	return string(text)
}

func (b *checkBook) add(c correlate.Check, received time.Time) *checkRun {
	run := &checkRun{Check: c, received: received}
	b.runs[keyOf(c)] = run
	put(b.naming, namedBy(c), run)
	return run
}

// drop forgets a run, and says so of the changes that it was about.
func (b *checkBook) drop(run *checkRun) {
	for _, id := range run.to {
		take(b.of, id, run)
		b.stale[id] = run.ID
	}
	b.away(run)
}

func (b *checkBook) away(run *checkRun) {
	delete(b.runs, keyOf(run.Check))
	delete(b.touched, run)
	take(b.naming, namedBy(run.Check), run)
}

func put(into map[string]map[*checkRun]bool, key string, run *checkRun) {
	if into[key] == nil {
		into[key] = map[*checkRun]bool{}
	}
	into[key][run] = true
}

func take(from map[string]map[*checkRun]bool, key string, run *checkRun) {
	if delete(from[key], run); len(from[key]) == 0 {
		delete(from, key)
	}
}

// namedBy is what a run is found by.
func namedBy(c correlate.Check) string {
	switch {
	case c.Change != "":
		return "change " + c.Change
	case c.Commit != "":
		return commitKey(c.Commit)
	}
	return placeKey(place{Service: c.Service, Environment: c.Environment})
}

func placeKey(p place) string { return "place " + p.Environment + " " + p.Service }

// commitKey is the part of a commit that every abbreviation has.
func commitKey(commit string) string {
	return "commit " + strings.ToLower(commit[:min(len(commit), correlate.MinCommit)])
}

// namedIn is what a run may name that is about a change.
func namedIn(c *correlate.ChangeRecord) []string {
	p := place{Service: c.Service, Environment: c.Environment}
	all := []string{"change " + c.ID, placeKey(p), commitKey(c.Commit)}
	for _, id := range c.MergedFrom {
		all = append(all, "change "+id)
	}
	last := c.Version[strings.LastIndexAny(c.Version, "-+_.")+1:]
	return append(all, commitKey(strings.TrimPrefix(last, "g")), commitKey(c.Version))
}

// moved has the runs looked at again that may be about a change which is known otherwise than before.
func (b *checkBook) moved(c *change, before correlate.ChangeRecord) {
	if len(b.runs) == 0 {
		return
	}
	for _, r := range []*correlate.ChangeRecord{c.rec, &before} {
		for _, name := range namedIn(r) {
			maps.Copy(b.touched, b.naming[name])
		}
	}
	maps.Copy(b.touched, b.of[c.rec.ID])
}

// enter and leave take in the runs of a change that comes back into memory, and forget those of one that leaves it.
func (b *checkBook) enter(c *change) {
	for _, is := range c.rec.Checks {
		run := b.runs[keyOf(is)]
		if run == nil {
			run = b.add(is, is.At)
		}
		if !slices.Contains(run.to, c.rec.ID) {
			run.to = append(run.to, c.rec.ID)
			slices.Sort(run.to)
		}
		put(b.of, c.rec.ID, run)
	}
	if len(c.rec.Checks) > 0 {
		b.due[c.rec.ID] = true
	}
}

func (b *checkBook) leave(c *change) {
	for run := range b.of[c.rec.ID] {
		if run.to = slices.DeleteFunc(run.to, func(id string) bool { return id == c.rec.ID }); len(run.to) == 0 {
			b.away(run)
		}
	}
	delete(b.of, c.rec.ID)
	delete(b.due, c.rec.ID)
}

// recall takes back the runs that were waiting, at a restart. Those of records are there already.
func (b *checkBook) recall(all []correlate.Report[correlate.Check]) {
	for _, r := range all {
		c := r.Said.WithDefaults().UTC()
		if run := b.runs[keyOf(c)]; run == nil {
			b.add(c, r.ReceivedAt)
		} else {
			run.received = r.ReceivedAt
		}
	}
}

// forget drops the runs that have waited for too long: older than an instant, or too many.
func (b *checkBook) forget(before time.Time) {
	waiting := b.waiting()
	for i, run := range waiting {
		if run.At.Before(before) || i < len(waiting)-mostWaiting {
			b.away(run)
		}
	}
}

// waiting are the runs that are about no change that is known, oldest first.
func (b *checkBook) waiting() (all []*checkRun) {
	for _, run := range b.runs {
		if len(run.to) == 0 {
			all = append(all, run)
		}
	}
	slices.SortFunc(all, compareRuns)
	return all
}

func compareRuns(a, b *checkRun) int { return a.Compare(b.Check) }

// WaitingChecks are the runs of checks that are about no change that is known, oldest first, with when they were received.
func WaitingChecks(e *Engine) (all []correlate.Report[correlate.Check]) {
	for _, run := range e.checks.waiting() {
		all = append(all, correlate.Report[correlate.Check]{ReceivedAt: run.received, Said: run.Check})
	}
	return all
}

// tie works out which changes the touched runs are about. It says whether any change has other runs than before, what follows
// from which is issued then.
func tie(e *Engine) bool {
	b := e.checks
	for len(b.touched) > 0 { // looking for changes may bring others into memory
		touched := slices.SortedFunc(maps.Keys(b.touched), compareRuns)
		clear(b.touched)
		for _, run := range touched {
			b.tie(run)
		}
	}
	if len(b.stale) == 0 {
		return false
	}
	stale := b.stale
	b.stale = map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(stale)) {
		if c := e.change(id); c != nil {
			b.rebuild(c)
			issueChecks(e, c, stale[id])
		}
	}
	return true
}

func (b *checkBook) tie(run *checkRun) {
	to := b.about(run)
	if b.runs[keyOf(run.Check)] != run || slices.Equal(to, run.to) {
		return
	}
	for _, id := range run.to {
		if !slices.Contains(to, id) {
			take(b.of, id, run)
			b.stale[id] = run.ID
		}
	}
	for _, id := range to {
		if !slices.Contains(run.to, id) {
			put(b.of, id, run)
			b.stale[id] = run.ID
		}
	}
	run.to = to
}

// about are the changes that a run is about, by id and sorted.
func (b *checkBook) about(run *checkRun) (ids []string) {
	switch {
	case run.Change != "":
		c := b.roster.change(run.Change)
		if c != nil && c.rec.MergedInto != "" {
			c = b.roster.change(c.rec.MergedInto)
		}
		if c != nil && checkable(c) {
			ids = append(ids, c.rec.ID)
		}
	case run.Commit != "":
		ids = b.byCommit(run)
	default:
		if c := newest(run, b.roster.lineup(place{Service: run.Service, Environment: run.Environment})); c != nil {
			ids = append(ids, c.rec.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// byCommit are the newest changes of each place that bring a commit, of those that are watched.
func (b *checkBook) byCommit(run *checkRun) (ids []string) {
	places := map[place][]*change{}
	for _, c := range b.roster.watched {
		if c.rec.Environment == run.Environment && (run.Service == "" || c.rec.Service == run.Service) {
			places[c.place()] = append(places[c.place()], c)
		}
	}
	for _, all := range places {
		if c := newest(run, all); c != nil {
			ids = append(ids, c.rec.ID)
		}
	}
	for _, id := range run.to { // what has been found stays found
		if c := b.roster.change(id); c != nil && !c.watched && checkable(c) && record.Meant(c.rec.Change, run.Check) && len(places[c.place()]) == 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// newest is the last of some changes that brought what a run names and had begun by then, nil when none had.
func newest(run *checkRun, all []*change) (last *change) {
	by := run.At.Add(correlate.MaxAhead)
	for _, c := range all {
		if !checkable(c) || !c.rollsOut() || c.rec.Start().After(by) || !record.Meant(c.rec.Change, run.Check) {
			continue
		}
		if last == nil || byStart(last, c) < 0 {
			last = c
		}
	}
	return last
}

// checkable: a change counts by itself.
func checkable(c *change) bool {
	return c.rec.MergedInto == "" && c.rec.Phase != correlate.PhaseRetracted
}

// rebuild puts the runs of a change into its record, the newest of them.
func (b *checkBook) rebuild(c *change) {
	runs := slices.SortedFunc(maps.Keys(b.of[c.rec.ID]), compareRuns)
	for len(runs) > correlate.MaxChecks {
		old := runs[0]
		runs = runs[1:]
		take(b.of, c.rec.ID, old)
		if old.to = slices.DeleteFunc(old.to, func(id string) bool { return id == c.rec.ID }); len(old.to) == 0 {
			b.away(old)
		}
	}
	c.rec.Checks = nil
	for _, run := range runs {
		c.rec.Checks = append(c.rec.Checks, run.Check)
	}
}

// issueChecks issues what follows from other runs of a change. What is being derived is issued when that is done.
func issueChecks(e *Engine, c *change, by string) {
	e.checks.due[c.rec.ID] = true
	if e.derived.unfinished || c.unissued {
		e.publish(c)
		return
	}
	e.issueSaid(c, reopening{why: correlate.LateCheck, by: by}, nil)
}

// issueDue issues what checks say by an instant, of the changes of which something is to be said in the course of time.
func issueDue(e *Engine, upTo int64) {
	e.checkedTo = max(e.checkedTo, upTo)
	if len(e.checks.due) == 0 || e.derived.unfinished {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(e.checks.due)) {
		switch c := e.change(id); {
		case c == nil:
			delete(e.checks.due, id)
		case !c.unissued && pending(e, c) <= e.checkedTo:
			e.issueSaid(c, reopening{why: correlate.LateCheck, by: id}, nil)
		case pending(e, c) == never:
			delete(e.checks.due, id)
		}
	}
	e.settle()
}

// pending is when the next run counts of which nothing was said, never when there is none.
func pending(e *Engine, c *change) int64 {
	next := int64(never)
	for _, k := range e.requiredRuns(c) {
		if k.From > c.checkedTo {
			next = min(next, k.From)
		}
	}
	return next
}

// requiredRuns are the runs of required checks in the window of a change, oldest first.
func (i *issuer) requiredRuns(c *change) (all []checks.Run) {
	if len(c.rec.Checks) == 0 || !judgeable(*c.rec) || !c.live() {
		return nil
	}
	required := map[string]bool{}
	for _, s := range c.rec.CheckStates() {
		required[s.Name] = s.Required
	}
	for n := range c.rec.Checks {
		run := &c.rec.Checks[n]
		at := max(run.At.Unix(), c.start())
		if required[run.Name] && at <= i.roster.windowEnd(c) {
			all = append(all, checks.Run{Check: run, From: window.Floor(at+i.resolution-1, i.resolution)})
		}
	}
	return all
}

// checked: what is said of a change may be another than its course.
func (i *issuer) checked(c *change) bool {
	return c.withChecks || len(c.rec.RequiredChecks) > 0 || len(i.requiredRuns(c)) > 0
}

// issueSaid issues what is said of a change by its course and its required checks, with what is kept of the verdicts of the
// course, by when they were decided.
func (i *issuer) issueSaid(c *change, r reopening, kept map[int64]*correlate.Series) {
	upTo := i.roster.checkedTo
	if n := len(c.issued); n > 0 {
		upTo = max(upTo, c.issued[n-1].DecidedAt.Unix()) // time doesn't go back at a restart
	}
	said := checks.Case{
		Course: c.course, Runs: i.requiredRuns(c), Required: c.rec.RequiredChecks, UpTo: upTo,
		Blank: func(t int64) correlate.Verdict {
			return c.verdictOf(finding{outcome: correlate.Inconclusive, reason: correlate.ReasonUnderpowered}, t, false)
		},
	}.Verdicts()
	stand := keepStanding(c.issued, said)
	for n := stand; n < len(said); n++ {
		i.revise(c, said, n, stand, r)
		i.keepSeries(kept[said[n].DecidedAt.Unix()], c.revision)
	}
	c.checkedTo = upTo
	i.show(c, said, stand, r)
}
