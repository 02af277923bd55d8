package keys

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unfit compares the values of a part of the configuration with the struct it is read into, at every depth. Each error names
// one key with a text that is no duration, number or truth value though it must be one, and says what would be right. The value
// isn't repeated: it may be a secret in the wrong place.
func Unfit(value any, t reflect.Type, path []string) []error {
	t = plain(t)
	switch v := value.(type) {
	case []any:
		if t.Kind() != reflect.Slice {
			return nil
		}
		var found []error
		for i, item := range v {
			found = append(found, Unfit(item, t.Elem(), append(slices.Clone(path), fmt.Sprint(i)))...)
		}
		return found
	case map[string]any:
		return unfitInMap(v, t, path)
	case string:
		if want := wanted(v, t); want != "" {
			return []error{fmt.Errorf("%s: must be %s", strings.Join(path, "::"), want)}
		}
	}
	return nil
}

func unfitInMap(conf map[string]any, t reflect.Type, path []string) []error {
	var found []error
	known := fieldsOf(t)
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		inner := append(slices.Clone(path), key)
		if field, ok := known[strings.ToLower(key)]; ok {
			found = append(found, Unfit(conf[key], field, inner)...)
		} else if t.Kind() == reflect.Map {
			found = append(found, Unfit(conf[key], t.Elem(), inner)...)
		}
	}
	return found
}

// wanted is what a text should be instead, "" for one that will do.
func wanted(text string, t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(text); err != nil {
			return "a duration such as 30s, 15m or 36h; its units are h, m, s and ms"
		}
	case readsText(t):
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "a whole number, without quotes and without a unit"
	case t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64:
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "a number"
		}
		return "a number, without quotes"
	}
	return ""
}

// readsText tells a type that reads itself from a text, such as an amount of memory.
func readsText(t reflect.Type) bool {
	_, is := reflect.PointerTo(t).MethodByName("UnmarshalText")
	return is
}
