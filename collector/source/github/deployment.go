package github

import (
	"cmp"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// readStatus maps what became of a deployment. Each status has the time of what it tells: a deployment begins when one says
// that it is in progress, and it may have waited hours for that.
func (c *Config) readStatus(doc source.JSON) (source.Reading, error) {
	status := doc.Get("deployment_status").Required()
	state := status.Get("state").Text()
	if why := saysNothing(state); why != "" {
		return source.Reading{Ignored: why}, doc.Err()
	}
	if strings.HasPrefix(status.Get("description").AnyText(), OwnStatus) {
		return source.Reading{Ignored: "a status that Shipwake wrote itself; it says nothing of how the deployment went"}, doc.Err()
	}
	change, transient := c.changeOf(doc)
	change.URL = status.FirstText("log_url", "target_url", "environment_url")
	at := status.Get("created_at").RequiredTime()
	switch state {
	case "in_progress":
		change.Status, change.StartedAt = correlate.StatusStarted, at
	case "success":
		change.Status, change.FinishedAt = correlate.StatusSucceeded, at
	case "failure", "error":
		change.Status, change.FinishedAt = correlate.StatusFailed, at
	case "":
		status.Get("state").Fail("required: the state of the deployment")
	default:
		return source.Reading{Unmapped: "the deployment state is none that GitHub documents"}, doc.Err()
	}
	return add(doc, change, transient)
}

// OwnStatus begins the description of each deployment status that Shipwake's output github-deployment writes. GitHub sends a webhook
// for it, which must not be taken for the outcome of the deployment: the verdict would be an input of itself.
const OwnStatus = "Shipwake: "

// readListed says what a deployment lacks that was listed by the API.
func readListed(doc source.JSON) (source.Reading, error) {
	deployment := doc.Get("deployment").Required()
	deployment.Get("id").RequiredText()
	deployment.Get("created_at").RequiredTime()
	return source.Reading{Ignored: "the deployment is requested; its statuses say when it starts"}, doc.Err()
}

// saysNothing is why a state tells neither a start nor an end.
func saysNothing(state string) string {
	switch state {
	case "queued", "pending", "waiting":
		return "the deployment waits; it starts when a status says in_progress"
	case "inactive":
		return "inactive says that another deployment took over"
	}
	return ""
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

// changeOf reads what every status carries, and whether the environment is transient.
func (c *Config) changeOf(doc source.JSON) (change correlate.Change, transient bool) {
	deployment := doc.Get("deployment").Required()
	repository := doc.Get("repository").Required()
	payload := payloadOf(deployment)
	sha := deployment.Get("sha").Text()
	change = correlate.Change{
		ID:              "github-" + repository.Get("full_name").RequiredText() + "-" + deployment.Get("id").RequiredText(),
		Kind:            kindOf(deployment.Get("task").Text()),
		Service:         cmp.Or(payload.Get("service").AnyText(), repository.Get("name").RequiredText()),
		Environment:     c.environmentOf(deployment),
		Version:         cmp.Or(payload.Get("version").AnyText(), source.ReleaseOf(deployment.Get("ref").Text(), sha)),
		PreviousVersion: payload.Get("previous_version").AnyText(),
		Commit:          sha,
		Actor:           actorOf(doc, deployment),
		Team:            payload.Get("team").AnyText(),
		Labels: map[string]string{
			"repository": repository.Get("full_name").RequiredText(), "deployment_id": deployment.Get("id").RequiredText(),
		},
	}
	source.AnyCommits(payload, &change)
	return change, deployment.Get("transient_environment").True()
}

// environmentOf is the name of the environment, or production where GitHub says that it is that: integrations name theirs
// "Production – shop" and the like, and the flag is what they mean.
func (c *Config) environmentOf(deployment source.JSON) string {
	name := deployment.Get("environment").Text()
	if deployment.Get("production_environment").True() && !c.KeepEnvironmentNames {
		return correlate.DefaultEnvironment
	}
	return name
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
