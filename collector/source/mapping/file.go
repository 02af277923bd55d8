package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/internal/strictyaml"
)

// File is a mapping as it is written.
type File struct {
	// Name is that of the source: the type in the configuration, and the last element of /hooks/{name}.
	Name string `yaml:"name"`
	// Title is the system as its vendor writes it. About says in a sentence what is read. Docs is the address of the vendor's
	// description of the payloads, and Read which state of it was read.
	Title string `yaml:"title"`
	About string `yaml:"about"`
	Docs  string `yaml:"docs"`
	Read  string `yaml:"read"`
	// Example is the payload, without .http, that the page shows and that the tests bend and break.
	Example string `yaml:"example"`
	// Authentication lists the ways in which senders prove themselves, the strongest first.
	Authentication []Authentication `yaml:"authentication"`
	// Headers are those that expressions need.
	Headers []string `yaml:"headers"`
	// Parameters are what users set, by name.
	Parameters map[string]Parameter `yaml:"parameters"`
	// ID is an expression for the id of a delivery; without it, or where it has no value, the same bytes are the same delivery.
	// It can't use headers where a signature covers the body alone.
	ID string `yaml:"id"`
	// Split makes several deliveries of a message.
	Split source.Split `yaml:"split"`
	// Let are values by name, each of which may use those before it.
	Let Bindings `yaml:"let"`
	// Rules are tried in their order.
	Rules []Rule `yaml:"rules"`
	// Pull says how the system is asked for what its webhooks would have said; nil when it can't be.
	Pull *Pull `yaml:"pull"`
}

// Parameter is a text that users set in their configuration.
type Parameter struct {
	Help    string `yaml:"help"`
	Default string `yaml:"default"`
}

// Rule says what an event means. Exactly one of Change, Incident, Ignored and Unmapped is there.
type Rule struct {
	// Event is what happened, for people.
	Event string `yaml:"event"`
	// When is a condition; a rule without one always applies.
	When string `yaml:"when"`
	// Each is an expression for a list: there is a fact for each item of it.
	Each string `yaml:"each"`
	// Change and Incident are expressions by the name of the field that they are read into, as in the generic format.
	Change   map[string]string `yaml:"change"`
	Incident map[string]string `yaml:"incident"`
	// Ignored is why the event says nothing of a change or an incident; Unmapped why it may, but can't be mapped.
	Ignored  string `yaml:"ignored"`
	Unmapped string `yaml:"unmapped"`
	// Left is an expression for how many events the sender left out; it goes with Unmapped.
	Left string `yaml:"left"`
}

// Bindings are expressions by name, in the order of the file.
type Bindings []Binding

// Binding is one of Bindings.
type Binding struct{ Name, Value string }

// UnmarshalYAML keeps the order of the keys.
func (b *Bindings) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: let must be a mapping of names to expressions", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		var value string
		if err := node.Content[i+1].Decode(&value); err != nil {
			return err
		}
		*b = append(*b, Binding{node.Content[i].Value, value})
	}
	return nil
}

// Parse reads a file. The error names the line or the key that is wrong and what would be right.
func Parse(text []byte) (File, error) {
	var f File
	if err := strictyaml.Decode(text, &f, "name, authentication and rules"); err != nil {
		return File{}, err
	}
	return f, f.validate()
}

func (f File) validate() error {
	if err := strictyaml.CheckName(f.Name); err != nil {
		return err
	}
	switch {
	case len(f.Authentication) == 0:
		return fmt.Errorf("authentication: required: how do senders prove themselves? A scheme has a kind, one of %v", source.Kinds())
	case len(f.Rules) == 0:
		return errors.New("rules: required: at least one")
	}
	for _, binding := range f.Let {
		if slices.Contains(append(words(), "body", "header", "param", "received", "item"), binding.Name) {
			return fmt.Errorf("let.%s: the name is taken; see the package comment of mapping for what expressions have", binding.Name)
		}
	}
	for i, rule := range f.Rules {
		if err := rule.validate(); err != nil {
			return fmt.Errorf("rules[%d]%w", i, err)
		}
	}
	if f.Pull == nil {
		return nil
	}
	if err := f.Pull.validate(); err != nil {
		return fmt.Errorf("pull.%w", err)
	}
	return nil
}

func (r Rule) validate() error {
	said := 0
	for _, there := range []bool{len(r.Change) > 0, len(r.Incident) > 0, r.Ignored != "", r.Unmapped != ""} {
		if there {
			said++
		}
	}
	switch {
	case said != 1:
		return errors.New(": must have exactly one of change, incident, ignored and unmapped")
	case r.Left != "" && r.Unmapped == "":
		return errors.New(".left: goes with unmapped")
	case r.Each != "" && len(r.Change)+len(r.Incident) == 0:
		return errors.New(".each: only a change or an incident has items")
	}
	if err := knownFields("change", r.Change, changeFields()); err != nil {
		return err
	}
	return knownFields("incident", r.Incident, incidentFields())
}

// knownFields refuses a field that the fact doesn't have.
func knownFields[T any](kind string, given map[string]string, known map[string]T) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := known[name]; !ok {
			return fmt.Errorf(".%s.%s: there is no such field; the known ones are %s",
				kind, name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}

// schemes are those of the file, in source's form.
func (f File) schemes() []source.Scheme {
	all := make([]source.Scheme, len(f.Authentication))
	for i, a := range f.Authentication {
		all[i] = source.Scheme(a)
	}
	return all
}

// signed tells whether a signature covers the body, and no header with an id.
func (f File) signed() bool {
	return slices.ContainsFunc(f.Authentication, func(a Authentication) bool {
		return (a.Kind == source.HMAC || a.Kind == source.PublicKey) && a.ID == ""
	})
}
