package record

import (
	"reflect"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// SourceTelemetry is the source of a change that nobody reported: a new service.version was seen.
const SourceTelemetry = "telemetry"

// Change is a change in memory: its record, and the reports that it is a fold of.
type Change struct {
	Record correlate.ChangeRecord
	// apart is what was reported of it, nil where that is one report and the record says the same.
	apart *told
	// filed is where it stands in the line-up of its place.
	filed *filing
	// waits is where it waits for its end, timed where it stands among the rollouts that may be one, nil when it is none.
	waits, timed *key
	// line is what is live once it is complete, as far as traced says that it is known; is, what it is itself in a line;
	// took, the ids of what it took back; past, what isn't in memory of the time before it.
	line line
	is   *deployed
	took few
	past *past
	// objections are the incidents that it is suspected of, whether it was judged healthy or not, sorted.
	objections few
	stands     standing // what it is to incidents that name nobody
	traced     bool
	unsure     bool // what line is was worked out without knowing all that came before
	chained    bool // too many of the rollouts that may be one are linked with it
	gone       bool // it has left memory
}

// few is ids of which there mostly are none.
type few struct{ ids *[]string }

func fewOf(ids []string) few {
	if len(ids) == 0 {
		return few{}
	}
	return few{&ids}
}

// all must not be changed.
func (f few) all() []string {
	if f.ids == nil {
		return nil
	}
	return *f.ids
}

// told is the reports under the own id of a change, in order, and what they say together.
type told struct {
	reports []correlate.ChangeReport
	own     correlate.Change
}

// own is what the reports under the change's own id say together. It must not be changed.
func (c *Change) own() *correlate.Change {
	if c.apart != nil {
		return &c.apart.own
	}
	return &c.Record.Change
}

// settleReports gives up what the record says as well.
func (c *Change) settleReports() {
	if c.apart == nil || c.Record.Reports != nil || len(c.apart.reports) != 1 {
		return
	}
	lone := &c.apart.reports[0]
	if lone.ReceivedAt.Equal(c.Record.ReceivedAt) && reflect.DeepEqual(lone.Said, c.Record.Change) && reflect.DeepEqual(c.apart.own, c.Record.Change) {
		c.apart = nil
	}
}

// filing is a place, a key in its line-up, and the span of the rollout.
type filing struct {
	place correlate.Place
	key
	began key
	ended time.Time // zero while the rollout is under way
}

// standing is what a change is to incidents that name nobody.
type standing uint8

const (
	aside     standing = iota // they are not held against it
	answering                 // they may be held against it
	failing                   // it reached nobody, and those that open while it is tried are held against nobody
)

// Objections are the ids of the incidents that the change is suspected of by what was reported, sorted: those that are held
// against it, and those that would be, were it not judged healthy.
func (c *Change) Objections() []string { return c.objections.all() }

// Own is what the reports under the change's own id say together.
func (c *Change) Own() correlate.Change { return *c.own() }

// Reports are those under its own id, in the order in which a later one corrects an earlier one. They must not be changed.
func (c *Change) Reports() []correlate.ChangeReport {
	if c.apart != nil {
		return c.apart.reports
	}
	return []correlate.ChangeReport{{ReceivedAt: c.Record.ReceivedAt, Said: c.Record.Change}}
}

// Place is what the change is of.
func (c *Change) Place() correlate.Place {
	return correlate.Place{Service: c.own().Service, Environment: c.own().Environment}
}

// Start is when the change began to reach users, in Unix seconds.
func (c *Change) Start() int64 { return c.Record.Start().Unix() }

// Finish is when the rollout was complete, in Unix seconds; 0 while it runs.
func (c *Change) Finish() int64 { return Finish(c.Record.Change) }

// Finish is when a rollout was complete by what is said of it, in Unix seconds; 0 while it runs.
func Finish(c correlate.Change) int64 {
	switch {
	case !c.FinishedAt.IsZero():
		return c.FinishedAt.Unix()
	case c.Status == correlate.StatusStarted:
		return 0
	}
	return c.Start().Unix()
}

// Completed is the instant that keys the change in time: its finish, or its start while it has none.
func (c *Change) Completed() time.Time {
	if c.Record.FinishedAt.IsZero() {
		return c.Record.StartedAt
	}
	return c.Record.FinishedAt
}

// Live: the change reached, or is reaching, users.
func (c *Change) Live() bool { return Live(c.Record) }

// Live says of a record that the change reached, or is reaching, users.
func Live(r correlate.ChangeRecord) bool {
	return r.MergedInto == "" && r.Phase != correlate.PhaseRetracted && (!broken(r.Change) || r.Served)
}

// Tried says of a record that a rollout failed or was cancelled after it had been under way for a while, and that nobody
// reports that it had succeeded before: whether it reached users is for telemetry to say.
func Tried(r correlate.ChangeRecord) bool {
	return r.MergedInto == "" && r.Phase != correlate.PhaseRetracted && broken(r.Change) && !r.Served && rollsOut(r.Change) &&
		!r.StartedAt.IsZero() && r.FinishedAt.After(r.StartedAt)
}

// broken: it is said not to have come to its end.
func broken(c correlate.Change) bool {
	return c.Status == correlate.StatusFailed || c.Status == correlate.StatusCancelled
}

// RollsOut: the change brings a version.
func (c *Change) RollsOut() bool { return rollsOut(c.Record.Change) }

func rollsOut(c correlate.Change) bool {
	return c.Kind == correlate.KindDeployment || c.Kind == correlate.KindRollback
}

// AtOnce: a flag or a setting reaches instances that keep running.
func (c *Change) AtOnce() bool {
	return c.Record.Kind == correlate.KindFeatureFlag || c.Record.Kind == correlate.KindConfig
}

// standing is what the change is to incidents that name nobody. What takes another one back answers to none.
func (c *Change) standing() standing {
	r := &c.Record
	switch {
	case c.filed == nil || r.Waiting || r.Rollback || r.Abandoned || r.MergedInto != "" || r.Phase == correlate.PhaseRetracted:
		return aside
	case c.Live():
		return answering
	}
	return failing
}

// begun is when the rollout began to reach users, as far as that is known.
func (c *Change) begun() key {
	if !c.Record.BeganAt.IsZero() {
		return key{c.Record.BeganAt, c.Record.ID}
	}
	return key{c.Record.Start(), c.Record.ID}
}

func (c *Change) position() key { return key{c.Completed(), c.Record.ID} }

// underWay: at an instant the rollout had begun, and was not over.
func (f *filing) underWay(t time.Time) bool {
	return !f.began.at.After(t) && (f.ended.IsZero() || f.ended.After(t))
}

// Began and Ended are the span of a report in Unix seconds. Without a finish both are its start.
func Began(c correlate.Change) int64 { return c.Start().Unix() }

func Ended(c correlate.Change) int64 {
	if c.FinishedAt.IsZero() {
		return Began(c)
	}
	return max(Began(c), c.FinishedAt.Unix())
}

// Incident is an incident in memory: its record, and the reports that it is a fold of.
type Incident struct {
	Record correlate.IncidentRecord
	// reports are those under its own id, in order, and own is what they say together.
	reports  []correlate.IncidentReport
	own      correlate.Incident
	filed    []correlate.Place // where it is filed
	suspects []string          // see correlate.IncidentRecord.SuspectedOf
}

// Places are what the incident is of.
func (i *Incident) Places() (all []correlate.Place) {
	for _, service := range i.Record.About() {
		all = append(all, correlate.Place{Service: service, Environment: i.Record.Environment})
	}
	return all
}

func (i *Incident) opened() key { return key{i.Record.OpenedAt, i.Record.ID} }
