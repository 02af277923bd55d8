package cdevents

import (
	"cmp"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// deployed maps the events of a service that runs a version in an environment now. They say only that it is done, not
// when it began.
func deployed(kind correlate.Kind) mapping {
	return func(ev event) (correlate.Fact, string) {
		c := serviceChange(ev)
		c.Kind = kind
		return correlate.Fact{Change: &c}, ""
	}
}

// removed maps a service that was taken out of an environment.
func removed(ev event) (correlate.Fact, string) {
	c := serviceChange(ev)
	c.Kind = correlate.KindOther
	c.Labels = map[string]string{"action": "removed"}
	return correlate.Fact{Change: &c}, ""
}

func serviceChange(ev event) correlate.Change {
	c := correlate.Change{
		ID:          factID("cdevents-", ev.id, ev.source),
		Status:      correlate.StatusSucceeded,
		Service:     ev.subject.Get("id").Text(),
		Environment: ev.content.Get("environment").Get("id").Text(),
		Version:     versionOf(ev.content.Get("artifactId").Text()),
		Digest:      digestOf(ev.content.Get("artifactId").Text()),
		FinishedAt:  ev.timestamp,
	}
	fromCustomData(ev, &c)
	return c
}

// fromCustomData adds what CDEvents has no field for, when the emitter says it in customData in our own words.
func fromCustomData(ev event, c *correlate.Change) {
	c.Version = cmp.Or(ev.custom.Get("version").AnyText(), c.Version)
	c.PreviousVersion = ev.custom.Get("previous_version").AnyText()
	c.Commit = ev.custom.Get("commit").AnyText()
	source.AnyCommits(ev.custom, c)
	c.Actor = ev.custom.Get("actor").AnyText()
	c.Team = ev.custom.Get("team").AnyText()
	c.URL = cmp.Or(ev.custom.Get("url").AnyText(), c.URL)
}
