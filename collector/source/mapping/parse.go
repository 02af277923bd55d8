package mapping

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// open finds the deliveries, and gives each its id.
func (p *program) open(req source.Request) ([]correlate.Raw, error) {
	raws := []correlate.Raw{{Body: req.Body}}
	if p.file.Split.List != "" {
		var err error
		if raws, err = p.file.Split.Deliveries(req.Body); err != nil {
			return nil, err
		}
	}
	if p.id == nil {
		return raws, nil
	}
	header := map[string]string{}
	for _, name := range p.file.Headers {
		if value := req.Header.Get(name); value != "" {
			header[name] = value
		}
	}
	for i, raw := range raws {
		raws[i].ID = p.deliveryID(correlate.Raw{Body: raw.Body, Header: header, ReceivedAt: req.ReceivedAt})
	}
	return raws, nil
}

// deliveryID is "" where the delivery has none that can be read: Parse says what is wrong with it.
func (p *program) deliveryID(raw correlate.Raw) string {
	d, err := p.deliver(raw)
	if err != nil {
		return ""
	}
	v, err := d.evaluate(*p.id, "id")
	if err != nil {
		return ""
	}
	value, ok := present(v)
	if !ok {
		return ""
	}
	id, _ := textOf(value)
	return source.Clip(id, maxText)
}

// parse reads a delivery.
func (p *program) parse(raw correlate.Raw) (source.Reading, error) {
	if raw.Header[headerItem] != "" && p.pull != nil {
		return p.parseItem(raw)
	}
	d, err := p.deliver(raw)
	if err != nil {
		return source.Reading{}, err
	}
	return d.read()
}

// read applies the first rule whose condition holds.
func (d *delivery) read() (source.Reading, error) {
	for i, r := range d.program.rules {
		name := fmt.Sprintf("rules[%d]", i)
		holds, err := d.holds(r.when, name+".when")
		if err != nil {
			return source.Reading{}, err
		}
		if holds {
			d.trace.rule(name, r.Rule)
			return d.apply(r, name)
		}
	}
	return source.Reading{Unmapped: "an event that no rule of the mapping is for"}, nil
}

// apply reads what a rule says.
func (d *delivery) apply(r rule, name string) (source.Reading, error) {
	reading := source.Reading{Ignored: r.Ignored, Unmapped: r.Unmapped}
	if len(r.change)+len(r.incident) == 0 {
		return reading, d.countLeft(&reading, r, name)
	}
	if r.each == nil {
		err := d.add(&reading, r, name)
		return reading, err
	}
	items, err := d.items(*r.each, name+".each")
	if err != nil {
		return source.Reading{}, err
	}
	for _, item := range items {
		d.let = map[string]ref.Val{} // they may be about the item
		d.fixed["item"] = item
		if err := d.add(&reading, r, name); err != nil {
			return source.Reading{}, err
		}
	}
	if len(items) == 0 {
		reading.Ignored = "an event without items"
	}
	return reading, nil
}

// countLeft is how many events the sender left out, where a rule says where that stands.
func (d *delivery) countLeft(reading *source.Reading, r rule, name string) error {
	if r.left == nil {
		return nil
	}
	v, err := d.evaluate(*r.left, name+".left")
	if err != nil {
		return err
	}
	n, ok := v.(types.Int)
	if !ok || n < 0 {
		return d.wrong(wantError("must be a number of events"), name+".left")
	}
	reading.Left = int(n)
	return nil
}

func (d *delivery) items(each expression, what string) ([]ref.Val, error) {
	v, err := d.evaluate(each, what)
	if err != nil {
		return nil, err
	}
	list, ok := v.(traits.Lister)
	if !ok {
		return nil, d.wrong(wantError("must be a list"), what)
	}
	if list.Size().(types.Int) > maxItems {
		return nil, d.wrong(wantError(fmt.Sprintf("must not hold more than %d elements", maxItems)), what)
	}
	var items []ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		items = append(items, it.Next())
	}
	return items, nil
}

// add reads one fact.
func (d *delivery) add(reading *source.Reading, r rule, name string) error {
	if len(r.change) > 0 {
		change, places, err := fill(d, name+".change", r.change)
		if err != nil {
			return err
		}
		return reading.AddAt(correlate.Fact{Change: &change}, d.placeOf(places, name+".change"))
	}
	incident, places, err := fill(d, name+".incident", r.incident)
	if err != nil {
		return err
	}
	return reading.AddAt(correlate.Fact{Incident: &incident}, d.placeOf(places, name+".incident"))
}

// placeOf says where a field was read from; of one that the mapping doesn't read, which it is.
func (d *delivery) placeOf(places map[string]string, rule string) func(string) string {
	return func(field string) string {
		name, _, _ := strings.Cut(field, ".")
		name, _, _ = strings.Cut(name, "[")
		if place, ok := places[name]; ok {
			return place
		}
		return "$ (" + rule + "." + field + ")"
	}
}
