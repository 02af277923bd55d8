package all

import (
	"flag"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/vendors"
	"github.com/shipwake/shipwake/internal/pagetest"
)

//go:generate go test -run TestPages -update .

var update = flag.Bool("update", false, "write the pages of the sources")

const pages = "../../../docs/sources"

// TestPages holds docs/sources against the sources: a page for each, and an index.
func TestPages(t *testing.T) {
	index := "# Sources\n\nWhat ships and what pages. Each page says how the system is set up, and what is read of what it sends. A system that\n" +
		"isn't here is a mapping of your own: see [the format](../../collector/source/mapping/doc.go), and try it with\n" +
		"`shipwake source test`.\n\n| source | path or receiver | |\n|---|---|---|\n"
	folder := pagetest.In(t, pages, *update)
	all := append(Sources(), Watched()...)
	slices.SortFunc(all, func(a, b source.Source) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range all {
		title, about, page := pageOf(t, s)
		index += "| [" + title + "](" + s.Name + ".md) | `" + door(s) + "` | " + about + " |\n"
		folder.Require(s.Name+".md", "# "+title+"\n\n"+page)
	}
	folder.Require("README.md", index)
	folder.Complete()
}

// pageOf is made of the mapping, or of the package comment; setup.md beside either says how the system is made to send.
func pageOf(t *testing.T, s source.Source) (title, about, page string) {
	text, ok := vendors.Text(s.Name)
	if !ok {
		return pageOfPackage(t, s)
	}
	f, err := mapping.Parse(text)
	require.NoError(t, err)
	setup, err := os.ReadFile(filepath.Join("../vendors", s.Name, "setup.md"))
	require.NoError(t, err, "how is %s made to send?", s.Name)
	return f.Title, f.About, f.Page(string(setup))
}

func pageOfPackage(t *testing.T, s source.Source) (title, about, page string) {
	folder := filepath.Join("..", s.Name)
	setup, err := os.ReadFile(filepath.Join(folder, "setup.md"))
	require.NoError(t, err, "how is %s made to send?", s.Name)
	title, rest, ok := strings.Cut(strings.TrimPrefix(string(setup), "# "), "\n")
	require.True(t, ok, "setup.md of a source in Go begins with its title")
	about, rest, ok = strings.Cut(strings.TrimSpace(rest), "\n")
	require.True(t, ok, "and a sentence on what is read")
	way := "Receiver: `" + door(s) + "`."
	if len(s.Schemes) > 0 {
		way = "Path: `" + door(s) + "`. Senders prove themselves by `" + schemes(s) + "`."
	}
	return title, about, about + "\n\n" + way + "\n\n## Set up\n\n" +
		strings.TrimSpace(rest) + "\n\n## What is read\n\n" + comment(t, folder)
}

// door is where its deliveries come in: a path, or the receiver that makes them.
func door(s source.Source) string {
	if len(s.Schemes) == 0 {
		return "change_" + s.Name
	}
	return "/hooks/" + s.Name
}

func schemes(s source.Source) string {
	var words []string
	for _, scheme := range s.Schemes {
		words = append(words, scheme.String())
	}
	return strings.Join(words, "`, or `")
}

// comment is the package comment of a folder, as Markdown.
func comment(t *testing.T, folder string) string {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		require.NoError(t, err)
		if file.Doc != nil {
			p := &doc.Package{}
			printer := p.Printer()
			printer.HeadingLevel = 3
			return string(printer.Markdown(p.Parser().Parse(file.Doc.Text())))
		}
	}
	require.Fail(t, "a package comment says what is mapped to what", folder)
	return ""
}
