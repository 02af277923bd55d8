package names

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Rule says what some names mean.
type Rule struct {
	// Is lists names, written exactly as they are told.
	Is []string `mapstructure:"is" json:",omitempty"`
	// Matches is a regular expression (RE2) for a whole name. Either Is or Matches is set.
	Matches string `mapstructure:"matches" json:",omitempty"`
	// Name is what they are called; with Matches it may hold {1} or {group}.
	Name string `mapstructure:"name" json:",omitempty"`
}

// matcher is a rule, ready for use.
type matcher struct {
	is      []string
	pattern *regexp.Regexp // nil: is decides
	name    []part         // nothing: the name stays as it was told
}

// part is a piece of a name: text, or what a group of the pattern matched.
type part struct {
	text  string
	group int // 0: text
}

func (r Rule) compile() (matcher, error) {
	switch {
	case len(r.Is) == 0 && r.Matches == "":
		return matcher{}, errors.New("one of is (a list of names) and matches (a regular expression) is required")
	case len(r.Is) > 0 && r.Matches != "":
		return matcher{}, errors.New("is and matches can't both be set; write two rules")
	case slices.Contains(r.Is, ""):
		return matcher{}, fmt.Errorf("is[%d]: must not be empty", slices.Index(r.Is, ""))
	}
	m := matcher{is: r.Is}
	if r.Matches != "" {
		pattern, err := regexp.Compile(`^(?:` + r.Matches + `)$`)
		if err != nil {
			return matcher{}, fmt.Errorf("matches: %q is no regular expression of RE2: %w", r.Matches, err)
		}
		m.pattern = pattern
	}
	var err error
	m.name, err = parseName(r.Name, m.pattern)
	return m, err
}

// Compile makes a rule ready for use: what it calls a name, and whether it fits. The error says what is wrong with the rule.
func (r Rule) Compile() (apply func(told string) (name string, fits bool), err error) {
	m, err := r.compile()
	return m.apply, err
}

// parseName cuts a name at its groups.
func parseName(name string, pattern *regexp.Regexp) ([]part, error) {
	var parts []part
	for name != "" {
		text, rest, found := strings.Cut(name, "{")
		if text != "" {
			parts = append(parts, part{text: text})
		}
		if !found {
			break
		}
		group, rest, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, errors.New(`name: a "{" must be closed: {1} or {group}`)
		}
		n, err := groupOf(group, pattern)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{group: n})
		name = rest
	}
	return parts, nil
}

// groupOf is the number of a group that a name speaks of.
func groupOf(group string, pattern *regexp.Regexp) (int, error) {
	if pattern == nil {
		return 0, fmt.Errorf("name: {%s} needs matches, whose groups it stands for", group)
	}
	for n, named := range pattern.SubexpNames() {
		if n > 0 && (group == named || group == fmt.Sprint(n)) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("name: {%s}: matches has no such group; it has %d", group, pattern.NumSubexp())
}

// apply tells whether the rule fits, and what the name is then. A name of groups that matched nothing says nothing: the
// name stays.
func (m matcher) apply(told string) (name string, fits bool) {
	if m.pattern == nil {
		return m.named(told, nil), slices.Contains(m.is, told)
	}
	groups := m.pattern.FindStringSubmatch(told)
	if groups == nil {
		return told, false
	}
	return m.named(told, groups), true
}

func (m matcher) named(told string, groups []string) string {
	var b strings.Builder
	for _, p := range m.name {
		if p.group > 0 {
			b.WriteString(groups[p.group])
		} else {
			b.WriteString(p.text)
		}
	}
	if b.Len() == 0 {
		return told
	}
	return b.String()
}
