package engine

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/observe"
	"github.com/shipwake/shipwake/correlate/record"
)

// place is a service in an environment.
type place = correlate.Place

// view is the changes as they were known at an instant.
type view struct {
	*observe.View
	changes []*change // those of Watched, in the same order
	waiting []*change // those that are told to have begun and have not, see observe.Began
}

// view is that of an instant.
func (r *roster) view(t int64, o *observe.Observer, faults *faultBook) *view {
	v := &view{View: observe.NewView(t, r.subjects)}
	for _, c := range r.watched {
		if c.start() >= t {
			continue
		}
		s, _ := r.known(c).By(t)
		began, waits := observe.Began(o, s, t, func(since, at int64) bool { return s.AtFault(since, at) || faults.suspects(s.ID, since, at) })
		if waits {
			v.Waits(s)
			v.waiting = append(v.waiting, c)
			continue
		}
		v.changes = slices.Insert(v.changes, v.Add(s, began), c)
	}
	return v
}

// began is when a change began to reach users, as far as it is known: never while it waits.
func (v *view) began(c *record.Change) int64 {
	if at, other := v.Begun[c.Record.ID]; other {
		return at
	}
	return c.Start()
}

// described is the changes of a place as subjects, by their completion.
type described struct{ *observe.Lineup }

// subjects are the changes of a place by their completion, as far as judging depends on them. They are remembered until
// something of a change of the place is another; see altered and decided.
func (r *roster) subjects(p place) *observe.Lineup { return r.describe(p).Lineup }

func (r *roster) describe(p place) *described {
	if known := r.described[p]; known != nil {
		return known
	}
	known := &described{}
	r.shelf.glance(p, func() {
		var all []*observe.Known
		changes := r.lineup(p)
		for _, c := range changes {
			c.known, c.in = observe.Whole(r.subject(c)), known
			all = append(all, c.known)
		}
		known.Lineup = observe.Line(all)
	})
	r.described[p] = known
	return known
}

// known is a change as one of the subjects of its place.
func (r *roster) known(c *change) *observe.Known {
	if in := r.describe(c.place()); c.in != in {
		c.known, c.in = observe.Whole(r.subject(c)), in // it is not, or no longer, listed under its place
	}
	return c.known
}

// describeAnew has all changes in memory described again when they are asked for. Those that rest are what they were.
func (r *roster) describeAnew() {
	maps.DeleteFunc(r.described, func(p place, _ *described) bool { return r.shelf.places[p] == nil })
}

// altered says that a record or the course of a change of a place, or an incident that is held against one, is another.
func (r *roster) altered(p place) { delete(r.described, p) }

// decided says that the course of a change goes on. Nothing else of its place is another for that.
func (r *roster) decided(c *change) {
	in, was := r.described[c.place()], c.known
	if in == nil || c.in != in {
		return // it is described when it is asked for
	}
	c.known = observe.Whole(r.subject(c))
	if in.Lineup = in.With(was, c.known); in.Lineup == nil {
		r.altered(c.place())
	}
}

// subject is what judging depends on of a change.
func (r *roster) subject(c *change) observe.Subject {
	s := r.reported(c)
	for _, id := range c.Objections() {
		opened := int64(0)
		if i := r.book.Incident(id); i != nil {
			opened = i.Record.OpenedAt.Unix()
		}
		s.Objections = append(s.Objections, opened)
	}
	slices.Sort(s.Objections)
	s.Decided = make([]observe.Decision, len(c.course))
	for i := range c.course {
		v := &c.course[i]
		s.Decided[i] = observe.Decision{
			At: v.DecidedAt.Unix(), Outcome: v.Outcome, Reason: v.Reason, Final: v.Final,
			Onset: unix(v.OnsetAt), Recovered: unix(v.RecoveredAt),
		}
	}
	return s
}

// subjectOf is what judging depends on of a change, but for what follows from judging and for incidents; nothing while it
// is not judged.
func (r *roster) subjectOf(c *change) observe.Subject {
	if (!c.live() && !c.tried()) || c.rec.Phase == correlate.PhaseHistory {
		return observe.Subject{}
	}
	return r.reported(c)
}

// reported is what reports tell of a change and of the one that took it back.
func (r *roster) reported(c *change) observe.Subject {
	s := observe.NewSubject(c.rec)
	s.Place, s.End = c.place(), r.windowEnd(c)
	if id := c.rec.RolledBackBy; id != "" {
		s.Undone = r.undo(id)
	}
	return s
}

// undo is what is known of a change that takes another one back.
func (r *roster) undo(id string) observe.Undo {
	by := r.change(id)
	if by == nil {
		return observe.Undo{ID: id, Unknown: true}
	}
	u := observe.Undo{ID: id, Start: by.start()}
	if by.rec.Status == correlate.StatusSucceeded {
		u.Done = by.completed().Unix()
	}
	return u
}
