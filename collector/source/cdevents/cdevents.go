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
//	incident.resolved                       its end; alone it doesn't tell when the incident opened
//
// customData may tell version, previous_version, commit, actor, team, url, and commits and size as the generic format has them.
//
// What comes from the source /shipwake is ignored: Shipwake's own output cdevents sent it, and may be on the same bus.
//
// Every other type says nothing of a change; that a pipeline run is queued doesn't either. The delivery id is the event's source and id, and each event of a batch is a
// delivery, so that one that can't be read doesn't hold back the others.
//
// With secrets, the sender says "Authorization: Bearer <secret>" or signs the body as GitHub does, with
// X-Hub-Signature-256. CloudEvents puts a binary event's attributes into headers, which that signature doesn't cover;
// a CDEvent repeats all of them in its body, and the body is what is read. An event that is signed so and isn't read has
// its body's digest as its id.
package cdevents

import (
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// headerType is the header with a binary event's type, by its canonical name.
const headerType = "Ce-Type"

// Source is CDEvents.
func Source() source.Source {
	return source.Source{
		Name:    "cdevents",
		Version: "5",
		Headers: []string{headerType},
		Schemes: []source.Scheme{source.HubSignature(), {Kind: source.Bearer}},
		Open:    open,
		Parse:   parse,
	}
}

func parse(raw correlate.Raw) (source.Reading, error) {
	e, err := unpack(raw)
	if err != nil {
		return source.Reading{}, err
	}
	if e.empty {
		return source.Reading{Ignored: "an empty batch"}, nil
	}
	return read(e)
}
