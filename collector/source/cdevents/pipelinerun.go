package cdevents

import (
	"cmp"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// A pipeline run may build, test or deploy, and the event has no field that tells. The rule: it is a change when it
// says both which service it changes and in which environment, as "service" and "environment" in customData or in the
// tags of one of context.links. Else it is unmapped.
//
// Both events of a run have its id as subject.id, which makes them reports of one change. A run that is queued has not
// begun, and its event isn't read.

func runStarted(ev event) (correlate.Fact, string) {
	c, problem := runChange(ev)
	c.Status = correlate.StatusStarted
	c.StartedAt = ev.timestamp
	return correlate.Fact{Change: &c}, problem
}

func runFinished(ev event) (correlate.Fact, string) {
	c, problem := runChange(ev)
	c.FinishedAt = ev.timestamp
	c.Status = statusOf(ev.content.Get("outcome").AnyText())
	if problem == "" && c.Status == "" {
		problem = "the outcome of the pipeline run isn't told in a word that is known, such as success, failure, error or cancel"
	}
	return correlate.Fact{Change: &c}, problem
}

// statusOf reads the outcome of a run, "" for what says nothing. Before version 0.5 of CDEvents it is any text, and no
// version requires one, so emitters use the words of their own systems.
func statusOf(outcome string) correlate.Status {
	switch strings.ToLower(strings.TrimSpace(outcome)) {
	case "success", "succeeded", "successful", "passed":
		return correlate.StatusSucceeded
	case "failure", "failed", "error", "errored", "timeout", "timed_out":
		return correlate.StatusFailed
	case "cancel", "cancelled", "canceled", "aborted":
		return correlate.StatusCancelled
	}
	return ""
}

func runChange(ev event) (correlate.Change, string) {
	service, environment := runTarget(ev)
	if service == "" || environment == "" {
		return correlate.Change{}, "the pipeline run doesn't say, in customData or in the tags of a link, which service it changes in which environment"
	}
	c := correlate.Change{
		ID:          factID("cdevents-run-", ev.subject.Get("id").Text(), cmp.Or(ev.subject.Get("source").AnyText(), ev.source)),
		Kind:        correlate.KindDeployment,
		Service:     service,
		Environment: environment,
		Version:     versionOf(ev.custom.Get("artifactId").AnyText()),
		Digest:      digestOf(ev.custom.Get("artifactId").AnyText()),
		URL:         cmp.Or(ev.content.Get("url").AnyText(), ev.content.Get("uri").AnyText()),
	}
	if ev.custom.Get("kind").AnyText() == string(correlate.KindRollback) {
		c.Kind = correlate.KindRollback
	}
	fromCustomData(ev, &c)
	return c, ""
}

// runTarget is the service and environment of a run, each "" when nothing says it.
func runTarget(ev event) (service, environment string) {
	service, environment = ev.custom.Get("service").AnyText(), ev.custom.Get("environment").AnyText()
	for _, link := range ev.links.Items() {
		if !link.IsObject() {
			continue
		}
		if tags := link.Get("tags"); tags.IsObject() {
			service = cmp.Or(service, tags.Get("service").AnyText())
			environment = cmp.Or(environment, tags.Get("environment").AnyText())
		}
	}
	return service, environment
}
