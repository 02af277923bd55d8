package mapping

import (
	"errors"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// delivery is one delivery while it is read. It is what expressions find their names in.
type delivery struct {
	program *program
	reader  *reader
	root    source.JSON
	fixed   map[string]any
	let     map[string]ref.Val
	trace   *Trace // nil unless somebody wants to see
}

// deliver begins to read a delivery. The error is a *source.ParseError.
func (p *program) deliver(raw correlate.Raw) (*delivery, error) {
	body := raw.Body
	if len(body) == 0 && raw.Header[source.HeaderPath] != "" {
		body = []byte("{}") // the path says it all
	}
	root, err := source.ParseJSON(body, "$")
	if err != nil {
		return nil, err
	}
	if !root.IsObject() && !root.IsArray() {
		return nil, &source.ParseError{Path: "$", Want: "must be an object or an array"}
	}
	r := &reader{last: root}
	return &delivery{
		program: p, reader: r, root: root, let: map[string]ref.Val{},
		fixed: map[string]any{
			"body":     r.value(root),
			"header":   &headers{values: raw.Header, reader: r},
			"param":    p.parameters,
			"received": types.Timestamp{Time: raw.ReceivedAt},
		},
	}, nil
}

// ResolveName finds the value of a name. What is under let is evaluated when it is first asked for.
func (d *delivery) ResolveName(name string) (any, bool) {
	if v, ok := d.fixed[name]; ok {
		return v, true
	}
	if v, ok := d.let[name]; ok {
		return v, true
	}
	for _, binding := range d.program.let {
		if binding.name != name {
			continue
		}
		v, err := d.evaluate(binding.expression, "let."+name)
		if err != nil {
			return types.WrapErr(err), true
		}
		d.let[name] = v
		return v, true
	}
	return nil, false
}

// Parent is none.
func (d *delivery) Parent() interpreter.Activation { return nil }

// evaluate is the value of an expression. The error is a *source.ParseError; what names the expression for the reader.
func (d *delivery) evaluate(e expression, what string) (ref.Val, error) {
	v, _, err := e.program.Eval(d)
	if err != nil {
		return nil, d.wrong(err, what)
	}
	return v, nil
}

// wrong places an error at what was looked at last. CEL's own words may hold a value, and are not repeated.
func (d *delivery) wrong(err error, what string) error {
	var (
		parse *source.ParseError
		want  wantError
	)
	if errors.As(err, &parse) {
		return parse
	}
	wrong := &source.ParseError{Path: d.reader.path()}
	switch text := err.Error(); {
	case errors.As(err, &want):
		wrong.Want = string(want)
	case strings.Contains(text, "no such key"), strings.Contains(text, "no such attribute"):
		wrong.Want = "must have what " + what + " of the mapping reads, or be one of the values that it knows"
	case strings.Contains(text, "no such overload"), strings.Contains(text, "no such index"):
		wrong.Want = "must be of the type that " + what + " of the mapping reads"
	case strings.Contains(text, "cost limit"):
		wrong.Want = "is too large: " + what + " of the mapping has a limit of work"
	default:
		wrong.Want = "can't be read by " + what + " of the mapping"
	}
	return wrong
}

// holds tells whether a condition is true; one that isn't there is.
func (d *delivery) holds(when *expression, what string) (bool, error) {
	if when == nil {
		return true, nil
	}
	v, err := d.evaluate(*when, what)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, d.wrong(wantError("must be true or false"), what)
	}
	return bool(b), nil
}
