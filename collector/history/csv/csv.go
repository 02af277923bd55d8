// Package csv answers: what does a table hold whose columns somebody named?
//
// A row is a change or an incident, and a column is a field of our own format when it has its name or is mapped to it
// (history.Columns). Beyond the fields there are labels.NAME for a label, and authored_at: when the commit was authored, for
// lead time. A row without an id has one that depends on what stands in it, so that the same row is the same fact.
package csv

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/correlate"
)

// Format reads tables of changes or incidents.
func Format() history.Format {
	return history.Format{Name: "csv", About: "a table of changes or incidents, with a map of its columns", Open: open}
}

const (
	change   = "change"
	incident = "incident"
)

// The fields of a row, by what it is.
var fields = map[string][]string{
	change: {"id", "kind", "status", "service", "environment", "version", "previous_version", "commit", "digest", "authored_at",
		"started_at", "finished_at", "updated_at", "actor", "team", "url"},
	incident: {"id", "service", "environment", "severity", "title", "url", "opened_at", "acknowledged_at", "resolved_at",
		"updated_at", "caused_by", "dedup_key"},
}

const labelPrefix = "labels."

func open(o history.Options) ([]history.Pass, error) {
	c := o.Columns
	if err := check(c); err != nil {
		return nil, err
	}
	separator, err := c.Separator()
	if err != nil {
		return nil, err
	}
	clock, err := c.Clock()
	if err != nil {
		return nil, err
	}
	t := table{c, clock}
	read := func(in history.Input, found func(history.Found) error) error {
		return history.Table{Delimiter: separator, Columns: t.columns()}.Rows(in, t.row, found)
	}
	return []history.Pass{{Required: true, Read: read}}, nil
}

// check refuses fields that there aren't.
func check(c history.Columns) error {
	if c.Record != "" && fields[c.Record] == nil {
		return errors.New("record: must be change or incident")
	}
	for _, named := range []map[string]string{c.Of, c.Constants, keysOf(c.Values)} {
		for _, field := range slices.Sorted(maps.Keys(named)) {
			if strings.HasPrefix(field, labelPrefix) && len(field) > len(labelPrefix) && c.Record != incident {
				continue
			}
			if !slices.Contains(fields[change], field) && !slices.Contains(fields[incident], field) {
				return fmt.Errorf("%s: there is no such field; changes have %s and labels.NAME, incidents %s", field,
					strings.Join(fields[change], ", "), strings.Join(fields[incident], ", "))
			}
		}
	}
	return nil
}

func keysOf(m map[string]map[string]string) map[string]string {
	keys := map[string]string{}
	for key := range m {
		keys[key] = ""
	}
	return keys
}

type table struct {
	history.Columns
	clock func(string) (time.Time, error)
}

// columns are those that the map names: a table without them isn't the one that was meant.
func (t table) columns() []string { return slices.Sorted(maps.Values(t.Of)) }

func (t table) row(r *history.Row) history.Found {
	read := reader{t, r}
	if t.Record == incident || t.Record == "" && r.Has(t.column("opened_at")) {
		return history.Found{Facts: []correlate.Fact{{Incident: read.incident()}}}
	}
	return history.Found{Facts: []correlate.Fact{{Change: read.change()}}}
}

func (t table) column(field string) string {
	if column, ok := t.Of[field]; ok {
		return column
	}
	return field
}

// reader reads the fields of one row.
type reader struct {
	table
	row *history.Row
}

func (r reader) text(field string) string {
	text := r.row.Text(r.column(field))
	if meant, ok := r.Values[field][text]; ok {
		return meant
	}
	if text == "" {
		return r.Constants[field]
	}
	return text
}

func (r reader) time(field string) time.Time { return r.row.TimeBy(r.column(field), r.clock) }

// word is a text of a closed set, in capitals or not.
func word[T ~string](r reader, field string, words []T) T {
	text := T(strings.ToLower(r.text(field)))
	if text != "" && !slices.Contains(words, text) {
		r.row.Fail(r.column(field), fmt.Sprintf("unknown as %s; use one of %v, or say what it means under values", field, words))
	}
	return text
}

func (r reader) change() *correlate.Change {
	c := &correlate.Change{
		ID: r.id(change), Kind: word(r, "kind", correlate.Kinds()), Status: word(r, "status", correlate.Statuses()),
		Service: r.required("service"), Environment: r.text("environment"), Version: r.text("version"),
		PreviousVersion: r.text("previous_version"), Commit: r.text("commit"), Digest: r.text("digest"),
		StartedAt: r.time("started_at"), FinishedAt: r.time("finished_at"), UpdatedAt: r.time("updated_at"),
		Actor: r.text("actor"), Team: r.text("team"), URL: r.text("url"), Labels: r.labels(),
	}
	if authored := r.time("authored_at"); c.Commit != "" && !authored.IsZero() {
		c.Commits = []correlate.Commit{{SHA: c.Commit, AuthoredAt: authored}}
	}
	return c
}

func (r reader) incident() *correlate.Incident {
	return &correlate.Incident{
		ID: r.id(incident), Service: r.text("service"), Environment: r.text("environment"), Severity: r.text("severity"),
		Title: r.text("title"), URL: r.text("url"), OpenedAt: r.time("opened_at"), AcknowledgedAt: r.time("acknowledged_at"),
		ResolvedAt: r.time("resolved_at"), UpdatedAt: r.time("updated_at"), CausedBy: r.text("caused_by"), DedupKey: r.text("dedup_key"),
	}
}

func (r reader) required(field string) string {
	text := r.text(field)
	if text == "" {
		r.row.Fail(r.column(field), "required: the "+field)
	}
	return text
}

// id is the one in the row, or else one of what the row says.
func (r reader) id(record string) string {
	if id := r.text("id"); id != "" {
		return id
	}
	sum := sha256.New()
	for _, field := range fields[record] {
		fmt.Fprintf(sum, "%q", r.text(field))
	}
	return "csv-" + hex.EncodeToString(sum.Sum(nil)[:12])
}

func (r reader) labels() map[string]string {
	labels := map[string]string{}
	for _, named := range []map[string]string{r.Constants, r.Of} {
		for field := range named {
			if name, ok := strings.CutPrefix(field, labelPrefix); ok && r.text(field) != "" {
				labels[name] = r.text(field)
			}
		}
	}
	if len(labels) == 0 {
		return nil
	}
	return labels
}
