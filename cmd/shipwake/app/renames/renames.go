// Package renames answers: which keys of a configuration have another name now, and until when is the old one read?
//
// A key that gets another name is a row of a table. A file that has the old one goes on working until the release that the
// row names; each time it is read, a warning says what to write instead. Each file is renamed before files are merged and
// before anything is checked, so that an old key of a later file wins over the new one of an earlier file.
package renames

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// delimiter stands between the elements of a path.
const delimiter = "::"

// Key is a key that has another name now.
type Key struct {
	// Old and New are paths such as receivers::change_webhook::max_body. A star is any element, such as the name of a source or
	// a place in a list, and stands at the same place in both. The type of a component is also that of its named instances:
	// change_webhook is change_webhook/second.
	Old, New string
	// Gone is the release that no longer reads the old name, such as v0.5.0.
	Gone string
}

// Use is an old name in a configuration: where it stands, and what it is called now.
type Use struct{ Old, New, Gone string }

// String says what to do. It repeats no value.
func (u Use) String() string {
	return fmt.Sprintf("%s is called %s now; the old name is read until %s, which no longer has it", u.Old, u.New, u.Gone)
}

// Apply renames the keys of a configuration in place and returns what it renamed, sorted. A configuration that has a key
// under both names is an error.
func Apply(table []Key, conf map[string]any) ([]Use, error) {
	var uses []Use
	for _, k := range table {
		for _, at := range matches(conf, strings.Split(k.Old, delimiter), nil) {
			to := k.renamed(at)
			use := Use{strings.Join(at, delimiter), strings.Join(to, delimiter), k.Gone}
			if _, taken := get(conf, to); taken {
				return nil, fmt.Errorf("%s and %s are the same setting, and both are set: remove %s, which is the old name", use.Old, use.New, use.Old)
			}
			if err := move(conf, at, to); err != nil {
				return nil, fmt.Errorf("%s, the old name of %s: %w", use.Old, use.New, err)
			}
			uses = append(uses, use)
		}
	}
	slices.SortFunc(uses, func(a, b Use) int { return strings.Compare(a.Old, b.Old) })
	return uses, nil
}

// matches are the paths in a value that a pattern is meant for.
func matches(value any, pattern, path []string) [][]string {
	if len(pattern) == 0 {
		return [][]string{path}
	}
	var all [][]string
	for _, element := range elements(value) {
		if pattern[0] == "*" || element == pattern[0] || strings.HasPrefix(element, pattern[0]+"/") {
			inner, _ := get(value, []string{element})
			all = append(all, matches(inner, pattern[1:], append(slices.Clone(path), element))...)
		}
	}
	return all
}

// elements are the keys of a map or the places of a list, in order.
func elements(value any) (all []string) {
	switch v := value.(type) {
	case map[string]any:
		return slices.Sorted(maps.Keys(v))
	case []any:
		for i := range v {
			all = append(all, strconv.Itoa(i))
		}
	}
	return all
}

// renamed is the new path of a key that was found at a path. What both names share is taken as it was found.
func (k Key) renamed(at []string) []string {
	was, is := strings.Split(k.Old, delimiter), strings.Split(k.New, delimiter)
	for i := range is {
		if i < len(was) && was[i] == is[i] {
			is[i] = at[i]
		}
	}
	return is
}

func get(value any, path []string) (any, bool) {
	for _, element := range path {
		var ok bool
		switch v := value.(type) {
		case map[string]any:
			value, ok = v[element]
		case []any:
			i, err := strconv.Atoi(element)
			if ok = err == nil && i >= 0 && i < len(v); ok {
				value = v[i]
			}
		}
		if !ok {
			return nil, false
		}
	}
	return value, true
}

// move takes what is at one path to another, and makes the maps on the way there.
func move(conf map[string]any, from, to []string) error {
	value, _ := get(conf, from)
	parent, _ := get(conf, from[:len(from)-1])
	delete(parent.(map[string]any), from[len(from)-1]) // the last element of a name is no star
	var into any = conf
	for i, element := range to[:len(to)-1] {
		inner, ok := get(into, []string{element})
		if m, isMap := into.(map[string]any); isMap && (!ok || inner == nil) {
			inner = map[string]any{}
			m[element] = inner
		}
		switch inner.(type) {
		case map[string]any, []any:
			into = inner
		default:
			return fmt.Errorf("%s must be a map", strings.Join(to[:i+1], delimiter))
		}
	}
	into.(map[string]any)[to[len(to)-1]] = value
	return nil
}
