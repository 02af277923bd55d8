package changelog

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/shipwake/shipwake/correlate"
)

func putText(a pcommon.Map, name, value string) {
	if value != "" {
		a.PutStr(name, value)
	}
}

func putTime(a pcommon.Map, name string, t time.Time) {
	if !t.IsZero() {
		a.PutStr(name, t.UTC().Format(time.RFC3339Nano))
	}
}

func putTexts(a pcommon.Map, name string, values []string) {
	if len(values) == 0 {
		return
	}
	list := a.PutEmptySlice(name)
	for _, v := range values {
		list.AppendEmpty().SetStr(v)
	}
}

func putCommits(a pcommon.Map, commits []correlate.Commit) {
	if len(commits) == 0 {
		return
	}
	list := a.PutEmptySlice(attrCommits)
	for _, c := range commits {
		m := list.AppendEmpty().SetEmptyMap()
		putText(m, keySHA, c.SHA)
		putTime(m, keyAuthoredAt, c.AuthoredAt)
	}
}

func putZones(a pcommon.Map, zones []correlate.ZoneStep) {
	if len(zones) == 0 {
		return
	}
	list := a.PutEmptySlice(attrZones)
	for _, z := range zones {
		m := list.AppendEmpty().SetEmptyMap()
		putText(m, keyName, z.Name)
		putTime(m, keyReachedAt, z.ReachedAt)
	}
}

func putLabels(a pcommon.Map, labels map[string]string) {
	if len(labels) == 0 {
		return
	}
	m := a.PutEmptyMap(attrLabels)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		m.PutStr(k, labels[k])
	}
}

// attributes reads attributes and remembers the first that has the wrong type. An absent one is a zero value. They come
// from anybody: their texts and times must keep within the limits that sources keep to.
type attributes struct {
	m   pcommon.Map
	err error
}

// maxText bounds one text from anybody, in bytes.
const maxText = 4096

// word is a text, or "" for one that is too long.
func (r *attributes) word(name, text string) string {
	if len(text) > maxText {
		r.fail(name, fmt.Sprintf("no longer than %d bytes", maxText))
		return ""
	}
	return text
}

func (r *attributes) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %s must be %s", name, want)
	}
}

// wrapped is the first error, with what the attributes are of: an event or the resource.
func (r *attributes) wrapped(of string) error {
	if r.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", of, r.err)
}

func (r *attributes) get(name string, want pcommon.ValueType, wanted string) (pcommon.Value, bool) {
	v, ok := r.m.Get(name)
	if !ok || v.Type() == pcommon.ValueTypeEmpty {
		return v, false
	}
	if v.Type() != want {
		r.fail(name, wanted)
		return v, false
	}
	return v, true
}

func (r *attributes) text(name string) string {
	v, ok := r.get(name, pcommon.ValueTypeStr, "a string")
	if !ok {
		return ""
	}
	return r.word(name, v.Str())
}

func (r *attributes) yes(name string) bool {
	v, ok := r.get(name, pcommon.ValueTypeBool, "true or false")
	return ok && v.Bool()
}

func (r *attributes) time(name string) time.Time {
	text := r.text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		r.fail(name, "an RFC 3339 time")
		return time.Time{}
	}
	if t.Year() < 1970 || t.Year() > 2261 {
		r.fail(name, "a time between the years 1970 and 2261")
		return time.Time{}
	}
	return t.UTC()
}

func (r *attributes) texts(name string) []string {
	list, ok := r.get(name, pcommon.ValueTypeSlice, "a list of strings")
	if !ok {
		return nil
	}
	var all []string
	for _, v := range list.Slice().All() {
		if v.Type() != pcommon.ValueTypeStr {
			r.fail(name, "a list of strings")
			return nil
		}
		all = append(all, r.word(name, v.Str()))
	}
	return all
}

func (r *attributes) commits() []correlate.Commit {
	list, ok := r.get(attrCommits, pcommon.ValueTypeSlice, "a list of maps")
	if !ok {
		return nil
	}
	var all []correlate.Commit
	for _, v := range list.Slice().All() {
		if v.Type() != pcommon.ValueTypeMap {
			r.fail(attrCommits, "a list of maps")
			return nil
		}
		inner := attributes{m: v.Map()}
		all = append(all, correlate.Commit{SHA: inner.text(keySHA), AuthoredAt: inner.time(keyAuthoredAt)})
		if inner.err != nil && r.err == nil {
			r.err = inner.err
		}
	}
	return all
}

// zones are names, or maps that also tell when.
func (r *attributes) zones() []correlate.ZoneStep {
	const want = "a list of strings, or of maps with name and reached_at"
	list, ok := r.get(attrZones, pcommon.ValueTypeSlice, want)
	if !ok {
		return nil
	}
	var all []correlate.ZoneStep
	for _, v := range list.Slice().All() {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			all = append(all, correlate.ZoneStep{Name: r.word(attrZones, v.Str())})
		case pcommon.ValueTypeMap:
			inner := attributes{m: v.Map()}
			all = append(all, correlate.ZoneStep{Name: inner.text(keyName), ReachedAt: inner.time(keyReachedAt)})
			if inner.err != nil && r.err == nil {
				r.err = inner.err
			}
		default:
			r.fail(attrZones, want)
			return nil
		}
	}
	return all
}

func (r *attributes) labels() map[string]string {
	m, ok := r.get(attrLabels, pcommon.ValueTypeMap, "a map of strings")
	if !ok || m.Map().Len() == 0 {
		return nil
	}
	all := make(map[string]string, m.Map().Len())
	for k, v := range m.Map().All() {
		if v.Type() != pcommon.ValueTypeStr {
			r.fail(attrLabels, "a map of strings")
			return nil
		}
		all[r.word(attrLabels, k)] = r.word(attrLabels, v.Str())
	}
	return all
}
