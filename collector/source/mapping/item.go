package mapping

import (
	"errors"
	"fmt"
	"net/http"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// items adds the deliveries of the items of a page, and tells whether the last one is older than the round is for. An item in
// which something is missing that is documented is kept as it came. When none of several says when it changed, the answer
// isn't what is documented: an error.
func (w *walk) items(d *delivery, items []ref.Val) (stale bool, err error) {
	stale = true
	var first error
	undated := 0
	for _, item := range items {
		old, err := w.item(d, item)
		var wrong *undatedError
		switch {
		case errors.As(err, &wrong):
			if undated++; first == nil {
				first = wrong.error
			}
			if _, err := w.aside(d, item); err != nil {
				return false, err
			}
		case err != nil:
			return false, err
		default:
			stale = old
		}
	}
	if undated > 1 && undated == len(items) {
		return false, first
	}
	return stale, nil
}

// undatedError says that an item doesn't tell when it changed.
type undatedError struct{ error }

// item adds the deliveries of an item, as far as they weren't seen before, and tells whether it is older than the round is
// for.
func (w *walk) item(d *delivery, item ref.Val) (old bool, err error) {
	d.let, d.fixed["item"] = map[string]ref.Val{}, item
	v, err := d.evaluate(w.pull.at, "at")
	if err != nil {
		return false, &undatedError{err}
	}
	at, err := readTime(v)
	if err != nil || at.IsZero() {
		return false, &undatedError{d.wrong(errors.Join(err, wantError("must be a time")), "at")}
	}
	if !w.pull.Ascending && at.Before(w.cursor.From) {
		return true, nil
	}
	hashes, err := w.deliveries(d)
	if unreadable(err) {
		var hash string
		hash, err = w.aside(d, item)
		hashes = append(hashes, hash)
	}
	w.cursor.saw(at, w.now, hashes)
	return false, err
}

// unreadable: what is wrong is the item, and not the way to it.
func unreadable(err error) bool {
	var wrong *source.ParseError
	return errors.As(err, &wrong)
}

// deliveries adds those of an item, and returns the hashes of their ids, also of those before an error.
func (w *walk) deliveries(d *delivery) (hashes []string, err error) {
	looked := false
	for i, one := range w.pull.deliveries {
		what := fmt.Sprintf("deliveries[%d]", i)
		entries := []ref.Val{types.NullValue}
		if one.each != nil {
			if entries, err = d.items(*one.each, what+".each"); err != nil {
				return hashes, err
			}
		}
		for _, entry := range entries {
			d.fixed["entry"] = entry
			id, err := w.wanted(d, one, what)
			if err != nil {
				return hashes, err
			}
			if id == "" {
				continue
			}
			if !looked {
				if err := w.lookUp(d); err != nil {
					return hashes, err
				}
				looked = true
			}
			if err := w.deliver(d, one, id, what); err != nil {
				return hashes, err
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
		found, err := w.find(lookup.name, path, d.reader)
		if err != nil {
			return err
		}
		d.fixed[lookup.name] = found
	}
	return nil
}

// find is what is looked up; of an item that was kept, what was then.
func (w *walk) find(name, path string, r *reader) (*types.Optional, error) {
	if w.kept == nil {
		return w.answer(path, r)
	}
	return w.kept.found(name, r)
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
		return nil, fmt.Errorf("the answer to what is looked up is %v", err) //nolint:errorlint // it is no fault of the item
	}
	if value := r.value(doc); value != nil {
		w.answers[path] = types.OptionalOf(value)
	}
	return w.answers[path], nil
}
