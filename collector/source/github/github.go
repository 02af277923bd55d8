// Package github answers: what does a GitHub webhook say of a deployment?
//
// It reads the events "deployment" and "deployment_status"; every other says nothing of a change. One GitHub deployment is
// one change, "github-<owner>/<repository>-<deployment id>", whose reports merge:
//
//	deployment, action created                        started
//	deployment_status queued, pending, waiting,
//	                  in_progress                     started
//	deployment_status success                         succeeded
//	deployment_status failure, error                  failed
//	deployment_status inactive                        ignored: it says that another deployment took over
//	deployment_status of another state                unmapped
//
// Deployments to a transient environment (previews) are ignored too: they reach nobody.
//
// With secrets, X-Hub-Signature-256 must be the HMAC-SHA256 of the body. It doesn't cover X-GitHub-Delivery, so the same
// body is the same delivery under whatever id: one that somebody recorded and sends again, as well as one that people
// redeliver, since GitHub itself never tries again. No two events of GitHub have the same body.
package github

import (
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
		Version: "1",
		Headers: []string{headerEvent},
		Schemes: []source.Scheme{source.HubSignature()},
		Parse:   parse,
		Pull:    puller(),
	}
}

func parse(raw correlate.Raw) (source.Reading, error) {
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
	return read(event, doc)
}

// read maps one event.
func read(event string, doc source.JSON) (source.Reading, error) {
	switch event {
	case "deployment":
		if doc.Get("action").Text() != "created" {
			return source.Reading{Ignored: "of the deployment actions only created is read"}, doc.Err()
		}
		return readDeployment(doc)
	case "deployment_status":
		return readStatus(doc)
	}
	return source.Reading{Ignored: "of GitHub's events only deployment and deployment_status are read"}, nil
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
