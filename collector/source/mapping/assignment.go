package mapping

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
)

// assignment reads an expression into a field.
type assignment[F any] struct {
	field string
	take  field[F]
	expression
}

// assignments compiles the fields of a fact, in the order of their names.
func assignments[F any](env *cel.Env, kind string, given map[string]string, known map[string]field[F]) ([]assignment[F], error) {
	var all []assignment[F]
	for _, name := range slices.Sorted(maps.Keys(given)) {
		e, err := compile(env, given[name])
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", kind, name, err)
		}
		all = append(all, assignment[F]{name, known[name], e})
	}
	return all, nil
}

// fill reads every field of a fact, and says where each was read from.
func fill[F any](d *delivery, rule string, all []assignment[F]) (into F, places map[string]string, err error) {
	places = map[string]string{}
	for _, a := range all {
		v, err := d.evaluate(a.expression, rule+"."+a.field)
		if err != nil {
			return into, nil, err
		}
		places[a.field] = d.reader.path()
		value, ok := present(v)
		if !ok {
			continue
		}
		d.trace.field(a.field, value, places[a.field])
		if err := a.take(&into, value); err != nil {
			return into, nil, d.wrong(err, rule+"."+a.field)
		}
	}
	return into, places, nil
}
