// Package docs_test answers: is what the pages say true? Links lead somewhere, configuration loads, commands and routes exist, facts are accepted.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// root is the top of the repository.
const root = ".."

// page is a Markdown file, by its path from the top of the repository.
type page struct {
	path string
	text []byte
	tree ast.Node
}

// block is a piece of fenced code.
type block struct {
	language, code string
	line           int
}

// pages are all Markdown files of the repository but those of tests and parts of others.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	require.NoError(t, filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && at != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || at == filepath.Join(root, "bin")):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(at) != ".md" || entry.Name() == "setup.md": // a setup.md is a part of a page in docs/sources
			return nil
		}
		all = append(all, read(t, at))
		return nil
	}))
	require.Greater(t, len(all), 50)
	return all
}

func read(t *testing.T, at string) page {
	t.Helper()
	content, err := os.ReadFile(at)
	require.NoError(t, err)
	path, err := filepath.Rel(root, at)
	require.NoError(t, err)
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	return page{filepath.ToSlash(path), content, parser.Parse(text.NewReader(content))}
}

// each visits the nodes of one kind.
func each[N ast.Node](p page, visit func(N)) {
	_ = ast.Walk(p.tree, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if n, ok := node.(N); ok && entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// blocks are the fenced blocks of a page in some languages, all of them without one.
func (p page) blocks(languages ...string) (all []block) {
	each(p, func(n *ast.FencedCodeBlock) {
		language := string(n.Language(p.text))
		if len(languages) > 0 && !slices.Contains(languages, language) {
			return
		}
		b := block{language: language}
		var code strings.Builder
		for i, line := range n.Lines().Sliced(0, n.Lines().Len()) {
			if i == 0 {
				b.line = 1 + strings.Count(string(p.text[:line.Start]), "\n")
			}
			code.Write(line.Value(p.text))
		}
		b.code = code.String()
		all = append(all, b)
	})
	return all
}
