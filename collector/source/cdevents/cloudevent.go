package cdevents

import (
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/collector/source"
)

// cloudEvent is the envelope of one event. The envelope may be missing: then the attributes are empty and data is the
// whole body.
type cloudEvent struct {
	id, source, kind string
	data             source.JSON
	raw              []byte // the part of the body that belongs to the event
}

// unpack finds the events of a request. The mode is told by the content type, else by the ce-headers, else by the
// shape of the body.
func unpack(req source.Request) ([]cloudEvent, error) {
	media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	structured := media == "application/cloudevents+json" || media == "application/cloudevents-batch+json"
	if !structured && attribute(req.Header, "type") != "" {
		return unpackBinary(req)
	}
	doc, err := source.ParseJSON(req.Body, "$")
	if err != nil {
		return nil, err
	}
	if doc.IsArray() {
		return unpackBatch(doc)
	}
	e, err := unpackOne(doc)
	if err != nil {
		return nil, err
	}
	return []cloudEvent{e}, nil
}

// unpackBinary reads the attributes from headers. The data of a type that nobody maps may be anything, and isn't read.
func unpackBinary(req source.Request) ([]cloudEvent, error) {
	e := cloudEvent{
		id:     attribute(req.Header, "id"),
		source: attribute(req.Header, "source"),
		kind:   attribute(req.Header, "type"),
		raw:    req.Body,
	}
	if req.Header.Get(headerSignature) != "" {
		e.id, e.source = "", "" // the signature doesn't cover them
	}
	if mappingOf(e.kind) == nil {
		return []cloudEvent{e}, nil
	}
	doc, err := source.ParseJSON(req.Body, "$")
	if err != nil {
		return nil, err
	}
	if !doc.IsObject() {
		doc.Fail("must be the CDEvent, an object")
		return nil, doc.Err()
	}
	e.data = doc
	return []cloudEvent{e}, nil
}

func unpackBatch(doc source.JSON) ([]cloudEvent, error) {
	var events []cloudEvent
	for _, item := range doc.Items() {
		e, err := unpackOne(item)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, doc.Err()
}

// unpackOne reads a structured event, or a CDEvent without an envelope.
func unpackOne(doc source.JSON) (cloudEvent, error) {
	if !doc.IsObject() {
		doc.Fail("must be a CloudEvent or a CDEvent, an object")
		return cloudEvent{}, doc.Err()
	}
	if doc.Get("context").IsObject() {
		return cloudEvent{data: doc, raw: doc.Raw()}, nil
	}
	e := cloudEvent{
		id:     doc.Get("id").Text(),
		source: doc.Get("source").Text(),
		kind:   doc.Get("type").Text(),
		raw:    doc.Raw(),
	}
	if e.kind == "" {
		doc.Get("type").Fail("required: the type of the CloudEvent")
	}
	data, err := dataOf(doc)
	if err != nil {
		return e, err
	}
	e.data = data
	return e, doc.Err()
}

// dataOf is the data of a structured event, plain or in Base64.
func dataOf(doc source.JSON) (source.JSON, error) {
	encoded := doc.Get("data_base64")
	if !encoded.Exists() {
		return doc.Get("data"), nil
	}
	data, err := base64.StdEncoding.DecodeString(encoded.Document())
	if err != nil {
		encoded.Fail("must be Base64")
		return doc, encoded.Err()
	}
	return source.ParseJSON(data, encoded.Path())
}

// attribute is a CloudEvents attribute from a header: ce-* over HTTP, where values are percent-encoded, and ce_* over
// Kafka, where they are not.
func attribute(header http.Header, name string) string {
	if value := header.Get("Ce-" + name); value != "" {
		if decoded, err := url.PathUnescape(value); err == nil {
			return decoded
		}
		return value
	}
	for _, key := range []string{http.CanonicalHeaderKey("ce_" + name), "ce_" + name} {
		if values := header[key]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
