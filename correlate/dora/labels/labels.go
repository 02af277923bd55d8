// Package labels answers: which labels has a change, in a form that can be compared and kept for a million of them?
package labels

import (
	"maps"
	"slices"
	"strings"
)

// Set is names and values in one text: each ends with a NUL, sorted by name.
type Set string

// Of are the labels that are kept. An empty one isn't, nor is one with a NUL in it.
func Of(all map[string]string, kept func(name, value string) bool) Set {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		value := all[name]
		if value != "" && !strings.Contains(name+value, "\x00") && kept(name, value) {
			b.WriteString(name + "\x00" + value + "\x00")
		}
	}
	return Set(b.String())
}

// All yields the labels by name.
func (s Set) All(yield func(name, value string) bool) {
	for rest := string(s); rest != ""; {
		var name, value string
		name, rest, _ = strings.Cut(rest, "\x00")
		value, rest, _ = strings.Cut(rest, "\x00")
		if !yield(name, value) {
			return
		}
	}
}

// Value is that of a label, "" without it.
func (s Set) Value(name string) string {
	for n, value := range s.All {
		if n == name {
			return value
		}
	}
	return ""
}

// What there is room for. A label that tells changes one by one, such as the address of a build, has as many values as there
// are changes: what is counted by it is counted from the records.
const (
	mostNames  = 100
	mostValues = 1000 // of a name
	longest    = 200  // bytes of a name with its value
)

// Kept is which labels there is room for: those whose names have few and short values. A name that had too many is not kept
// from then on.
type Kept struct {
	values  map[string]map[string]struct{} // by name; nil of one that isn't kept
	crowded bool                           // there were too many names
}

// NewKept keeps all labels until there are too many.
func NewKept() *Kept { return &Kept{values: map[string]map[string]struct{}{}} }

// Keep says whether a label is kept, and counts it.
func (k *Kept) Keep(name, value string) bool {
	values, known := k.values[name]
	if !known {
		if k.crowded = k.crowded || len(k.values) == mostNames; k.crowded {
			return false
		}
		values = map[string]struct{}{}
		k.values[strings.Clone(name)] = values
	}
	if values == nil {
		return false
	}
	if _, known := values[value]; !known {
		if len(values) == mostValues || len(name)+len(value) > longest {
			k.values[name] = nil
			return false
		}
		values[strings.Clone(value)] = struct{}{}
	}
	return true
}

// Whole says whether every label of a name was kept.
func (k *Kept) Whole(name string) bool {
	values, known := k.values[name]
	return known && values != nil || !known && !k.crowded
}

// Drop keeps a name no longer.
func (k *Kept) Drop(name string) { k.values[name] = nil }

// DropAll keeps no name.
func (k *Kept) DropAll() {
	for name := range k.values {
		k.values[name] = nil
	}
	k.crowded = true
}

// Dropped are the names that aren't kept, sorted, and whether there are others.
func (k *Kept) Dropped() (names []string, others bool) {
	for _, name := range slices.Sorted(maps.Keys(k.values)) {
		if k.values[name] == nil {
			names = append(names, name)
		}
	}
	return names, k.crowded
}

// Crowd says that there were names that there was no room for.
func (k *Kept) Crowd() { k.crowded = true }
