package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// relink works out anew what the changes of a place mean to one another after one of them was reported: redeploys,
// rollbacks, and the incidents they answer for. It is a function of the sorted changes, so the order of their arrival
// doesn't show.
func (e *Engine) relink(reported *change) {
	p := reported.place()
	e.rollbacks(e.byPlace[p])
	for _, i := range slices.Clone(e.incidentsAt[p]) {
		e.attribute(i)
	}
	for _, i := range slices.Clone(e.incidentsBy[reported.rec.ID]) {
		e.attribute(i)
	}
	for _, c := range e.byPlace[p] {
		e.recovery(c)
		e.publish(c)
	}
}

// rollbacks walks the versions in the order they went live. A version that had been live before and was superseded
// comes back: that is a rollback, of every change since it was last live.
func (e *Engine) rollbacks(changes []*change) {
	type deployed struct {
		version string
		by      *change
	}
	var line []deployed
	for _, c := range changes {
		c.rec.Redeploy, c.rec.RolledBackBy = false, ""
		c.rec.Rollback = c.rec.Kind == correlate.KindRollback
		if !c.live() || !c.rollsOut() {
			continue
		}
		back := -1
		for i := len(line) - 1; i >= 0 && c.rec.Version != ""; i-- {
			if line[i].version == c.rec.Version {
				back = i
				break
			}
		}
		switch {
		case back >= 0 && back == len(line)-1:
			c.rec.Redeploy = true
		case back >= 0:
			c.rec.Rollback = true
		case c.rec.Rollback && len(line) > 0:
			back = max(0, len(line)-2) // said to be one, to a version never seen: it takes the last change back
			if len(line) == 1 {
				back = -1
			}
		}
		if c.rec.Rollback {
			for _, d := range line[back+1:] {
				if d.by != nil && d.by.rec.RolledBackBy == "" && !d.by.rec.Rollback {
					d.by.rec.RolledBackBy = c.rec.ID
				}
			}
			line = line[:back+1]
		}
		if len(line) == 0 && c.rec.PreviousVersion != "" && c.rec.PreviousVersion != c.rec.Version {
			line = append(line, deployed{c.rec.PreviousVersion, nil})
		}
		if !c.rec.Redeploy {
			line = append(line, deployed{c.rec.Version, c})
		}
	}
}

// attribute finds the change that an incident is held against: the one it names, else the last change of the same
// service that was complete when the incident opened, at most Attribution before.
func (e *Engine) attribute(i *incident) {
	old := i.rec.AttributedTo
	i.rec.AttributedTo, i.rec.Inferred = i.rec.CausedBy, false
	if i.rec.CausedBy == "" {
		if c := e.lastBefore(i.place(), i.rec.OpenedAt); c != nil {
			i.rec.AttributedTo, i.rec.Inferred = c.rec.ID, true
		}
	}
	if old != "" && old != i.rec.AttributedTo {
		if c := e.changes[old]; c != nil {
			c.rec.Incidents = without(c.rec.Incidents, i.rec.ID)
			e.recovery(c)
			e.publish(c)
		}
	}
	if c := e.changes[i.rec.AttributedTo]; c != nil {
		c.rec.Incidents = with(c.rec.Incidents, i.rec.ID)
		e.recovery(c)
		e.publish(c)
	}
	e.publishIncident(i)
}

func (e *Engine) lastBefore(p place, t time.Time) *change {
	all := e.byPlace[p]
	for n := len(all) - 1; n >= 0; n-- {
		c := all[n]
		done := c.completed()
		if done.After(t) || !c.live() || c.rec.Rollback {
			continue
		}
		if t.Sub(done) > time.Duration(e.cfg.Attribution)*time.Second {
			return nil
		}
		return c
	}
	return nil
}

// recovery sets the first proven recovery of a failed change: the rollback that took it back is complete, its
// telemetry is back in the baseline, or its incident was resolved.
func (e *Engine) recovery(c *change) {
	var first time.Time
	consider := func(t time.Time) {
		if !t.IsZero() && !t.Before(c.completed()) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	v := c.rec.Verdict
	failed := len(c.rec.Incidents) > 0 || c.rec.RolledBackBy != "" || (v != nil && v.Outcome == correlate.Regressed)
	if failed {
		if by := e.changes[c.rec.RolledBackBy]; by != nil && by.rec.Status == correlate.StatusSucceeded {
			consider(by.completed())
		}
		if v != nil && v.Outcome == correlate.Regressed && v.RecoveredAt != nil {
			consider(*v.RecoveredAt)
		}
		for _, id := range c.rec.Incidents {
			if i := e.incidents[id]; i != nil {
				consider(i.rec.ResolvedAt)
			}
		}
	}
	c.rec.RecoveredAt = first
}

func with(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if found {
		return ids
	}
	return slices.Insert(slices.Clone(ids), n, id)
}

func without(ids []string, id string) []string {
	n, found := slices.BinarySearch(ids, id)
	if !found {
		return ids
	}
	if len(ids) == 1 {
		return nil
	}
	return slices.Delete(slices.Clone(ids), n, n+1)
}

// takeOver merges a change that telemetry had announced by itself into the report of a source that is the same change.
func (e *Engine) takeOver(c *change) {
	if c.rec.Source == SourceTelemetry || !c.rollsOut() {
		return
	}
	for _, o := range slices.Clone(e.byPlace[c.place()]) {
		if o.rec.Source != SourceTelemetry || o.rec.Phase == correlate.PhaseMerged || !e.sameRollout(c, o) {
			continue
		}
		o.rec.Phase, o.rec.MergedInto = correlate.PhaseMerged, c.rec.ID
		if c.rec.Version == "" {
			c.rec.Version = o.rec.Version
		}
		e.publish(o)
	}
}

// adoptSlack is how far a rollout reported by a source and the first telemetry of its version may lie apart.
const adoptSlack = 600

// sameRollout: telemetry saw the version arrive while the source says it was being rolled out.
func (e *Engine) sameRollout(reported, seen *change) bool {
	first := seen.start()
	end := max(reported.start(), reported.finish())
	if reported.rec.Version == seen.rec.Version {
		return first >= reported.start()-adoptSlack && first <= end+e.cfg.Watch
	}
	return first >= reported.start()-cmp.Or(e.cfg.AdoptAfter, 1) && first <= end+adoptSlack
}
