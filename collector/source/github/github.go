// Package github answers: what does a GitHub webhook say of a deployment?
//
// It reads the events "deployment" and "deployment_status"; every other is kept as unmapped. One GitHub deployment is
// one change, "github-<owner>/<repository>-<deployment id>", whose reports merge:
//
//	deployment, action created                        started
//	deployment_status queued, pending, waiting,
//	                  in_progress                     started
//	deployment_status success                         succeeded
//	deployment_status failure, error                  failed
//	deployment_status inactive                        unmapped: it says that another deployment took over
//
// Deployments to a transient environment (previews) are unmapped too: they reach nobody.
//
// With secrets, X-Hub-Signature-256 must be the HMAC-SHA256 of the body. It doesn't cover X-GitHub-Delivery, so the same
// body is the same delivery under whatever id: one that somebody recorded and sends again, as well as one that people
// redeliver, since GitHub itself never tries again. No two events of GitHub have the same body.
package github

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// headerEvent says what kind of event a message is.
const headerEvent = "X-GitHub-Event"

// Factory makes the source.
func Factory() source.Factory { return source.Factory{Name: "github", New: newSource} }

type github struct{ secrets []string }

func newSource(cfg source.ReaderConfig) (source.Reader, error) {
	if err := source.CheckSecrets(cfg.Secrets); err != nil {
		return nil, err
	}
	return &github{cfg.Secrets}, nil
}

func (g *github) Authenticate(req source.Request) error {
	return source.Authenticate("github", g.secrets, req)
}

// Recall implements source.Recaller.
func (g *github) Recall(d correlate.Delivery) http.Header {
	return http.Header{http.CanonicalHeaderKey(headerEvent): {d.Event}}
}

func (g *github) Parse(req source.Request) ([]correlate.Delivery, error) {
	event := req.Header.Get(headerEvent)
	if event == "" {
		return nil, &source.ParseError{Path: "$", Want: "must come with the header " + headerEvent}
	}
	body, err := jsonOf(req)
	if err != nil {
		return nil, err
	}
	doc, err := source.ParseJSON(body, "$")
	if err != nil {
		return nil, err
	}
	if !doc.IsObject() {
		doc.Fail("must be an object")
		return nil, doc.Err()
	}
	d, err := read(source.NewDelivery(req, "", event), doc)
	if err != nil {
		return nil, err
	}
	return []correlate.Delivery{d}, nil
}

// read maps one event.
func read(d correlate.Delivery, doc source.JSON) (correlate.Delivery, error) {
	switch d.Event {
	case "deployment":
		if doc.Get("action").Text() != "created" {
			return source.Unmapped(d, "of the deployment actions only created is read"), doc.Err()
		}
		return readDeployment(d, doc)
	case "deployment_status":
		return readStatus(d, doc)
	}
	return source.Unmapped(d, "of GitHub's events only deployment and deployment_status are read"), nil
}

// jsonOf is the body, or what the form field "payload" holds when the hook sends a form.
func jsonOf(req source.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return req.Body, nil
	}
	form, err := url.ParseQuery(string(req.Body))
	if err != nil || !form.Has("payload") {
		return nil, &source.ParseError{Path: "$", Want: "must be a form with the field payload, or application/json"}
	}
	return []byte(form.Get("payload")), nil
}
