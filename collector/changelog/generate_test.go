package changelog

import (
	"time"

	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func anyFactExample() correlate.Fact {
	return rapid.Custom(anyFact).Example(1)
}

func anyFact(t *rapid.T) correlate.Fact {
	if rapid.Bool().Draw(t, "is a change") {
		c := anyChange(t)
		return correlate.Fact{Change: &c}
	}
	i := anyIncident(t)
	return correlate.Fact{Incident: &i}
}

func anyChange(t *rapid.T) correlate.Change {
	start := anyTime(t, "start")
	c := correlate.Change{
		ID:              some(t, "id"),
		Kind:            rapid.SampledFrom(append(correlate.Kinds(), "")).Draw(t, "kind"),
		Status:          rapid.SampledFrom(append(correlate.Statuses(), "")).Draw(t, "status"),
		Service:         some(t, "service"),
		Environment:     rapid.String().Draw(t, "environment"),
		Version:         rapid.String().Draw(t, "version"),
		PreviousVersion: rapid.String().Draw(t, "previous"),
		Commit:          rapid.String().Draw(t, "commit"),
		StartedAt:       start,
		FinishedAt:      start.Add(time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "took"))),
		Actor:           rapid.String().Draw(t, "actor"),
		Team:            rapid.String().Draw(t, "team"),
		URL:             rapid.String().Draw(t, "url"),
		Source:          rapid.String().Draw(t, "source"),
	}
	if rapid.Bool().Draw(t, "told when it was changed") {
		c.UpdatedAt = anyTime(t, "updated")
	}
	for range rapid.IntRange(0, 2).Draw(t, "commits") {
		c.Commits = append(c.Commits, correlate.Commit{SHA: rapid.String().Draw(t, "sha"), AuthoredAt: maybeTime(t, "authored")})
	}
	if rapid.Bool().Draw(t, "told how much it brings") {
		c.Size = anySize(t)
	}
	for range rapid.IntRange(0, 2).Draw(t, "instances") {
		c.Instances = append(c.Instances, rapid.String().Draw(t, "instance"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "zones") {
		c.Zones = append(c.Zones, correlate.ZoneStep{Name: some(t, "zone"), ReachedAt: maybeTime(t, "reached")})
	}
	if labels := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "labels"); len(labels) > 0 {
		c.Labels = labels
	}
	return c
}

func anySize(t *rapid.T) *correlate.Size {
	count := rapid.IntRange(0, 1<<30)
	s := &correlate.Size{
		Commits: count.Draw(t, "commits"), Files: count.Draw(t, "files"), Added: count.Draw(t, "added"), Removed: count.Draw(t, "removed"),
		Since: rapid.String().Draw(t, "since"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "caveats") {
		s.Caveats = append(s.Caveats, rapid.SampledFrom(correlate.Caveats()).Draw(t, "caveat"))
	}
	return s
}

func anyIncident(t *rapid.T) correlate.Incident {
	opened := anyTime(t, "opened")
	i := correlate.Incident{
		ID:             some(t, "id"),
		Environment:    rapid.String().Draw(t, "environment"),
		Severity:       rapid.String().Draw(t, "severity"),
		Title:          rapid.String().Draw(t, "title"),
		URL:            rapid.String().Draw(t, "url"),
		OpenedAt:       opened,
		AcknowledgedAt: maybeTime(t, "acknowledged"),
		CausedBy:       rapid.String().Draw(t, "caused by"),
		Source:         rapid.String().Draw(t, "source"),
	}
	i = i.Of(rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "services")...)
	if i.Service != "" {
		i.ServiceGuessed = rapid.Bool().Draw(t, "guessed")
	}
	if rapid.Bool().Draw(t, "told when it was changed") {
		i.UpdatedAt = anyTime(t, "updated")
	}
	if rapid.Bool().Draw(t, "resolved") {
		i.ResolvedAt = opened.Add(time.Hour)
	}
	return i
}

func some(t *rapid.T, label string) string {
	return "x" + rapid.StringN(0, 40, -1).Draw(t, label)
}

func anyTime(t *rapid.T, label string) time.Time {
	return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, label), rapid.Int64Range(0, 999_999_999).Draw(t, label+" ns")).UTC()
}

func maybeTime(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" known") {
		return anyTime(t, label)
	}
	return time.Time{}
}
