package page

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// Limits of what the page of a change shows.
const (
	mostRevisions = 50
	mostBeside    = 8
)

// changeBody is everything that is known of a change, what matters first.
type changeBody struct {
	Change      correlate.ChangeRecord
	Mark        mark
	Explanation words.Explanation
	Ahead       []words.Line // while there is nothing better than inconclusive: what is missing
	Effects     *effects
	Course      *course // what was measured around it; nil when nothing was kept
	Suspects    []suspect
	Beside      []row // other changes of that time in that environment
	Incidents   []correlate.IncidentRecord
	LastGood    *correlate.ChangeRecord // what to go back to
	Rollback    *correlate.Rollback     // what was decided on taking it back; nil: nothing
	Gate        string                  // whether it may go on, while it is observed
	Links       []Link
	Saying      saying
	Revisions   []revision
	Pinned      string // the address that keeps showing this
}

// suspect is one change that may have done it.
type suspect struct {
	ID      string
	This    bool
	Percent int
}

// revision is one state of the verdict.
type revision struct {
	Verdict correlate.Verdict
	Mark    mark
	Why     string
	Current bool
}

func (s *sink) change(ctx context.Context, r *http.Request) (view, error) {
	at, err := asOf(r)
	if err != nil {
		return view{}, err
	}
	id := r.PathValue("id")
	record, verdicts, err := s.reader.Change(ctx, id)
	if err != nil {
		return view{}, err
	}
	if record.MergedInto != "" && at.IsZero() {
		return view{}, &moved{changePath(record.MergedInto)}
	}
	if !at.IsZero() {
		if record, err = s.then(ctx, id, at); err != nil {
			return view{}, err
		}
	}
	body, err := s.body(ctx, record, verdicts, at)
	if err != nil {
		return view{}, err
	}
	v := view{Template: "change", Title: body.Explanation.Subject, Nav: "changes", AsOf: at, Body: body}
	if at.IsZero() {
		v.Live = "/events" + changePath(id)[len("/changes"):]
	}
	return v, nil
}

// then is the record of a change as it stood at an instant of the past.
func (s *sink) then(ctx context.Context, id string, at time.Time) (correlate.ChangeRecord, error) {
	revisions, err := s.reader.ChangeRevisions(ctx, id, at, 1)
	if err != nil {
		return correlate.ChangeRecord{}, err
	}
	if len(revisions) == 0 {
		if _, err := s.reader.Changes(ctx, sinks.ChangeQuery{AsOf: at, Limit: 1}); err != nil {
			return correlate.ChangeRecord{}, err
		}
		return correlate.ChangeRecord{}, &problem{http.StatusNotFound, "Nobody had reported this change by " + words.Instant(at), "Leave as_of out to see it as it is."}
	}
	return revisions[len(revisions)-1].Record, nil
}

func (s *sink) body(ctx context.Context, c correlate.ChangeRecord, verdicts []correlate.Verdict, at time.Time) (changeBody, error) {
	faults, err := s.faults(ctx, c, at)
	if err != nil {
		return changeBody{}, err
	}
	b := changeBody{Change: c, Mark: markOf(c), Explanation: words.Explain(c, faults), Pinned: pinned(c, s.reader.Status().Now, at)}
	var outlook *correlate.Outlook
	b.Saying = newSaying(c, at.IsZero())
	if c.Phase == correlate.PhaseObserving && at.IsZero() {
		outlook = s.reader.Outlook(ctx, c.ID)
		b.Explanation = b.Explanation.Ahead(outlook)
		b.Ahead, b.Gate = b.Explanation.Missing(), mayGoOn(c, outlook, s.reader.Status().Now)
	}
	if c.Verdict != nil {
		b.Effects = newEffects(c.Verdict.Evidence)
	}
	if b.Course, err = s.course(ctx, c, outlook, at); err != nil {
		return b, err
	}
	b.Suspects = suspects(c, b.Explanation)
	if b.Beside, err = s.beside(ctx, c, at); err != nil {
		return b, err
	}
	if b.Incidents, err = s.incidentsOf(ctx, c, at); err != nil {
		return b, err
	}
	if b.LastGood, err = s.lastGood(ctx, c, at); err != nil {
		return b, err
	}
	if b.Rollback, err = s.rollback(ctx, c, at); err != nil {
		return b, err
	}
	for _, l := range s.cfg.Links {
		b.Links = append(b.Links, l.to(c))
	}
	b.Revisions = revisions(verdicts, c.Verdict)
	return b, nil
}

