package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// stream is one sequence of pages of a system, by the Pull of its file.
type stream struct {
	program *program
	api, of string
}

func (s *stream) name() string {
	if s.of == "" {
		return "all"
	}
	return s.of
}

// pull implements source.Stream.
func (s *stream) pull(ctx context.Context, client *http.Client, text []byte, since time.Time) (source.Page, error) {
	w := &walk{
		stream: s, pull: s.program.pull, ctx: ctx, client: client, now: time.Now().UTC(),
		cursor: readCursor(text, since), answers: map[string]*types.Optional{},
	}
	more, err := w.page()
	if err != nil {
		return source.Page{}, err
	}
	next, err := json.Marshal(w.cursor)
	return source.Page{Raws: w.raws, Next: next, More: more}, err
}

// walk is one call of pull.
type walk struct {
	*stream
	pull    *asked
	ctx     context.Context
	client  *http.Client
	now     time.Time
	cursor  cursor
	answers map[string]*types.Optional // of lookups, by address
	raws    []correlate.Raw
}

// page asks for a page and reads it.
func (w *walk) page() (more bool, err error) {
	if w.cursor.Pages >= maxPages {
		return false, fmt.Errorf("there are more than %d pages from one instant on", maxPages)
	}
	path, err := w.scope(nil, nil).text(w.pull.request, "request")
	if err != nil {
		return false, err
	}
	answer, err := w.fetch(path)
	var status *source.StatusError
	if errors.As(err, &status) && slices.Contains([]int{400, 404, 410}, status.Code) && w.cursor.refused() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	doc, err := source.ParseJSON(answer.Body, "$")
	if err != nil {
		return false, err
	}
	d := w.scope(&doc, map[string]any{"link": answer.Next})
	items, err := d.items(w.pull.items, "items")
	if err != nil {
		return false, err
	}
	stale := true
	for _, item := range items {
		if stale, err = w.item(d, item); err != nil {
			return false, err
		}
	}
	next, err := d.text(w.pull.next, "next")
	return w.cursor.turn(next, stale, w.now, w.pull.Pull), err
}

// fetch asks for a path below the API, or for the URL of a page.
func (w *walk) fetch(path string) (source.Answer, error) {
	if !strings.HasPrefix(path, "https://") && !strings.HasPrefix(path, "http://") {
		path = w.api + path
	}
	return source.Fetch(w.ctx, w.client, path, w.pull.header())
}

// scope is what expressions find their names in, of an answer when there is one.
func (w *walk) scope(doc *source.JSON, more map[string]any) *delivery {
	p := &program{parameters: w.program.parameters, let: w.pull.let}
	d := &delivery{program: p, reader: &reader{}, let: map[string]ref.Val{}, fixed: map[string]any{
		"of": w.of, "api": w.api, "param": p.parameters, "page": w.cursor.Page, "link": "",
		"received": types.Timestamp{Time: w.now}, "since": types.Timestamp{Time: w.cursor.From.Truncate(time.Second)},
		"until": types.Timestamp{Time: w.cursor.From.Truncate(time.Second).Add(w.pull.Window)},
	}}
	if doc != nil {
		d.root, d.reader.last = *doc, *doc
		d.fixed["body"] = d.reader.value(*doc)
	}
	maps.Copy(d.fixed, more)
	return d
}

// item adds the deliveries of an item, as far as they weren't seen before, and tells whether it is older than the round is
// for.
func (w *walk) item(d *delivery, item ref.Val) (old bool, err error) {
	d.let, d.fixed["item"] = map[string]ref.Val{}, item
	v, err := d.evaluate(w.pull.at, "at")
	if err != nil {
		return false, err
	}
	at, err := readTime(v)
	if err != nil || at.IsZero() {
		return false, d.wrong(errors.Join(err, wantError("must be a time")), "at")
	}
	if !w.pull.Ascending && at.Before(w.cursor.From) {
		return true, nil
	}
	hashes, err := w.deliveries(d)
	w.cursor.saw(at, w.now, hashes)
	return false, err
}

// deliveries adds those of an item, and returns the hashes of their ids.
func (w *walk) deliveries(d *delivery) (hashes []string, err error) {
	looked := false
	for i, one := range w.pull.deliveries {
		what := fmt.Sprintf("deliveries[%d]", i)
		entries := []ref.Val{types.NullValue}
		if one.each != nil {
			if entries, err = d.items(*one.each, what+".each"); err != nil {
				return nil, err
			}
		}
		for _, entry := range entries {
			d.fixed["entry"] = entry
			id, err := w.wanted(d, one, what)
			if err != nil {
				return nil, err
			}
			if id == "" {
				continue
			}
			if !looked {
				if err := w.lookUp(d); err != nil {
					return nil, err
				}
				looked = true
			}
			if err := w.deliver(d, one, id, what); err != nil {
				return nil, err
			}
			hashes = append(hashes, hashOf(id))
		}
	}
	return hashes, nil
}

// wanted is the id of a delivery, "" when there is none, or when it was seen before.
func (w *walk) wanted(d *delivery, one pulled, what string) (string, error) {
	holds, err := d.holds(one.when, what+".when")
	if err != nil || !holds {
		return "", err
	}
	id, err := d.text(one.id, what+".id")
	if err != nil || w.cursor.knows(hashOf(id)) {
		return "", err
	}
	return id, nil
}

// deliver adds a delivery.
func (w *walk) deliver(d *delivery, one pulled, id, what string) error {
	v, err := d.evaluate(one.body, what+".body")
	if err != nil {
		return err
	}
	body, err := encode(v)
	if err != nil {
		return d.wrong(err, what+".body")
	}
	header := map[string]string{"Content-Type": "application/json"}
	for name, value := range one.Headers {
		header[http.CanonicalHeaderKey(name)] = value
	}
	w.raws = append(w.raws, correlate.Raw{ID: "pull/" + w.name() + "/" + id, Header: header, Body: body})
	return nil
}

// lookUp asks for more about an item. What was asked for the page's items before isn't asked for again.
func (w *walk) lookUp(d *delivery) error {
	for _, lookup := range w.pull.lookups {
		v, err := d.evaluate(lookup.expression, "lookups."+lookup.name)
		if err != nil {
			return err
		}
		d.fixed[lookup.name] = types.OptionalNone
		value, ok := present(v)
		if !ok {
			continue
		}
		path, err := textOf(value)
		if err != nil {
			return d.wrong(err, "lookups."+lookup.name)
		}
		if d.fixed[lookup.name], err = w.answer(path, d.reader); err != nil {
			return err
		}
	}
	return nil
}

// answer is the document at a path, none when it isn't found or may not be read.
func (w *walk) answer(path string, r *reader) (*types.Optional, error) {
	if known, ok := w.answers[path]; ok {
		return known, nil
	}
	w.answers[path] = types.OptionalNone
	answer, err := w.fetch(path)
	var status *source.StatusError
	if errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusForbidden) {
		return types.OptionalNone, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := source.ParseJSON(answer.Body, "$")
	if err != nil {
		return nil, err
	}
	if value := r.value(doc); value != nil {
		w.answers[path] = types.OptionalOf(value)
	}
	return w.answers[path], nil
}

// text is the value of an expression as a text, "" when it has none.
func (d *delivery) text(e expression, what string) (string, error) {
	if e.program == nil {
		return "", nil
	}
	v, err := d.evaluate(e, what)
	if err != nil {
		return "", err
	}
	value, ok := present(v)
	if !ok {
		return "", nil
	}
	text, err := textOf(value)
	if err != nil {
		return "", d.wrong(err, what)
	}
	return text, nil
}
