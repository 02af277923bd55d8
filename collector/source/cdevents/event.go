package cdevents

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// event is a CDEvent with the parts that the mappings read.
type event struct {
	subject   source.JSON // subject
	content   source.JSON // subject.content
	custom    source.JSON // customData, when it is an object
	links     source.JSON // context.links
	id        string
	source    string
	timestamp time.Time
}

// ownSource is the source of each event that Shipwake's output cdevents sends. They may be on the same bus.
const ownSource = "/shipwake"

// read maps one event.
func read(e cloudEvent) (source.Reading, error) {
	var context source.JSON
	if e.data.IsObject() && e.data.Get("context").IsObject() {
		context = e.data.Get("context")
	}
	mapping := mappingOf(cmp.Or(context.Get("type").AnyText(), e.kind))
	if mapping == nil {
		return source.Reading{Ignored: "only CDEvents of services, pipeline runs and incidents are read"}, nil
	}
	ev := readEvent(e.data)
	if ev.source == ownSource {
		return source.Reading{Ignored: "an event that Shipwake sent itself; what it found is not what it goes by"}, e.data.Err()
	}
	fact, problem := mapping(ev)
	switch err := e.data.Err(); {
	case problem != "":
		return source.Reading{Unmapped: problem}, nil // what isn't about a change needn't be whole
	case err != nil:
		return source.Reading{}, err
	}
	var r source.Reading
	err := r.Add(fact, e.data)
	return r, err
}

// readEvent reads what every CDEvent has. What is wrong with it is the document's Err.
func readEvent(data source.JSON) event {
	context, subject := data.Get("context"), data.Get("subject")
	ev := event{
		subject:   subject,
		content:   subject.Get("content"),
		links:     context.Get("links"),
		id:        required(context.Get("id")),
		source:    required(context.Get("source")),
		timestamp: context.Get("timestamp").RequiredTime(),
	}
	required(subject.Get("id"))
	if custom := data.Get("customData"); custom.IsObject() {
		ev.custom = custom
	}
	return ev
}

// mapping turns an event into a fact, or says why it is none.
type mapping func(event) (fact correlate.Fact, problem string)

// mappingOf is the mapping of a type, or nil.
func mappingOf(kind string) mapping {
	switch shortType(kind) {
	case "service.deployed", "service.upgraded":
		return deployed(correlate.KindDeployment)
	case "service.rolledback":
		return deployed(correlate.KindRollback)
	case "service.removed":
		return removed
	case "pipelinerun.started":
		return runStarted
	case "pipelinerun.finished":
		return runFinished
	case "incident.detected", "incident.reported":
		return opened
	case "incident.resolved":
		return resolved
	}
	return nil
}

// shortType cuts "dev.cdevents.service.deployed.0.2.0" to "service.deployed"; what isn't of CDEvents becomes "".
func shortType(kind string) string {
	rest, ok := strings.CutPrefix(kind, "dev.cdevents.")
	if !ok {
		return ""
	}
	subject, rest, _ := strings.Cut(rest, ".")
	predicate, _, _ := strings.Cut(rest, ".")
	return subject + "." + predicate
}

// deliveryID joins what makes a CloudEvent unique. A source is a URI, which has no space.
func deliveryID(origin, id string) string {
	if id == "" {
		return ""
	}
	return strings.TrimSpace(origin + " " + id)
}

// factID is stable for one subject of one emitter. Ids that are UUIDs are unique alone; others only within their
// source, a part of whose digest is added.
func factID(prefix, id, origin string) string {
	if isUUID(id) {
		return prefix + id
	}
	sum := sha256.Sum256([]byte(origin))
	return prefix + id + "-" + hex.EncodeToString(sum[:4])
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hexDigit := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hexDigit {
			return false
		}
	}
	return true
}

func required(v source.JSON) string {
	text := v.Text()
	if text == "" {
		v.Fail("required: a string")
	}
	return text
}
