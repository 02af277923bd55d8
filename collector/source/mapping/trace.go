package mapping

import (
	"cmp"
	"fmt"

	"cel.dev/cel-go/common/types/ref"

	"github.com/shipwake/shipwake/correlate"
)

// Trace is how a delivery was read, for whoever writes a mapping.
type Trace struct {
	// Rule is the place of the rule that counted, such as "rules[2]", and Event what it is for; "" when none did.
	Rule, Event string
	// Fields are those that were read, in the order in which they were.
	Fields []Field
}

// Field is a field with its value, and the JSON path of what was looked at last for it.
type Field struct{ Name, Value, Path string }

func (t *Trace) rule(name string, r Rule) {
	if t != nil {
		t.Rule, t.Event = name, cmp.Or(r.Event, r.Ignored, r.Unmapped)
	}
}

func (t *Trace) field(name string, v ref.Val, path string) {
	if t == nil {
		return
	}
	text, err := textOf(v)
	if err != nil {
		text = fmt.Sprint(v.Value())
	}
	t.Fields = append(t.Fields, Field{name, text, path})
}

// Explain reads a delivery by a file with values of its parameters, and tells how. The error is about the file.
func Explain(text []byte, parameters map[string]string, raw correlate.Raw) (Trace, error) {
	f, err := Parse(text)
	if err != nil {
		return Trace{}, err
	}
	if err := checkParameters(parameters, f.Parameters); err != nil {
		return Trace{}, err
	}
	p, err := f.compile()
	if err != nil {
		return Trace{}, err
	}
	p, _ = compiled(func() (*program, error) { return p, nil }).with(parameters)
	d, err := p.deliver(raw)
	if err != nil {
		return Trace{}, nil //nolint:nilerr // what is wrong with the delivery, reading it says
	}
	d.trace = &Trace{}
	_, _ = d.read() // the same
	return *d.trace, nil
}
