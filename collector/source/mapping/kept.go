package mapping

import (
	"encoding/json"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// headerItem tells a delivery that is an item of the API as it came: something that is documented is missing in it, so no message
// of the webhook could be made of it. It waits in quarantine for a mapping that can. No sender can say so, since it isn't among
// the headers that are kept of theirs.
const headerItem = "Shipwake-Pulled-Item"

// itemBody is the body of such a delivery: what expressions need to read the item again.
type itemBody struct {
	Of   string          `json:"of"`
	API  string          `json:"api"`
	Item json.RawMessage `json:"item"`
	// Lookups are what was looked up, by name: a list of one document, or of none where there is none.
	Lookups map[string][]json.RawMessage `json:"lookups,omitempty"`
}

// aside keeps an item as it came, unless it was seen before, and returns the hash of its id.
func (w *walk) aside(d *delivery, item ref.Val) (hash string, err error) {
	is := itemBody{Of: w.of, API: w.api}
	if is.Item, err = encode(item); err != nil {
		return "", d.wrong(err, "items")
	}
	id := "item/" + hashOf(string(is.Item))
	hash = hashOf(id)
	if w.cursor.knows(hash) {
		return hash, nil
	}
	if is.Lookups, err = w.lookedUp(d); err != nil {
		return "", err
	}
	body, err := json.Marshal(is)
	header := map[string]string{"Content-Type": "application/json", headerItem: w.name()}
	w.raws = append(w.raws, correlate.Raw{ID: "pull/" + w.name() + "/" + id, Header: header, Body: body})
	return hash, err
}

// lookedUp is what can be looked up for an item that is kept.
func (w *walk) lookedUp(d *delivery) (map[string][]json.RawMessage, error) {
	for _, lookup := range w.pull.lookups {
		delete(d.fixed, lookup.name)
	}
	if err := w.lookUp(d); err != nil && !unreadable(err) {
		return nil, err
	}
	all := map[string][]json.RawMessage{}
	for _, lookup := range w.pull.lookups {
		found, ok := d.fixed[lookup.name].(*types.Optional)
		if !ok {
			continue // what it asks for can't be read from the item
		}
		all[lookup.name] = []json.RawMessage{}
		if found.HasValue() {
			text, err := encode(found)
			if err != nil {
				return nil, err
			}
			all[lookup.name] = append(all[lookup.name], text)
		}
	}
	return all, nil
}

// keptItem is a delivery of an item as it came.
type keptItem struct{ source.JSON }

// found is what was looked up when the item was pulled.
func (k keptItem) found(name string, r *reader) (*types.Optional, error) {
	answers := k.Get("lookups").Get(name)
	if !answers.IsArray() {
		return nil, &source.ParseError{Path: answers.Path(), Want: "was not looked up when the item was pulled"}
	}
	for _, answer := range answers.Items() {
		if value := r.value(answer); value != nil {
			return types.OptionalOf(value), nil
		}
	}
	return types.OptionalNone, k.Err()
}

// parseItem reads an item that was kept as it came by way of the messages that can be made of it.
func (p *program) parseItem(raw correlate.Raw) (source.Reading, error) {
	doc, err := source.ParseJSON(raw.Body, "$")
	if err != nil {
		return source.Reading{}, err
	}
	w := &walk{
		stream: &stream{program: p, api: doc.Get("api").Text(), of: doc.Get("of").Text()},
		pull:   p.pull, now: raw.ReceivedAt, kept: &keptItem{doc},
	}
	d := w.scope(nil, nil)
	d.root, d.reader.last = doc, doc
	if d.fixed["item"] = d.reader.value(doc.Get("item")); d.fixed["item"] == nil {
		d.fixed["item"] = types.NullValue
	}
	if _, err := w.deliveries(d); err != nil {
		return source.Reading{}, err
	}
	return p.parseAll(w.raws, raw)
}

// parseAll reads messages that were made of one item.
func (p *program) parseAll(messages []correlate.Raw, of correlate.Raw) (all source.Reading, err error) {
	for _, message := range messages {
		message.ReceivedAt = of.ReceivedAt
		reading, err := p.parse(message)
		if err != nil || reading.Unmapped != "" {
			return reading, err
		}
		all.Facts = append(all.Facts, reading.Facts...)
		all.Ignored = reading.Ignored
	}
	switch {
	case len(all.Facts) > 0:
		all.Ignored = ""
	case all.Ignored == "":
		all.Ignored = "an item of which no message of the webhook is made"
	}
	return all, nil
}
