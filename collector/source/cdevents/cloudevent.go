package cdevents

import (
	"cmp"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// cloudEvent is the envelope of one event. The envelope may be missing: then the type is empty and data is the whole
// body.
type cloudEvent struct {
	kind  string
	data  source.JSON
	empty bool // a batch without events
}

// open finds the events of a message. The mode is told by the content type, else by the ce-headers, else by the shape of
// the body.
func open(req source.Request) ([]correlate.Raw, error) {
	kind := attribute(req.Header, "type")
	if kind != "" && !structured(req.Header.Get("Content-Type")) {
		return openBinary(req, kind), nil
	}
	doc, err := source.ParseJSON(req.Body, "$")
	if err != nil {
		return nil, err
	}
	if !doc.IsArray() {
		return []correlate.Raw{{ID: idOf(doc), Body: req.Body}}, nil
	}
	return openBatch(req, doc)
}

func structured(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/cloudevents+json" || media == "application/cloudevents-batch+json")
}

// openBinary takes from the headers what the body doesn't repeat, unless it is signed: the signature covers the body alone.
func openBinary(req source.Request, kind string) []correlate.Raw {
	var origin, id string
	if req.Header.Get(source.HubSignature().Header) == "" {
		origin, id = attribute(req.Header, "source"), attribute(req.Header, "id")
	}
	if doc, err := source.ParseJSON(req.Body, "$"); err == nil && doc.IsObject() && doc.Get("context").IsObject() {
		context := doc.Get("context")
		origin, id = cmp.Or(context.Get("source").AnyText(), origin), cmp.Or(context.Get("id").AnyText(), id)
	}
	header := map[string]string{headerType: url.PathEscape(kind)}
	return []correlate.Raw{{ID: deliveryID(origin, id), Header: header, Body: req.Body}}
}

// openBatch is one delivery for each element, be it an event or not; an empty batch is one as well.
func openBatch(req source.Request, doc source.JSON) ([]correlate.Raw, error) {
	var raws []correlate.Raw
	for _, item := range doc.Items() {
		raws = append(raws, correlate.Raw{
			ID:     idOf(item),
			Header: map[string]string{"Content-Type": "application/cloudevents+json"},
			Body:   item.Raw(),
		})
	}
	if len(raws) == 0 {
		raws = []correlate.Raw{{Body: req.Body}}
	}
	return raws, doc.Err()
}

// idOf is the source and id of a CDEvent, or else of its envelope; "" when it has none.
func idOf(doc source.JSON) string {
	if !doc.IsObject() {
		return ""
	}
	envelope := doc
	if data, err := dataOf(doc); err == nil && data.IsObject() {
		doc = data
	}
	context := doc.Get("context")
	if !context.IsObject() {
		context = source.JSON{}
	}
	return deliveryID(
		cmp.Or(context.Get("source").AnyText(), envelope.Get("source").AnyText()),
		cmp.Or(context.Get("id").AnyText(), envelope.Get("id").AnyText()))
}

// unpack finds the event of a delivery.
func unpack(raw correlate.Raw) (cloudEvent, error) {
	if kind := raw.Header[headerType]; kind != "" && !structured(raw.Header["Content-Type"]) {
		return unpackBinary(raw, unescape(kind))
	}
	doc, err := source.ParseJSON(raw.Body, "$")
	if err != nil {
		return cloudEvent{}, err
	}
	if doc.IsArray() {
		for range doc.Items() {
			doc.Fail("must be a CloudEvent or a CDEvent, an object")
		}
		return cloudEvent{empty: true}, doc.Err()
	}
	return unpackOne(doc)
}

// unpackBinary reads the body as the event. The data of a type that nobody maps may be anything, and isn't read.
func unpackBinary(raw correlate.Raw, kind string) (cloudEvent, error) {
	if mappingOf(kind) == nil {
		return cloudEvent{kind: kind}, nil
	}
	doc, err := source.ParseJSON(raw.Body, "$")
	if err != nil {
		return cloudEvent{}, err
	}
	if !doc.IsObject() {
		doc.Fail("must be the CDEvent, an object")
	}
	return cloudEvent{kind: kind, data: doc}, doc.Err()
}

// unpackOne reads a structured event, or a CDEvent without an envelope.
func unpackOne(doc source.JSON) (cloudEvent, error) {
	if !doc.IsObject() {
		doc.Fail("must be a CloudEvent or a CDEvent, an object")
		return cloudEvent{}, doc.Err()
	}
	if doc.Get("context").IsObject() {
		return cloudEvent{data: doc}, nil
	}
	kind := doc.Get("type").Text()
	if kind == "" {
		doc.Get("type").Fail("required: the type of the CloudEvent")
	}
	data, err := dataOf(doc)
	switch {
	case err != nil && mappingOf(kind) == nil:
		return cloudEvent{kind: kind}, nil // the data of a type that nobody maps may be anything
	case err != nil:
		return cloudEvent{}, err
	}
	return cloudEvent{kind: kind, data: data}, doc.Err()
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
		return unescape(value)
	}
	for _, key := range []string{http.CanonicalHeaderKey("ce_" + name), "ce_" + name} {
		if values := header[key]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

func unescape(value string) string {
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
