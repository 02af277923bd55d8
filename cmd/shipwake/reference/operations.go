package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const operationsIntro = `# The API

What the listener for readers (` + "`127.0.0.1:8788`" + `) answers to programs, from [openapi.yaml](../../sinks/api/openapi.yaml), which a daemon serves at
` + "`/api/v1/openapi.yaml`" + `. Beside it there are ` + "`/metrics`" + ` ([metrics](metrics.md)), ` + "`/-/healthy` and `/-/ready`" + ` for probes, the [pages](../pages.md) for people, and the
gate in the words of other tools ([gate](../gate.md)). Changes come in at the listener for webhooks: see [sources](../sources/README.md).

`

// operations makes docs/reference/api.md.
func operations(root string, into map[string]string) error {
	text, err := os.ReadFile(filepath.Join(root, "sinks/api/openapi.yaml"))
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	api := openAPI{document.Content[0]}
	var b strings.Builder
	b.WriteString(madeBy + operationsIntro + strings.TrimSpace(textOf(api.root, "info", "description")) + "\n")
	for path, methods := range pairs(child(api.root, "paths")) {
		for method, operation := range pairs(methods) {
			api.operation(&b, strings.ToUpper(method)+" "+path, operation)
		}
	}
	b.WriteString("\n## What answers are made of\n\nA field with a star is always there.\n")
	for name, schema := range pairs(child(api.root, "components", "schemas")) {
		api.schema(&b, name, schema)
	}
	into["docs/reference/api.md"] = b.String()
	return nil
}

// openAPI is the document.
type openAPI struct{ root *yaml.Node }

func (a openAPI) operation(b *strings.Builder, title string, n *yaml.Node) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n", title, textOf(n, "summary"))
	if text := strings.TrimSpace(textOf(n, "description")); text != "" {
		b.WriteString("\n" + text + "\n")
	}
	if parameters := child(n, "parameters"); parameters != nil {
		b.WriteString("\n| parameter | in | type | meaning |\n|---|---|---|---|\n")
		for _, p := range parameters.Content {
			p = a.resolved(p)
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", textOf(p, "name"), textOf(p, "in"), a.kind(child(p, "schema")), cell(textOf(p, "description")))
		}
	}
	if body := child(n, "requestBody", "content"); body != nil {
		fmt.Fprintf(b, "\nThe body: %s.\n", a.content(body))
	}
	b.WriteString("\n| answer | | holds |\n|---|---|---|\n")
	for status, r := range pairs(child(n, "responses")) {
		r = a.resolved(r)
		fmt.Fprintf(b, "| %s | %s | %s |\n", status, cell(textOf(r, "description")), a.content(child(r, "content")))
	}
}

// content is what a body is, by its type.
func (a openAPI) content(n *yaml.Node) string {
	var all []string
	for media, of := range pairs(n) {
		all = append(all, a.kind(child(of, "schema"))+" as `"+media+"`")
	}
	return strings.Join(all, ", ")
}

func (a openAPI) schema(b *strings.Builder, name string, n *yaml.Node) {
	fmt.Fprintf(b, "\n### %s\n", name)
	if text := strings.TrimSpace(textOf(n, "description")); text != "" {
		b.WriteString("\n" + text + "\n")
	}
	properties := child(n, "properties")
	if properties == nil {
		fmt.Fprintf(b, "\nIt is %s.\n", a.kind(n))
		return
	}
	var required []string
	if list := child(n, "required"); list != nil {
		for _, r := range list.Content {
			required = append(required, r.Value)
		}
	}
	b.WriteString("\n| field | type | meaning |\n|---|---|---|\n")
	a.fields(b, "", properties, required)
}

func (a openAPI) fields(b *strings.Builder, prefix string, properties *yaml.Node, required []string) {
	for name, p := range pairs(properties) {
		star := ""
		if slices.Contains(required, name) {
			star = " *"
		}
		fmt.Fprintf(b, "| `%s%s`%s | %s | %s |\n", prefix, name, star, a.kind(p), cell(textOf(p, "description")))
		if below := child(p, "properties"); below != nil {
			a.fields(b, prefix+name+".", below, nil)
		}
	}
}

// resolved follows a reference.
func (a openAPI) resolved(n *yaml.Node) *yaml.Node {
	ref, is := strings.CutPrefix(textOf(n, "$ref"), "#/")
	if !is {
		return n
	}
	return child(a.root, strings.Split(ref, "/")...)
}

// kind is what a value is, in words, with a link to what it is made of.
func (a openAPI) kind(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if ref := textOf(n, "$ref"); ref != "" {
		name := ref[strings.LastIndex(ref, "/")+1:]
		return "[" + name + "](#" + strings.ToLower(name) + ")"
	}
	kinds := words(child(n, "type"))
	for i, kind := range kinds {
		switch {
		case kind == "array":
			kinds[i] = "list of " + a.kind(child(n, "items"))
		case kind == "object" && child(n, "additionalProperties", "type") != nil, kind == "object" && child(n, "additionalProperties", "$ref") != nil:
			kinds[i] = "map from names to " + a.kind(child(n, "additionalProperties"))
		case kind == "string" && textOf(n, "format") == "date-time":
			kinds[i] = "time"
		}
	}
	text := strings.Join(kinds, " or ")
	if values := words(child(n, "enum")); len(values) > 0 {
		text += ": " + codes(values)
	}
	for _, bound := range []string{"default", "minimum", "maximum", "pattern"} {
		if value := textOf(n, bound); value != "" {
			text += ", " + bound + " `" + cell(value) + "`"
		}
	}
	return text
}

// words are the values of a list, or one.
func words(n *yaml.Node) (all []string) {
	switch {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		for _, v := range n.Content {
			all = append(all, v.Value)
		}
	default:
		all = []string{n.Value}
	}
	return all
}

// pairs are the keys of a map with their values, in their order.
func pairs(n *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for pair := range slices.Chunk(n.Content, 2) {
			if !yield(pair[0].Value, pair[1]) {
				return
			}
		}
	}
}

// child is what is at a path of keys; nil when nothing is.
func child(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var found *yaml.Node
		for name, value := range pairs(n) {
			if name == key {
				found = value
			}
		}
		if n = found; n == nil {
			return nil
		}
	}
	return n
}

// textOf is the text at a path of keys.
func textOf(n *yaml.Node, path ...string) string {
	if at := child(n, path...); at != nil {
		return at.Value
	}
	return ""
}
