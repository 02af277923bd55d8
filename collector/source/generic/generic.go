// Package generic answers: what does a sender say that speaks our own format?
//
// The format is that of facts.jsonl: {"change": {…}} or {"incident": {…}}, a bare change or incident object, an array
// of any of these, or several of them one a line. It is strict: a misspelled key is refused with its path, because a
// deployment script that says "enviroment" would otherwise report to production.
//
// A change that goes on zone by zone, or reaches only some, says which it has reached: "zones": ["eu-1a"], or with the
// times, "zones": [{"name": "eu-1a", "reached_at": "2026-03-01T10:00:00Z"}]. The names are those of telemetry: of
// cloud.availability_zone, else k8s.cluster.name, else cloud.region. Reports add up. Zones that none of them names are
// what the change is compared with, also after its end, unless the report of the end names no zones at all.
//
// With secrets, the sender says "Authorization: Bearer <secret>", or signs by Standard Webhooks (webhook-id,
// webhook-timestamp, webhook-signature). The same bytes are the same delivery, whatever id they come with.
package generic

import (
	"bytes"
	"fmt"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Factory makes the source.
func Factory() source.Factory { return source.Factory{Name: "generic", New: newSource} }

type generic struct{ secrets []string }

func newSource(cfg source.ReaderConfig) (source.Reader, error) {
	if err := source.CheckSecrets(cfg.Secrets); err != nil {
		return nil, err
	}
	return &generic{cfg.Secrets}, nil
}

func (g *generic) Authenticate(req source.Request) error {
	return source.Authenticate("generic", g.secrets, req)
}

func (g *generic) Parse(req source.Request) ([]correlate.Delivery, error) {
	d := source.NewDelivery(req, "", "")
	doc, err := source.ParseJSON(req.Body, "$")
	switch {
	case err == nil:
		err = readDocument(&d, doc)
	case manyLines(req.Body):
		err = readLines(&d, req.Body)
	}
	if err != nil {
		return nil, err
	}
	if len(d.Facts) == 0 {
		return nil, &source.ParseError{Path: "$", Want: "must hold at least one change or incident"}
	}
	d.Event = eventOf(d.Facts)
	return []correlate.Delivery{d}, nil
}

// manyLines tells a document on several lines from several documents: in the latter the first line is whole.
func manyLines(body []byte) bool {
	line, rest, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
	if len(bytes.TrimSpace(rest)) == 0 {
		return false
	}
	_, err := source.ParseJSON(line, "$")
	return err == nil
}

// readLines reads one document a line. The path of an error begins with the line's number, counted from 1.
func readLines(d *correlate.Delivery, body []byte) error {
	number := 0
	for line := range bytes.Lines(body) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		doc, err := source.ParseJSON(line, fmt.Sprintf("line %d: $", number))
		if err != nil {
			return err
		}
		if err := readDocument(d, doc); err != nil {
			return err
		}
	}
	return nil
}

func readDocument(d *correlate.Delivery, doc source.JSON) error {
	if !doc.IsArray() {
		return readFact(d, doc)
	}
	for _, item := range doc.Items() {
		if err := readFact(d, item); err != nil {
			return err
		}
	}
	return doc.Err()
}

// eventOf names what the facts are: "change", "incident" or "mixed".
func eventOf(facts []correlate.Fact) string {
	changes := 0
	for _, f := range facts {
		if f.Change != nil {
			changes++
		}
	}
	switch changes {
	case len(facts):
		return "change"
	case 0:
		return "incident"
	}
	return "mixed"
}
