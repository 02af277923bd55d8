package owners

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entity is what is read of a document of a catalog: https://backstage.io/docs/features/software-catalog/descriptor-format.
type entity struct {
	Kind     word `yaml:"kind"`
	Metadata struct {
		Name      word `yaml:"name"`
		Namespace word `yaml:"namespace"`
	} `yaml:"metadata"`
	Spec struct {
		Owner  word `yaml:"owner"`
		System word `yaml:"system"`
	} `yaml:"spec"`
}

// word is a text, and the line that it stands in.
type word struct {
	text string
	line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *word) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: must be a text", n.Line)
	}
	*w = word{n.Value, n.Line}
	if n.Tag == "!!null" {
		w.text = ""
	}
	return nil
}

// described is an entity with the place where it is described.
type described struct {
	entity
	at Problem
}

// catalog is what some files say of components and systems.
type catalog struct {
	components []described
	systems    map[string]described // by name in full
	problems   []Problem
}

// readCatalogs reads all files of some paths.
func (o *Owners) readCatalogs(paths []string, service func(string) string) {
	c := catalog{systems: map[string]described{}}
	seen := map[string]bool{}
	for _, path := range paths {
		files, err := glob(path)
		if err == nil && len(files) == 0 {
			err = errors.New("there is no such file")
		}
		if err != nil {
			c.problems = append(c.problems, Problem{File: path, Want: err.Error()})
		}
		for _, file := range files {
			if !seen[file] {
				seen[file] = true
				c.read(file)
			}
		}
	}
	o.catalog = c.owners(service)
	o.problems = append(o.problems, c.problems...)
}

// read reads the documents of a file. After one that is no YAML nothing more can be read.
func (c *catalog) read(file string) {
	content, err := read(file)
	if err != nil {
		c.problems = append(c.problems, Problem{File: file, Want: err.Error()})
		return
	}
	documents := yaml.NewDecoder(bytes.NewReader(content))
	for n := 1; ; n++ {
		var node yaml.Node
		err := documents.Decode(&node)
		if errors.Is(err, io.EOF) {
			return
		}
		at := Problem{File: file, Document: n}
		if err != nil {
			c.wrong(at, err)
			return
		}
		var e entity
		if err := node.Decode(&e); err != nil {
			c.wrong(at, err)
			continue
		}
		for _, root := range node.Content {
			c.add(described{e, at}, root.Line)
		}
	}
}

// wrong takes down what YAML finds wrong. Its errors name lines themselves.
func (c *catalog) wrong(at Problem, err error) {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	var line int
	if _, cut := fmt.Sscanf(text, "line %d: ", &line); cut == nil {
		_, text, _ = strings.Cut(text, ": ")
		at.Line = line
	}
	at.Want = text
	c.problems = append(c.problems, at)
}

// add takes in a component or a system; other kinds are left out.
func (c *catalog) add(d described, line int) {
	kind := strings.ToLower(d.Kind.text)
	if kind != "component" && kind != "system" {
		return
	}
	if d.Metadata.Name.text == "" {
		d.at.Line, d.at.Want = line, "metadata.name: required: the name of the "+kind
		c.problems = append(c.problems, d.at)
		return
	}
	if kind == "component" {
		c.components = append(c.components, d)
		return
	}
	name := d.inFull(d.Metadata.Name.text)
	if before, twice := c.systems[name]; twice {
		d.at.Line, d.at.Want = d.Metadata.Name.line, fmt.Sprintf("the system %s is described in %s already", name, before.at.File)
		c.problems = append(c.problems, d.at)
		return
	}
	c.systems[name] = d
}

// inFull is the name of an entity with its namespace, unless that is the default one.
func (d described) inFull(name string) string {
	if space := strings.ToLower(d.Metadata.Namespace.text); space != "" && space != "default" && !strings.Contains(name, "/") {
		return space + "/" + name
	}
	return strings.TrimPrefix(name, "default/")
}

// refer reads a reference [kind:][namespace/]name of an entity. What is of another kind than usual keeps its kind, so that a
// user isn't taken for a team.
func (d described) refer(w word, usual string) (string, error) {
	kind, name, has := strings.Cut(w.text, ":")
	if !has {
		kind, name = usual, w.text
	}
	kind = strings.ToLower(kind)
	if w.text != "" && (kind == "" || name == "" || strings.Count(name, "/") > 1 || strings.ContainsAny(name, ": \t") || strings.HasSuffix(name, "/") || strings.HasPrefix(name, "/")) {
		return "", fmt.Errorf("%q is no reference to an entity: [kind:][namespace/]name, such as %s:default/shop", w.text, usual)
	}
	if name == "" {
		return "", nil
	}
	name = d.inFull(name)
	if kind != usual {
		name = kind + ":" + name
	}
	return name, nil
}

// owners are the components' owners, by the names of their services. A component that names no owner has that of its system.
func (c *catalog) owners(service func(string) string) map[string]Owner {
	all := map[string]Owner{}
	from := map[string]Problem{}
	for _, d := range c.components {
		name := service(d.Metadata.Name.text)
		owner := Owner{Team: c.refer(d, "spec.owner", d.Spec.Owner, "group"), System: c.refer(d, "spec.system", d.Spec.System, "system")}
		if system, known := c.systems[owner.System]; known && owner.Team == "" {
			owner.Team = c.refer(system, "spec.owner", system.Spec.Owner, "group")
		}
		if before, twice := all[name]; twice && before != owner {
			d.at.Line, d.at.Want = d.Metadata.Name.line, fmt.Sprintf("the service %s has another owner in %s", name, where(from[name]))
			c.problems = append(c.problems, d.at)
			continue
		}
		all[name], from[name] = owner, d.at
	}
	return all
}

func (c *catalog) refer(d described, key string, w word, usual string) string {
	name, err := d.refer(w, usual)
	if err != nil {
		d.at.Line, d.at.Want = w.line, key+": "+err.Error()
		c.problems = append(c.problems, d.at)
	}
	return name
}

// where is a place without what is wrong there.
func where(p Problem) string {
	p.Want = ""
	return strings.TrimSuffix(p.Error(), ": ")
}
