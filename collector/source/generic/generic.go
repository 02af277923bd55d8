// Package generic answers: what does a sender say that speaks our own format?
//
// The format is that of facts.jsonl: {"change": {…}}, {"incident": {…}} or {"check": {…}}, a bare change or incident object, an
// array of any of these, or several of them one a line. It is strict: a misspelled key is refused with its path, because a
// deployment script that says "enviroment" would otherwise report to production.
//
// A change that goes on zone by zone, or reaches only some, says which it has reached: "zones": ["eu-1a"], or with the
// times, "zones": [{"name": "eu-1a", "reached_at": "2026-03-01T10:00:00Z"}]. The names are those of telemetry: of
// cloud.availability_zone, else k8s.cluster.name, else cloud.region. Reports add up. Zones that none of them names are
// what the change is compared with, also after its end, unless the report of the end names no zones at all.
//
// A check is one run of what is checked after a release: "check": {"name": "smoke", "result": "passed", "at":
// "2026-03-01T10:05:00Z", "change": "deploy-42"}. The result is passed, failed or unknown. It is about a change that it names by
// its id, by service and version, or by commit, the latter two in production unless "environment" says otherwise. "required":
// true says that a change in whose window it fails has regressed. "counts" are total, failed, skipped and flaky. The source
// results reads the files of test tools.
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

// Source is our own format.
func Source() source.Source {
	return source.Source{
		Name:    "generic",
		Version: "4",
		Schemes: []source.Scheme{source.StandardWebhooks(), {Kind: source.Bearer}},
		Parse:   parse,
	}
}

func parse(raw correlate.Raw) (source.Reading, error) {
	var r source.Reading
	doc, err := source.ParseJSON(raw.Body, "$")
	switch {
	case err == nil:
		err = readDocument(&r, doc)
	case manyLines(raw.Body):
		err = readLines(&r, raw.Body)
	}
	if err == nil && len(r.Facts) == 0 {
		err = &source.ParseError{Path: "$", Want: "must hold at least one change, incident or check"}
	}
	return r, err
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
func readLines(r *source.Reading, body []byte) error {
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
		if err := readDocument(r, doc); err != nil {
			return err
		}
	}
	return nil
}

func readDocument(r *source.Reading, doc source.JSON) error {
	if !doc.IsArray() {
		return readFact(r, doc)
	}
	for _, item := range doc.Items() {
		if err := readFact(r, item); err != nil {
			return err
		}
	}
	return doc.Err()
}
