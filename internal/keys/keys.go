// Package keys answers: which keys of a configuration does nobody know, and which are known in their place?
package keys

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Unknown compares the keys of a part of the configuration with the struct it is read into, at every depth. Each
// error names one key that the struct doesn't have, and those that it has.
func Unknown(value any, t reflect.Type, path []string) []error {
	t = plain(t)
	switch v := value.(type) {
	case []any:
		if t.Kind() != reflect.Slice {
			return nil
		}
		var found []error
		for i, item := range v {
			found = append(found, Unknown(item, t.Elem(), append(slices.Clone(path), fmt.Sprint(i)))...)
		}
		return found
	case map[string]any:
		return unknownInMap(v, t, path)
	}
	return nil
}

func unknownInMap(conf map[string]any, t reflect.Type, path []string) []error {
	var found []error
	known := fieldsOf(t)
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		inner := append(slices.Clone(path), key)
		field, ok := known[strings.ToLower(key)]
		switch {
		case t.Kind() == reflect.Map:
			found = append(found, Unknown(conf[key], t.Elem(), inner)...)
		case ok:
			found = append(found, Unknown(conf[key], field, inner)...)
		case len(known) > 0 && !takesMore(t):
			found = append(found, fmt.Errorf("%s: there is no such key in the configuration; known in its place are %s",
				strings.Join(inner, "::"), strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		}
	}
	return found
}

// Of are the keys of a struct, sorted.
func Of(t reflect.Type) []string { return slices.Sorted(maps.Keys(fieldsOf(plain(t)))) }

// fieldsOf maps the keys of a struct to their types, those of squashed structs included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return fields
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case strings.Contains(options, "squash"):
			maps.Copy(fields, fieldsOf(plain(f.Type)))
		case f.IsExported() && name != "" && name != "-":
			fields[name] = f.Type
		}
	}
	return fields
}

// takesMore tells whether a struct keeps the keys that it has no field for, and so checks them itself.
func takesMore(t reflect.Type) bool {
	for f := range t.Fields() {
		if _, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ","); strings.Contains(options, "remain") {
			return true
		}
	}
	return false
}

// plain looks through pointers and the Collector's optional sections.
func plain(t reflect.Type) reflect.Type {
	for {
		switch {
		case t.Kind() == reflect.Pointer:
			t = t.Elem()
		case t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "Optional["):
			value, ok := t.FieldByName("value")
			if !ok {
				return t
			}
			t = value.Type
		default:
			return t
		}
	}
}
