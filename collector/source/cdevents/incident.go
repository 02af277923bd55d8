package cdevents

import (
	"cmp"

	"github.com/shipwake/shipwake/correlate"
)

func opened(ev event) (correlate.Fact, string) {
	i := incidentOf(ev)
	return correlate.Fact{Incident: &i}, ""
}

// resolved maps the end of an incident. The event doesn't say when the incident opened, which its end stands for until
// incident.detected says it: the earlier time wins as the two merge.
func resolved(ev event) (correlate.Fact, string) {
	i := incidentOf(ev)
	i.ResolvedAt = ev.timestamp
	return correlate.Fact{Incident: &i}, ""
}

func incidentOf(ev event) correlate.Incident {
	return correlate.Incident{
		ID:          factID("cdevents-incident-", ev.subject.Get("id").Text(), cmp.Or(ev.subject.Get("source").AnyText(), ev.source)),
		Service:     ev.content.Get("service").Get("id").Text(),
		Environment: ev.content.Get("environment").Get("id").Text(),
		Severity:    ev.custom.Get("severity").AnyText(),
		Title:       ev.content.Get("description").Prose(),
		URL:         ev.content.Get("ticketURI").AnyText(),
		OpenedAt:    ev.timestamp,
		CausedBy:    ev.custom.Get("caused_by").AnyText(),
	}
}
