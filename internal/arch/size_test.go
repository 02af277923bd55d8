package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a reader can hold in mind. The bounds are not goals: most rooms are far below them.
const (
	mostFiles     = 25 // in a folder, tests apart
	mostMethods   = 40 // of a type
	longestBody   = 60 // lines of a function
	medianBody    = 10
	leastTestRate = 0.8 // lines of tests for a line of code, in the core
)

// sized are the rooms that are held to the bounds.
var sized = []string{"correlate/...", "collector/..."}

// TestNoFolderIsAHeap: a newcomer finds the room for a change from the names of folders.
func TestNoFolderIsAHeap(t *testing.T) {
	in := map[string]int{}
	for _, f := range files(t) {
		if !f.test && inAny(f.dir, sized) {
			in[f.dir]++
		}
	}
	for dir, n := range in {
		if n > mostFiles {
			t.Errorf("%s holds %d files, more than %d: it holds more than one idea", dir, n, mostFiles)
		}
	}
}

// TestNoTypeDoesEverything counts the methods of each type.
func TestNoTypeDoesEverything(t *testing.T) {
	methods := map[string]int{}
	for _, f := range files(t) {
		if f.test || !inAny(f.dir, sized) {
			continue
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				methods[f.dir+"."+receiver(fn)]++
			}
		}
	}
	for name, n := range methods {
		if n > mostMethods {
			t.Errorf("%s has %d methods, more than %d", name, n, mostMethods)
		}
	}
}

// receiver is the name of a method's type.
func receiver(fn *ast.FuncDecl) string {
	expr := fn.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// TestFunctionsAreShort measures bodies in lines. Tables and dispatchers count as everything else does.
func TestFunctionsAreShort(t *testing.T) {
	var lines []int
	for _, f := range files(t) {
		if f.test || !inAny(f.dir, sized) {
			continue
		}
		for name, n := range bodies(t, filepath.Join(root, f.dir, f.name)) {
			lines = append(lines, n)
			if n > longestBody {
				t.Errorf("%s/%s: %s has %d lines, more than %d", f.dir, f.name, name, n, longestBody)
			}
		}
	}
	slices.Sort(lines)
	require.LessOrEqual(t, lines[len(lines)/2], medianBody)
}

// bodies are the lengths of a file's functions by name.
func bodies(t *testing.T, path string) map[string]int {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, path, nil, 0)
	require.NoError(t, err)
	found := map[string]int{}
	for _, d := range parsed.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		name := fn.Name.Name
		if fn.Recv != nil {
			name = receiver(fn) + "." + name
		}
		found[name] = set.Position(fn.Body.Rbrace).Line - set.Position(fn.Body.Lbrace).Line - 1
	}
	return found
}

// TestTheCoreIsTested compares the lines of tests with those of code. A suite that other packages run counts as tests.
func TestTheCoreIsTested(t *testing.T) {
	code, tests := 0, 0
	for _, f := range files(t) {
		if !in(f.dir, "correlate/...") {
			continue
		}
		n := linesOf(t, filepath.Join(root, f.dir, f.name))
		if f.test || strings.HasSuffix(f.dir, "test") {
			tests += n
		} else {
			code += n
		}
	}
	require.GreaterOrEqual(t, float64(tests)/float64(code), leastTestRate, "%d lines of tests for %d of code", tests, code)
}

func linesOf(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Count(string(text), "\n")
}
