// Package cdevents answers: what does a CDEvent say of a change or an incident?
//
// It takes CloudEvents over HTTP in all three modes (structured application/cloudevents+json, batch
// application/cloudevents-batch+json, binary with ce-* headers), over Kafka (ce_* headers), and a bare CDEvent as
// JSON; and CDEvents of both generations alive: 0.4 (context.version) and 0.5 (context.specversion). Types are matched
// without their version, since patch and minor versions only add.
//
//	service.deployed, service.upgraded      a deployment that succeeded, finished at context.timestamp
//	service.rolledback                      a rollback that succeeded
//	service.removed                         a change of kind other, labelled action=removed
//	pipelinerun.started, .finished          a deployment, when it says of what and where; see pipelinerun.go
//	incident.detected, .reported            an incident that opened
//	incident.resolved                       its end
//
// Every other type is kept as unmapped. The delivery id is the event's source and id.
//
// With secrets, the sender says "Authorization: Bearer <secret>" or signs the body as GitHub does, with
// X-Hub-Signature-256. CloudEvents puts a binary event's attributes into headers, which that signature doesn't cover;
// a CDEvent repeats all of them in its body, and the body is what is read. An event that is signed so and isn't read has
// its body's digest as its id.
package cdevents

import (
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const headerSignature = "X-Hub-Signature-256"

// Factory makes the source.
func Factory() source.Factory { return source.Factory{Name: "cdevents", New: newSource} }

type cdevents struct{ secrets []string }

func newSource(cfg source.ReaderConfig) (source.Reader, error) {
	if err := source.CheckSecrets(cfg.Secrets); err != nil {
		return nil, err
	}
	return &cdevents{cfg.Secrets}, nil
}

func (c *cdevents) Authenticate(req source.Request) error {
	return source.Authenticate("cdevents", c.secrets, req)
}

// Recall implements source.Recaller: a type that only a header told is told by it again.
func (c *cdevents) Recall(d correlate.Delivery) http.Header {
	header := http.Header{}
	if doc, err := source.ParseJSON(d.Raw, "$"); d.Event != "" && (err != nil || kindIn(doc) != d.Event) {
		header.Set("Ce-Type", url.PathEscape(d.Event))
	}
	return header
}

// kindIn is the type that a body tells, of a CDEvent or of a CloudEvent.
func kindIn(doc source.JSON) string {
	switch {
	case !doc.IsObject():
		return ""
	case doc.Get("context").IsObject():
		return doc.Get("context").Get("type").AnyText()
	}
	return doc.Get("type").AnyText()
}

func (c *cdevents) Parse(req source.Request) ([]correlate.Delivery, error) {
	events, err := unpack(req)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return []correlate.Delivery{source.Unmapped(source.NewDelivery(req, "", ""), "an empty batch")}, nil
	}
	deliveries := make([]correlate.Delivery, 0, len(events))
	for _, e := range events {
		d, err := read(req, e)
		if err != nil {
			return nil, err
		}
		deliveries = append(deliveries, d)
	}
	return deliveries, nil
}
