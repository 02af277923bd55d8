package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const module = "github.com/shipwake/shipwake"

// comments finds what the source says of the fields of structs. Folders are read once.
type comments struct {
	root string
	read map[string]map[string]fields // by import path and type
}

// fields are the comments of the fields of a struct, by name.
type fields map[string]string

// of are the comments of a struct; for a field that has none of its own that of the one before it is, when it names it.
func (c *comments) of(t reflect.Type) (fields, error) {
	if t.PkgPath() == "" {
		return nil, nil // struct{}
	}
	if _, done := c.read[t.PkgPath()]; !done {
		structs, err := c.structs(t.PkgPath())
		if err != nil {
			return nil, err
		}
		c.read[t.PkgPath()] = structs
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return c.read[t.PkgPath()][name], nil
}

func (c *comments) structs(pkg string) (map[string]fields, error) {
	dir, err := c.dir(pkg)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	all := map[string]fields{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is {
				return true
			}
			if s, is := spec.Type.(*ast.StructType); is {
				all[spec.Name.Name] = fieldsOf(s)
			}
			return true
		})
	}
	return all, nil
}

// dir is where a package is.
func (c *comments) dir(pkg string) (string, error) {
	if own, is := strings.CutPrefix(pkg, module+"/"); is {
		return filepath.Join(c.root, own), nil
	}
	list := exec.Command("go", "list", "-f", "{{.Dir}}", pkg)
	list.Dir = c.root
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list %s: %w", pkg, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func fieldsOf(s *ast.StructType) fields {
	all, before, by := fields{}, "", ""
	for _, f := range s.Fields.List {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, name := range f.Names {
			switch {
			case text != "":
				all[name.Name] = text
				before, by = text, name.Name
			case names(before, name.Name):
				all[name.Name] = "See " + by + "."
			}
		}
	}
	return all
}

// names tells whether a comment names a field.
func names(comment, field string) bool {
	return regexp.MustCompile(`\b` + field + `\b`).MatchString(comment)
}

var link = regexp.MustCompile(`\[([A-Za-z.]+)\]`)

// inKeys is a comment with the keys of a struct in place of the names of its fields.
func inKeys(comment string, t reflect.Type) string {
	text := link.ReplaceAllString(strings.Join(strings.Fields(comment), " "), "$1")
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if key == "" || key == "-" {
			continue
		}
		text = regexp.MustCompile(`(^|[\s(:;,])`+f.Name+`\b`).ReplaceAllString(text, "${1}`"+key+"`")
	}
	return strings.ReplaceAll(text, "nil:", "not set:")
}

// meaning is a comment as a table beside the key says it: "Keep is for how long" is "For how long".
func meaning(comment, name string, t reflect.Type) string {
	text := strings.Join(strings.Fields(comment), " ")
	for _, verb := range []string{" is ", " are ", ": "} {
		if rest, begins := strings.CutPrefix(text, name+verb); begins {
			first, size := utf8.DecodeRuneInString(rest)
			return inKeys(string(unicode.ToUpper(first))+rest[size:], t)
		}
	}
	return inKeys(text, t)
}

// synopsis is the first sentence of what a package of the Collector says of a type or a field that has much to say.
func synopsis(text string) string { return new(doc.Package).Synopsis(text) }
