package github

import (
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// readDeployment maps a deployment that was requested.
func readDeployment(d correlate.Delivery, doc source.JSON) (correlate.Delivery, error) {
	c, transient := changeOf(doc)
	c.Status = correlate.StatusStarted
	return add(d, doc, c, transient)
}

// readStatus maps what became of a deployment.
func readStatus(d correlate.Delivery, doc source.JSON) (correlate.Delivery, error) {
	status := doc.Get("deployment_status")
	c, transient := changeOf(doc)
	c.URL = firstText(status, "log_url", "target_url", "environment_url")
	at := requiredTime(status.Get("created_at"))
	switch state := status.Get("state").Text(); state {
	case "queued", "pending", "waiting", "in_progress":
		c.Status = correlate.StatusStarted
	case "success":
		c.Status = correlate.StatusSucceeded
		c.FinishedAt = at
	case "failure", "error":
		c.Status = correlate.StatusFailed
		c.FinishedAt = at
	case "inactive":
		return source.Unmapped(d, "inactive says that another deployment took over"), doc.Err()
	case "":
		status.Get("state").Fail("required: the state of the deployment")
	default:
		return source.Unmapped(d, "the deployment state is none that GitHub documents"), doc.Err()
	}
	if c.FinishedAt.Before(c.StartedAt) && !c.FinishedAt.IsZero() {
		c.StartedAt = time.Time{} // the two come from different clocks; the end is what verdicts hang on
	}
	return add(d, doc, c, transient)
}

// add puts the change into the delivery.
func add(d correlate.Delivery, doc source.JSON, c correlate.Change, transient bool) (correlate.Delivery, error) {
	if err := doc.Err(); err != nil {
		return d, err
	}
	if transient {
		return source.Unmapped(d, "the environment is transient (a preview), so the deployment reaches no users"), nil
	}
	err := source.AddFact(&d, correlate.Fact{Change: &c}, doc.Get("deployment"))
	return d, err
}

// changeOf reads what both events carry, and whether the environment is transient.
func changeOf(doc source.JSON) (c correlate.Change, transient bool) {
	deployment := required(doc.Get("deployment"))
	repository := required(doc.Get("repository"))
	payload := payloadOf(deployment)
	sha := deployment.Get("sha").Text()
	c = correlate.Change{
		ID:              "github-" + requiredText(repository.Get("full_name")) + "-" + requiredText(deployment.Get("id")),
		Kind:            kindOf(deployment.Get("task").Text()),
		Service:         or(payload.Get("service").AnyText(), requiredText(repository.Get("name"))),
		Environment:     deployment.Get("environment").Text(),
		Version:         or(payload.Get("version").AnyText(), versionOf(deployment.Get("ref").Text(), sha)),
		PreviousVersion: payload.Get("previous_version").AnyText(),
		Commit:          sha,
		StartedAt:       requiredTime(deployment.Get("created_at")),
		Actor:           actorOf(doc, deployment),
		Team:            payload.Get("team").AnyText(),
	}
	return c, deployment.Get("transient_environment").True()
}

// kindOf reads the task, a free word of which GitHub itself only knows "deploy".
func kindOf(task string) correlate.Kind {
	switch task = strings.ToLower(task); {
	case strings.HasPrefix(task, "rollback"):
		return correlate.KindRollback
	case task == "", strings.HasPrefix(task, "deploy"):
		return correlate.KindDeployment
	}
	return correlate.KindOther
}

// actorOf is who caused the deployment: behind a deployment by GitHub Actions, whoever triggered the workflow.
func actorOf(doc, deployment source.JSON) string {
	return or(
		doc.Get("workflow_run").Get("triggering_actor").Get("login").AnyText(),
		deployment.Get("creator").Get("login").AnyText(),
		doc.Get("sender").Get("login").AnyText(),
	)
}

// payloadOf is the free-form payload of a deployment, which may be an object, an object written as a string, or
// anything else, which then says nothing.
func payloadOf(deployment source.JSON) source.JSON {
	payload := deployment.Get("payload")
	if payload.IsString() {
		inner, err := source.ParseJSON([]byte(payload.AnyText()), payload.Path())
		if err != nil {
			return source.JSON{}
		}
		payload = inner
	}
	if !payload.IsObject() {
		return source.JSON{}
	}
	return payload
}

func firstText(v source.JSON, keys ...string) string {
	for _, k := range keys {
		if text := v.Get(k).AnyText(); text != "" {
			return text
		}
	}
	return ""
}

func required(v source.JSON) source.JSON {
	if !v.IsObject() {
		v.Fail("required: an object")
	}
	return v
}

func requiredText(v source.JSON) string {
	text := v.Number()
	if text == "" {
		v.Fail("required: a string or an integer")
	}
	return text
}

func requiredTime(v source.JSON) time.Time {
	t := v.Time()
	if t.IsZero() {
		v.Fail("required: an RFC 3339 time")
	}
	return t
}

func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
