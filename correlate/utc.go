package correlate

import (
	"slices"
	"time"
)

// UTC is the change with every time in UTC. The change itself and what it points to stay as they are.
func (c Change) UTC() Change {
	c.StartedAt, c.FinishedAt, c.UpdatedAt = c.StartedAt.UTC(), c.FinishedAt.UTC(), c.UpdatedAt.UTC()
	c.Commits, c.Zones = slices.Clone(c.Commits), slices.Clone(c.Zones)
	inUTC(c.Commits, func(commit *Commit) *time.Time { return &commit.AuthoredAt })
	inUTC(c.Zones, func(zone *ZoneStep) *time.Time { return &zone.ReachedAt })
	return c
}

// UTC is the incident with every time in UTC.
func (i Incident) UTC() Incident {
	i.OpenedAt, i.AcknowledgedAt = i.OpenedAt.UTC(), i.AcknowledgedAt.UTC()
	i.ResolvedAt, i.UpdatedAt = i.ResolvedAt.UTC(), i.UpdatedAt.UTC()
	return i
}

// UTC is the fact with every time in UTC.
func (f Fact) UTC() Fact {
	if f.Change != nil {
		c := f.Change.UTC()
		f.Change = &c
	}
	if f.Incident != nil {
		i := f.Incident.UTC()
		f.Incident = &i
	}
	if f.Check != nil {
		c := f.Check.UTC()
		f.Check = &c
	}
	if f.Note != nil {
		n := f.Note.UTC()
		f.Note = &n
	}
	return f
}

func inUTC[T any](all []T, at func(*T) *time.Time) {
	for i := range all {
		t := at(&all[i])
		*t = t.UTC()
	}
}
