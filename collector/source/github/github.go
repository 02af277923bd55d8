// Package github answers: what does a GitHub webhook say of a deployment?
//
// It reads the event "deployment_status", and where the configuration says that they deploy "workflow_run" and "release"; every
// other says nothing of a change. One GitHub deployment is one change, "github-<owner>/<repository>-<deployment id>", whose
// reports merge:
//
//	deployment_status in_progress                started, at the status's own time
//	deployment_status success                    succeeded
//	deployment_status failure, error             failed
//	deployment_status queued, pending, waiting   ignored: the deployment waits, perhaps for an approval
//	deployment_status inactive                   ignored: it says that another deployment took over
//	deployment_status by Shipwake itself         ignored: its description begins with OwnStatus
//	deployment_status of another state           unmapped
//	deployment                                   ignored: it is requested, and has not begun
//	workflow_run in_progress, completed          started, and its outcome, of a workflow that is named under workflows
//	release published                            succeeded, where release_environment says where releases go
//
// An environment that GitHub says is a production environment (production_environment) is called production, whatever its
// name. Who has several of them, which telemetry tells apart, sets the key keep_environment_names: true.
//
// The labels repository and deployment_id say to outputs which commit and which deployment it is.
//
// The payload of a deployment may tell service, version, previous_version, team, and commits and size as the generic format has
// them; what else is in it is left alone.
//
// Deployments to a transient environment (previews) are ignored too: they reach nobody.
//
// With secrets, X-Hub-Signature-256 must be the HMAC-SHA256 of the body. It doesn't cover X-GitHub-Delivery, so the same
// body is the same delivery under whatever id: one that somebody recorded and sends again, as well as one that people
// redeliver, since GitHub itself never tries again. No two events of GitHub have the same body.
package github

import (
	"errors"
	"mime"
	"net/url"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// headerEvent says what kind of event a message is, by its canonical name.
const headerEvent = "X-Github-Event"

// Source is GitHub.
func Source() source.Source {
	return source.Source{
		Name:    "github",
		Version: "5",
		Headers: []string{headerEvent},
		Schemes: []source.Scheme{source.HubSignature()},
		Config:  func() source.Config { return &Config{} },
		Pull:    pulling,
	}
}

// Config is what the source can be told beyond its secrets.
type Config struct {
	// KeepEnvironmentNames leaves production environments their names, instead of calling them production.
	KeepEnvironmentNames bool `mapstructure:"keep_environment_names"`
	// Workflows are the names, or the files, of the workflows that deploy in repositories without deployments. None: deployments
	// alone say what reaches an environment.
	Workflows []string `mapstructure:"workflows" json:",omitempty"`
	// WorkflowEnvironment is where they deploy to.
	WorkflowEnvironment string `mapstructure:"workflow_environment" json:",omitempty"`
	// ReleaseEnvironment is where a published release goes by itself; "" when releases say nothing of that.
	ReleaseEnvironment string `mapstructure:"release_environment" json:",omitempty"`
}

// Validate implements source.Config.
func (c *Config) Validate() error {
	if c.WorkflowEnvironment != "" && len(c.Workflows) == 0 {
		return errors.New("workflows: must name the workflows that deploy to workflow_environment, such as [Deploy] or [deploy.yml]")
	}
	return nil
}

// Configure implements source.Config.
func (c *Config) Configure(s *source.Source) error {
	s.Parse = c.parse
	return nil
}

func (c *Config) parse(raw correlate.Raw) (source.Reading, error) {
	event := raw.Header[headerEvent]
	if event == "" {
		return source.Reading{}, &source.ParseError{Path: "$", Want: "must come with the header X-GitHub-Event"}
	}
	body, err := jsonOf(raw)
	if err != nil {
		return source.Reading{}, err
	}
	doc, err := source.ParseJSON(body, "$")
	if err != nil {
		return source.Reading{}, err
	}
	if !doc.IsObject() {
		doc.Fail("must be an object")
		return source.Reading{}, doc.Err()
	}
	switch event {
	case "deployment":
		return source.Reading{Ignored: "the deployment is requested; its statuses say when it starts"}, nil
	case eventListed:
		return readListed(doc)
	case "deployment_status":
		return c.readStatus(doc)
	case "workflow_run":
		return c.readRun(doc)
	case "release":
		return c.readRelease(doc)
	}
	return source.Reading{Ignored: "an event that says nothing of a deployment"}, nil
}

// jsonOf is the body, or what the form field "payload" holds when the hook sends a form.
func jsonOf(raw correlate.Raw) ([]byte, error) {
	media, _, err := mime.ParseMediaType(raw.Header["Content-Type"])
	if err != nil || media != "application/x-www-form-urlencoded" {
		return raw.Body, nil
	}
	form, err := url.ParseQuery(string(raw.Body))
	if err != nil || !form.Has("payload") {
		return nil, &source.ParseError{Path: "$", Want: "must be a form with the field payload, or application/json"}
	}
	return []byte(form.Get("payload")), nil
}