// mayGoOn is the answer of the gate to whether the change may go further.
func mayGoOn(c correlate.ChangeRecord, o *correlate.Outlook, now time.Time) string {
	a := gate.Ask(gate.Question{Stage: gate.Promote, Now: now, Undecided: gate.Stop}, gate.Known{Change: &c, Outlook: o})
	return fmt.Sprintf("May it go further? %s: %s", a.Decision, words.Gate(a, &c, c.ID))
}

// faults are those of which the change is suspected; of the past no history of them is kept.
func (s *sink) faults(ctx context.Context, c correlate.ChangeRecord, at time.Time) ([]correlate.Regression, error) {
	if !at.IsZero() {
		return nil, nil
	}
	return s.reader.Regressions(ctx, sinks.RegressionQuery{ChangeID: c.ID})
}

// pinned is the address of the page as it stands: of a change that may still change, as of now.
func pinned(c correlate.ChangeRecord, now, at time.Time) string {
	if at.IsZero() {
		at = now
	}
	return changePath(c.ID) + "?as_of=" + at.UTC().Format(time.RFC3339)
}

// suspects are this change and those beside it that may have done it, the likeliest first.
func suspects(c correlate.ChangeRecord, e words.Explanation) []suspect {
	if e.Outcome != correlate.Regressed {
		return nil
	}
	percent := func(p float64) int { return int(100*p + 0.5) }
	all := []suspect{{c.ID, true, percent(e.Blame.Probability)}}
	for _, o := range e.Blame.Others {
		all = append(all, suspect{o.ChangeID, false, percent(o.Probability)})
	}
	return all
}

// beside are other changes of the environment that were under way or observed with it.
func (s *sink) beside(ctx context.Context, c correlate.ChangeRecord, at time.Time) ([]row, error) {
	found, err := s.reader.Changes(ctx, sinks.ChangeQuery{
		Environment: c.Environment, From: c.Start().Add(-time.Hour), To: c.Start().Add(time.Hour), Limit: mostBeside + 1, AsOf: at,
	})
	var all []row
	for _, o := range found {
		if o.ID != c.ID && len(all) < mostBeside {
			all = append(all, newRow(o))
		}
	}
	return all, err
}

// incidentsOf are the incidents that the change is held responsible for.
func (s *sink) incidentsOf(ctx context.Context, c correlate.ChangeRecord, at time.Time) ([]correlate.IncidentRecord, error) {
	if len(c.Incidents) == 0 {
		return nil, nil
	}
	found, err := s.reader.Incidents(ctx, sinks.IncidentQuery{Environment: c.Environment, From: c.Start().AddDate(0, 0, -1), AsOf: at, Limit: mostRows})
	var all []correlate.IncidentRecord
	for _, i := range found {
		if i.AttributedTo == c.ID {
			all = append(all, i)
		}
	}
	return all, err
}

// lastGood is the newest change before that succeeded and wasn't judged regressed: what to go back to.
func (s *sink) lastGood(ctx context.Context, c correlate.ChangeRecord, at time.Time) (*correlate.ChangeRecord, error) {
	found, err := s.reader.Changes(ctx, sinks.ChangeQuery{Service: c.Service, Environment: c.Environment, To: c.Start(), Limit: correlate.Lineage, AsOf: at})
	if err != nil {
		return nil, err
	}
	for _, o := range found {
		bad := o.Regressed() || len(o.Incidents)+len(o.BlamedFor) > 0
		if o.ID != c.ID && o.Status == correlate.StatusSucceeded && o.Version != "" && o.Version != c.Version && !bad && o.Phase != correlate.PhaseMerged && o.Phase != correlate.PhaseRetracted {
			return &o, nil
		}
	}
	return nil, nil
}

// revisions are the states that the verdict had, the newest first.
func revisions(verdicts []correlate.Verdict, current *correlate.Verdict) []revision {
	var all []revision
	for at := len(verdicts) - 1; at >= 0 && len(all) < mostRevisions; at-- {
		v := verdicts[at]
		if current == nil || v.Revision > current.Revision {
			continue
		}
		why := words.Reason(v.Reason)
		if v.Reopened != "" {
			why += fmt.Sprintf("; reopened: %s", words.Reopening(v.Reopened))
		}
		all = append(all, revision{v, marks[v.Outcome], why, v.Revision == current.Revision})
	}
	return all
}
