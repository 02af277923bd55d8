package main

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// key is one key of the configuration.
type key struct {
	path, kind, normal, text string
	shared                   reflect.Type // the keys below it have a table of their own; nil: they don't
}

// walker goes through the structs that a configuration is read into.
type walker struct {
	comments *comments
	said     map[string]string // what default.yaml says, by full path
	shared   []reflect.Type    // structs of the Collector that were met
}

const collectorPath = "go.opentelemetry.io/collector/"

// walk lists the keys of a struct with their values as defaults.
func (w *walker) walk(at, prefix string, v reflect.Value) (all []key, err error) {
	comments, err := w.comments.of(v.Type())
	if err != nil {
		return nil, err
	}
	for f, value := range v.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		switch {
		case strings.Contains(options, "squash"):
			below, err := w.squashed(at, prefix, value)
			if err != nil {
				return nil, err
			}
			all = append(all, below...)
			continue
		case !f.IsExported() || name == "" || name == "-":
			continue
		}
		path := prefix + name
		comment := comments[f.Name]
		if strings.HasPrefix(v.Type().PkgPath(), collectorPath) {
			comment = synopsis(comment)
		}
		text := meaning(comment, f.Name, v.Type())
		if said := w.said[at+path]; said != "" {
			text = said
		}
		below, err := w.key(at, key{path: path, text: text}, value)
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
	return all, nil
}

// squashed are the keys of a struct that are those of the one that holds it. One of the Collector has a table of its own, and only
// what is otherwise by default is said.
func (w *walker) squashed(at, prefix string, v reflect.Value) ([]key, error) {
	if !strings.HasPrefix(v.Type().PkgPath(), collectorPath) {
		return w.walk(at, prefix, v)
	}
	w.meet(v.Type())
	others, err := w.others(at, prefix, v)
	return append(others, key{path: prefix + "…", kind: "keys", shared: v.Type(), text: "All keys of this kind."}), err
}

// others are the keys of a struct of the Collector that have another default than its table says.
func (w *walker) others(at, prefix string, v reflect.Value) ([]key, error) {
	here, err := w.walk(at, prefix, v)
	if err != nil {
		return nil, err
	}
	usual, err := w.walk("", prefix, usual(v.Type()))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(here, func(k key) bool {
		return w.said[at+k.path] == "" && slices.ContainsFunc(usual, func(u key) bool { return u.path == k.path && u.normal == k.normal })
	}), nil
}

func (w *walker) meet(t reflect.Type) {
	if !slices.Contains(w.shared, t) {
		w.shared = append(w.shared, t)
	}
}

// key is a key with what is below it.
func (w *walker) key(at string, k key, v reflect.Value) ([]key, error) {
	t := v.Type()
	switch kind, plain := plainKind(t); {
	case plain:
		k.kind, k.normal = kind, normal(v)
		if kind == "integer" && strings.Contains(strings.ToLower(k.text), "bytes") {
			k.kind = "integer, bytes"
		}
		return []key{k}, nil
	case optional(t):
		return w.optional(at, k, v)
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			v = made(t.Elem())
		}
		return w.below(at, k, v.Elem(), ".", "map, off unless set")
	case t.Kind() == reflect.Struct:
		return w.below(at, k, v, ".", "map")
	case t.Kind() == reflect.Slice:
		return w.elements(at, k, t, "[].", "list of maps")
	case t.Kind() == reflect.Map && t.Elem().Kind() != reflect.Interface:
		return w.elements(at, k, t, ".NAME.", "map by name")
	}
	k.kind = "map"
	return []key{k}, nil
}

func (w *walker) elements(at string, k key, t reflect.Type, between, kind string) ([]key, error) {
	element := t.Elem()
	if _, plain := plainKind(element); plain || element.Kind() != reflect.Struct {
		k.kind = strings.Replace(kind, "of maps", "of lists", 1)
		return []key{k}, nil
	}
	return w.below(at, k, made(element).Elem(), between, kind)
}

// below lists a key, and those of the struct below it.
func (w *walker) below(at string, k key, v reflect.Value, between, kind string) ([]key, error) {
	k.kind = kind
	if v.Kind() != reflect.Struct {
		return []key{k}, nil
	}
	if strings.HasPrefix(v.Type().PkgPath(), collectorPath) {
		w.meet(v.Type())
		k.shared = v.Type()
		others, err := w.others(at, k.path+between, v)
		return append([]key{k}, others...), err
	}
	below, err := w.walk(at, k.path+between, v)
	return append([]key{k}, below...), err
}

// optional tells a configoptional.Optional.
func optional(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "Optional[") && strings.HasPrefix(t.PkgPath(), collectorPath)
}

// optional lists what an optional value would be once it is set.
func (w *walker) optional(at string, k key, v reflect.Value) ([]key, error) {
	copied := reflect.New(v.Type())
	copied.Elem().Set(v)
	off := !copied.MethodByName("HasValue").Call(nil)[0].Bool()
	value := copied.MethodByName("GetOrInsertDefault").Call(nil)[0].Elem()
	all, err := w.key(at, k, value)
	if err == nil && off && len(all) > 0 && !strings.Contains(all[0].kind, "off unless") {
		all[0].kind += ", off unless set"
	}
	return all, err
}

// made is a pointer to a new struct, with the defaults that reading it sets.
func made(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	if err := confmap.New().Unmarshal(p.Interface()); err != nil {
		return reflect.New(t) // it wants a key, and is shown without any
	}
	return p
}

// plainKind is what a value is written as, if it has no keys below it.
func plainKind(t reflect.Type) (string, bool) {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration", true
	case t == reflect.TypeFor[configopaque.String]():
		return "secret text", true
	case t.Name() == "Bytes":
		return "size, such as 512MiB", true
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "text", true
	}
	switch t.Kind() {
	case reflect.String:
		return "text", true
	case reflect.Bool:
		return "true or false", true
	case reflect.Float32, reflect.Float64:
		return "number", true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer", true
	case reflect.Pointer:
		return plainKind(t.Elem())
	case reflect.Slice:
		if of, plain := plainKind(t.Elem()); plain {
			return "list of " + several(of), true
		}
	case reflect.Map:
		if of, plain := plainKind(t.Elem()); plain {
			return "map from names to " + several(of), true
		}
	}
	return "", false
}

// several is the plural of a kind.
func several(kind string) string {
	if before, is := strings.CutSuffix(kind, "text"); is {
		return before + "texts"
	}
	return strings.Replace(kind, "list of", "lists of", 1)
}

// normal is a value as it is written, "" for one that says nothing. A secret is never shown.
func normal(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch {
	case v.Type() == reflect.TypeFor[configopaque.String]():
		return ""
	case v.Type() == reflect.TypeFor[time.Duration]():
		return span(v.Interface().(time.Duration))
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		if v.Len() == 0 || v.Kind() == reflect.Map {
			return ""
		}
		var all []string
		for i := range v.Len() {
			all = append(all, normal(v.Index(i)))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// span is a duration without the parts that are zero.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
