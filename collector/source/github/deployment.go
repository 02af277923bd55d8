package github

import (
	"cmp"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// readDeployment maps a deployment that was requested.
func readDeployment(doc source.JSON) (source.Reading, error) {
	c, transient := changeOf(doc)
	c.Status = correlate.StatusStarted
	return add(doc, c, transient)
}

// readStatus maps what became of a deployment.
func readStatus(doc source.JSON) (source.Reading, error) {
	status := doc.Get("deployment_status")
	c, transient := changeOf(doc)
	c.URL = status.FirstText("log_url", "target_url", "environment_url")
	at := status.Get("created_at").RequiredTime()
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
		return source.Reading{Ignored: "inactive says that another deployment took over"}, doc.Err()
	case "":
		status.Get("state").Fail("required: the state of the deployment")
	default:
		return source.Reading{Unmapped: "the deployment state is none that GitHub documents"}, doc.Err()
	}
	if c.FinishedAt.Before(c.StartedAt) && !c.FinishedAt.IsZero() {
		c.StartedAt = time.Time{} // the two come from different clocks; the end is what verdicts hang on
	}
	return add(doc, c, transient)
}

// add is a reading of the change.
func add(doc source.JSON, c correlate.Change, transient bool) (source.Reading, error) {
	var r source.Reading
	switch {
	case doc.Err() != nil:
		return r, doc.Err()
	case transient:
		return source.Reading{Ignored: "the environment is transient (a preview), so the deployment reaches no users"}, nil
	}
	err := r.Add(correlate.Fact{Change: &c}, doc.Get("deployment"))
	return r, err
}

// changeOf reads what both events carry, and whether the environment is transient.
func changeOf(doc source.JSON) (c correlate.Change, transient bool) {
	deployment := doc.Get("deployment").Required()
	repository := doc.Get("repository").Required()
	payload := payloadOf(deployment)
	sha := deployment.Get("sha").Text()
	c = correlate.Change{
		ID:              "github-" + repository.Get("full_name").RequiredText() + "-" + deployment.Get("id").RequiredText(),
		Kind:            kindOf(deployment.Get("task").Text()),
		Service:         cmp.Or(payload.Get("service").AnyText(), repository.Get("name").RequiredText()),
		Environment:     deployment.Get("environment").Text(),
		Version:         cmp.Or(payload.Get("version").AnyText(), versionOf(deployment.Get("ref").Text(), sha)),
		PreviousVersion: payload.Get("previous_version").AnyText(),
		Commit:          sha,
		StartedAt:       deployment.Get("created_at").RequiredTime(),
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
	return cmp.Or(
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
