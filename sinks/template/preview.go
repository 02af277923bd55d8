package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/sinks"
)

var _ sinks.Previewer = (*sink)(nil)

// Preview shows the request that opens a conversation, or goes on with the one of the receipt, with what is asked before.
func (s *sink) Preview(m sinks.Message) (string, error) {
	i := slices.IndexFunc(s.targets, func(t *target) bool { return t.name == m.Queue })
	if i < 0 {
		return "", fmt.Errorf("there is no target %q", m.Queue)
	}
	return s.targets[i].preview(m)
}

func (t *target) preview(m sinks.Message) (string, error) {
	values, err := t.settings.values()
	if err != nil {
		return "", err
	}
	before := t.remembered(m.Receipt)
	v := view{Key: m.Key, Setting: values, Receipt: before.Kept, Before: before.Said}
	if err := json.Unmarshal(m.Payload, &v.Note); err != nil {
		return "", err
	}
	if group := v.Group; len(group) > 0 {
		v.Note = together(v.ID, joined(before.Members, group), group[len(group)-1])
	}
	var b strings.Builder
	for _, s := range t.steps() {
		fresh := s.name == "find" || s.name == "create"
		if fresh != before.empty() {
			continue
		}
		if err := t.show(&b, s, v); err != nil {
			return "", err
		}
	}
	if b.Len() == 0 {
		return "(nothing)\n", nil
	}
	return t.settings.hush(values)(b.String()), nil
}

func (t *target) show(b *strings.Builder, s namedStep, v view) error {
	if taken, err := t.applies(s, v); err != nil || !taken {
		return err
	}
	r, err := t.request(s, v)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "# %s\n%s %s\n", s.name, r.method, r.url)
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		value := r.header.Get(name)
		if scheme, _, ok := strings.Cut(value, " "); ok && name == "Authorization" { // the rest may be made of a secret
			value = scheme + " [REDACTED]"
		}
		fmt.Fprintf(b, "%s: %s\n", name, value)
	}
	if r.body != "" {
		fmt.Fprintf(b, "\n%s\n", laidOut(r.body))
	}
	b.WriteString("\n")
	return nil
}

// laidOut is a body as people read it.
func laidOut(body string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(body), "", "  ") != nil {
		return strings.TrimSpace(body)
	}
	return strings.TrimSpace(b.String())
}
