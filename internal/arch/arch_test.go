package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../.."
	module = "github.com/shipwake/shipwake/"
)

// file is one parsed Go file; dir is its package's folder from the repository root.
type file struct {
	*ast.File
	dir, name string
	test      bool
}

// files parses every Go file of the main module.
func files(t *testing.T) []file {
	t.Helper()
	var all []file
	require.NoError(t, filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if at != root && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") || foreign(at)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(at, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), at, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(at))
		all = append(all, file{parsed, filepath.ToSlash(dir), entry.Name(), strings.HasSuffix(at, "_test.go")})
		return err
	}))
	require.NotEmpty(t, all)
	return all
}

// foreign: a folder with a go.mod of its own is another module.
func foreign(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func (f file) imports() []string {
	var all []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			all = append(all, imported)
		}
	}
	return all
}

// standard: the first element of a path outside the standard library has a dot.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// in: the folder is the pattern, matches it ("sinks/*"), or lies below it ("sinks/...").
func in(dir, pattern string) bool {
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return dir == above || strings.HasPrefix(dir, above+"/")
	}
	matched, err := path.Match(pattern, dir)
	return err == nil && matched
}

func inAny(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return in(dir, p) })
}

// TestWhoMayImportWhom holds the non-test files of each room to what it may know. Each row has its reason.
func TestWhoMayImportWhom(t *testing.T) {
	const (
		collector = "go.opentelemetry.io/collector/"
		pdata     = collector + "..."
	)
	rows := []struct {
		room   string
		except []string // rooms below that have a row of their own
		ours   []string // of ours, it may import only these; the room itself is always allowed
		never  []string // of others, it may not import these; "all" is anything but the standard library
		reason string
	}{
		{
			room: "correlate", never: []string{"all"},
			reason: "the vocabulary is spoken everywhere: whatever it imported, everybody would",
		},
		{
			room: "correlate/window", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "the pure rooms don't know each other, so each can be read, tested and replaced alone",
		},
		{
			room: "correlate/record", ours: []string{"correlate", "correlate/window", "correlate/names"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "what is known of a change depends on its reports and nothing else",
		},
		{
			room: "correlate/names", ours: []string{"correlate"}, never: []string{"net", "net/http", "os", "io/...", "math/rand/..."},
			reason: "what a name means depends on the rules and nothing else, so that kept deliveries read the same again",
		},
		{
			room: "correlate/names/meet", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "which names meet is asked by people and programs alike",
		},
		{
			room: "correlate/guard", never: []string{"all"},
			reason: "judge, blame and engine all name their guards in it, so it knows none of them",
		},
		{
			room: "correlate/judge/evalue", ours: []string{"correlate", "correlate/guard"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "the statistics know neither what is expected nor what a verdict is",
		},
		{
			room: "correlate/judge/expect", ours: []string{"correlate", "correlate/guard", "correlate/judge/evalue"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "what is expected doesn't depend on what is made of it",
		},
		{
			room: "correlate/judge", ours: []string{"correlate", "correlate/guard", "correlate/judge/expect", "correlate/judge/evalue"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "a verdict depends on its case and nothing else",
		},
		{
			room: "correlate/judge/series", ours: []string{"correlate", "correlate/judge", "correlate/judge/expect", "correlate/judge/evalue"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "what people are shown of a case is made of the case, and nothing is decided by it",
		},
		{
			room: "correlate/blame/...", ours: []string{"correlate", "correlate/guard"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "blame depends on the fault, the candidates and the graph and nothing else",
		},
		{
			room: "correlate/dora/...", ours: []string{"correlate", "correlate/dora/..."}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "the same records give the same report",
		},
		{
			room: "correlate/gate", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "the same answer for everybody who asks, from what is known alone",
		},
		{
			room: "correlate/checks", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "what checks say over telemetry follows from both and nothing else, in whatever order they came",
		},
		{
			room: "correlate/rollback", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "whether to ask for a rollback follows from what is known and kept alone, so that a restart changes nothing and a test sees all of it",
		},
		{
			room: "correlate/words", ours: []string{"correlate", "correlate/blame", "correlate/dora", "correlate/dora/quality", "correlate/gate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "it says what the others found, in their terms; terminal, sinks and pages say the same",
		},
		{
			room: "correlate/cells/...", ours: []string{"correlate", "correlate/window"},
			never:  []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "the store keeps what was measured; what that says of a change is not its business",
		},
		{
			room: "correlate/packed", ours: []string{"correlate"}, never: []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "how bytes are packed and read back is the same for all who write measurements, whatever they write",
		},
		{
			room: "correlate/archive", ours: []string{"correlate", "correlate/packed", "correlate/window"},
			never:  []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "how measurements are written down for later says nothing of where they are kept, nor what for",
		},
		{
			room: "correlate/observe/...",
			ours: []string{
				"correlate", "correlate/window", "correlate/names", "correlate/cells", "correlate/record", "correlate/guard",
				"correlate/judge",
				"correlate/blame",
			},
			never:  []string{"net/...", "os", "io/...", "math/rand/..."},
			reason: "what a change is compared with is a function of the changes known at an instant, the cells and the configuration",
		},
		{
			room: "correlate/engine/...",
			ours: []string{
				"correlate", "correlate/window", "correlate/guard", "correlate/record", "correlate/cells", "correlate/observe",
				"correlate/judge", "correlate/judge/series", "correlate/blame", "correlate/dora", "correlate/packed", "correlate/checks",
			},
			never:  []string{"net/...", "os", "io/...", "database/...", "math/rand/...", pdata},
			reason: "the engine decides and returns; acting, storing and listening are the host's",
		},
		{
			room: "correlate/ledger/...", ours: []string{"correlate", "correlate/packed", "correlate/ledger/..."}, never: []string{pdata},
			reason: "a ledger keeps what was decided; if it knew the engine, it would begin to decide",
		},
		{
			room: "collector/source/...", except: []string{"collector/source/all", "collector/source/sourcetest", "collector/source/vendors"},
			ours:   []string{"correlate", "collector/source", "internal/strictyaml"},
			never:  []string{collector + "pdata/...", collector + "component/...", collector + "consumer/...", collector + "service/..."},
			reason: "a source knows one sender's format; a second source or the pipeline in it would make it hard to add one",
		},
		{
			room:   "collector/changelog",
			ours:   []string{"correlate"},
			reason: "the one place where facts become log records, and log records facts",
		},
		{
			room:   "collector/webhook/...",
			ours:   []string{"correlate", "collector/admission", "collector/source", "collector/listen", "collector/secret"},
			never:  []string{collector + "pdata/..."},
			reason: "a receiver hands deliveries to whoever keeps them; it does not know the engine, and facts don't go through pipelines",
		},
		{
			room: "collector/history/...", except: []string{"collector/history/all", "collector/history/historytest"},
			ours:   []string{"correlate", "correlate/dora", "collector/history", "collector/source", "collector/source/generic"},
			never:  []string{collector + "...", "net/...", "os"},
			reason: "a format knows one tool's export; where the files are and who takes what is in them is the business of who imports",
		},
		{
			room: "collector/history/all", ours: []string{"collector/history", "collector/history/*"}, never: []string{"all"},
			reason: "a list holds nothing but what it lists",
		},
		{
			room: "collector/history/historytest", ours: []string{"collector/history"}, never: []string{collector + "..."},
			reason: "one suite for all formats: it knows the contract and none of them",
		},
		{
			room: "collector/kafka/...", except: []string{"collector/kafka/kafkatest"}, ours: []string{"correlate", "collector/following", "collector/kafka/client", "collector/source", "internal/kafkaclient"}, never: []string{collector + "pdata/..."},
			reason: "a receiver does not know that the engine exists, so it works in anybody's Collector",
		},
		{
			room: "collector/kubernetes/...", ours: []string{"correlate", "collector/following", "collector/source", "collector/source/kubernetes"}, never: []string{collector + "pdata/...", "k8s.io/api/...", "k8s.io/client-go/kubernetes/...", "k8s.io/client-go/informers/..."},
			reason: "a receiver does not know that the engine exists; and the types and clients of all of Kubernetes cost a large binary for some ten fields",
		},
		{
			room: "collector/pull/...", ours: []string{"correlate", "collector/following", "collector/source", "collector/secret", "internal/outgoing"}, never: []string{collector + "pdata/..."},
			reason: "a receiver does not know that the engine exists, so it works in anybody's Collector",
		},
		{
			room: "collector/commits/...", ours: []string{"correlate", "collector/source", "collector/commits/..."}, never: []string{collector + "pdata/..."},
			reason: "which commits a deployment brings is asked of repositories; who keeps the changes is not known here",
		},
		{
			room: "collector/prometheus", ours: []string{"correlate", "collector/following", "collector/prometheus/births", "collector/prometheus/families", "collector/prometheus/kube", "collector/prometheus/native", "collector/prometheus/past", "collector/prometheus/points"},
			reason: "a receiver does not know that the engine exists, so it works in anybody's Collector",
		},
		{
			room: "collector/remotewrite",
			ours: []string{
				"correlate", "collector/admission", "collector/listen", "collector/remotewrite/wire", "collector/prometheus/births",
				"collector/prometheus/families",
				"collector/prometheus/points",
			},
			reason: "a receiver does not know that the engine exists, so it works in anybody's Collector",
		},
		{
			room: "collector/remotewrite/wire", ours: []string{"collector/prometheus/native"}, never: []string{pdata},
			reason: "which samples bytes hold doesn't depend on what is made of them",
		},
		{
			room: "collector/prometheus/births", ours: []string{"correlate"}, never: []string{collector + "pdata/..."},
			reason: "a version by birth is the same however the samples of a process come",
		},
		{
			room: "collector/prometheus/past", ours: []string{"correlate", "collector/prometheus/families", "collector/prometheus/points", "collector/reduce", "collector/reduce/otlp"},
			reason: "the past comes to the cells that its points would have come to; who remembers them is not known here",
		},
		{
			room: "collector/prometheus/promtest", ours: []string{"internal/freeport"}, never: []string{collector + "..."},
			reason: "a process that is scraped, and its Prometheus, know nothing of who reads them",
		},
		{
			room: "collector/prometheus/families", ours: []string{}, never: []string{"all"},
			reason: "which metrics count requests is a table; how they are read is not in it",
		},
		{
			room: "collector/prometheus/kube", ours: []string{"collector/prometheus/counts"}, never: []string{"all"},
			reason: "what is told of a pod is the same whether it was answered or pushed",
		},
		{
			room: "collector/prometheus/native", ours: []string{}, never: []string{"all"},
			reason: "what a native histogram added is the same whether it was answered or pushed",
		},
		{
			room: "collector/prometheus/counts", ours: []string{"collector/prometheus/native"}, never: []string{"all"},
			reason: "what a series added depends on its samples and nothing else, whoever brings them",
		},
		{
			room: "collector/prometheus/points", ours: []string{"correlate", "collector/prometheus/families", "collector/prometheus/counts", "collector/prometheus/kube", "collector/prometheus/native"},
			reason: "a server that is asked and a sender that pushes end in the same points",
		},
		{
			room: "collector/admission", never: []string{pdata}, ours: []string{"collector/admission/inflate"},
			reason: "what stands before a decoder must not depend on it",
		},
		{
			room: "collector/admission/inflate", ours: []string{},
			reason: "a format of the world, whatever is in it",
		},
		{
			room: "collector/otlp", ours: []string{"correlate", "collector/admission", "collector/direct", "collector/kafka/client", "collector/listen", "internal/kafkaclient"},
			reason: "a receiver does not know that the engine exists, so it works in anybody's Collector",
		},
		{
			room: "collector/reduce", ours: []string{"correlate", "collector/reduce/convention", "collector/reduce/recent", "collector/reduce/bins", "internal/prefetch"}, never: []string{pdata},
			reason: "it takes plain records, so that the stock decoder and a wire-level scan can feed the same code",
		},
		{
			room: "collector/door/...",
			ours: []string{
				"correlate", "collector/reduce", "collector/reduce/otlp", "collector/reduce/wire", "collector/changelog", "collector/direct",
				"collector/host", "collector/source",
			},
			reason: "a door lets things in; what they lead to is not its business",
		},
		{
			room: "collector/owners", ours: []string{"correlate", "correlate/names"}, never: []string{"net/...", collector + "..."},
			reason: "whose a service is depends on files and rules; who asks is not its business",
		},
		{
			room: "collector/host/...", except: nil,
			ours: []string{
				"correlate", "correlate/engine", "correlate/window", "correlate/judge", "correlate/dora", "correlate/dora/quality",
				"correlate/ledger", "correlate/ledger/sqlite", "correlate/names", "correlate/rollback", "sinks", "sinks/route", "collector/listen", "collector/secret", "collector/signin", "collector/source", "collector/owners", "internal/access",
				"collector/host/courier", "collector/host/late", "collector/host/people", "collector/host/numbers", "collector/host/records", "collector/host/rollbacks", "correlate/archive", "correlate/ledger/segments", "collector/direct", "collector/told",
			},
			reason: "the host owns the loop; which sources and sinks there are is decided in the app",
		},
		{
			room: "sinks/...", except: []string{"sinks/all", "sinks/sinktest", "sinks/vendors"},
			ours:   []string{"correlate", "correlate/dora", "correlate/dora/quality", "correlate/gate", "correlate/names", "correlate/names/meet", "correlate/rollback", "correlate/words", "sinks", "sinks/route", "sinks/call", "sinks/prometheus/native", "sinks/prometheus/delimited", "internal/outgoing", "internal/access", "internal/span", "internal/figures", "internal/chart", "internal/keys", "internal/opaque", "internal/kafkaclient", "sinks/prometheus/history", "internal/strictyaml", "sinks/gate/callback"},
			never:  []string{collector + "pdata/...", collector + "component/...", collector + "consumer/...", collector + "service/..."},
			reason: "a sink sees what was committed and the read side, and no other sink; of the Collector it may use what reads configuration",
		},
		{
			room: "collector/told", ours: []string{"sinks"}, never: []string{collector + "..."},
			reason: "a receiver of what was decided and the host meet through it, and know nothing else of each other",
		},
		{
			room: "collector/verdicts", ours: []string{"correlate", "collector/changelog", "collector/told", "sinks"},
			reason: "it tells what was committed, as a sink does; what became of it is the host's business",
		},
		{
			room: "collector/components", ours: []string{"correlate", "collector/...", "sinks/all"},
			reason: "the list of what Shipwake adds to a Collector, whoever builds it; what the components share is made here",
		},
		{
			room: "collector/components/*", ours: []string{"collector/components"},
			reason: "the Collector builder calls a package for each component, which says nothing else",
		},
		{
			room: "collector/following", ours: []string{"correlate"}, never: []string{collector + "pdata/..."},
			reason: "how following goes is said in the same words by all receivers that do",
		},
		{
			room: "collector/listen", ours: []string{},
			reason: "how a server listens doesn't depend on what it serves",
		},
		{
			room: "collector/signin", ours: []string{"collector/secret", "internal/access", "internal/outgoing"}, never: []string{collector + "pdata/..."},
			reason: "who somebody is doesn't depend on what they ask for",
		},
		{
			room: "collector/secret", ours: []string{}, never: []string{collector + "pdata/...", collector + "consumer/..."},
			reason: "a secret is read where it is needed and known to nobody else",
		},
		{
			room: "collector/reduce/convention", ours: []string{}, never: []string{"all"},
			reason: "what a name means is a table; who reads it is not in it",
		},
		{
			room: "collector/reduce/otlp", ours: []string{"collector/reduce", "collector/reduce/convention"},
			reason: "the one place where pdata becomes plain records",
		},
		{
			room: "collector/reduce/bins", ours: []string{"correlate"}, never: []string{"all"},
			reason: "where a bucket lies depends on its bounds and nothing else",
		},
		{
			room: "collector/reduce/recent", ours: []string{"internal/offheap", "internal/prefetch"}, never: []string{pdata},
			reason: "tables of fixed size: what is made of what they remember is the reducer's business",
		},
		{
			room: "collector/reduce/wire", ours: []string{"collector/reduce", "collector/reduce/convention"}, never: []string{pdata},
			reason: "the one place where bytes become plain records; what it can't read is the decoder's",
		},
		{
			room: "collector/direct", ours: []string{}, never: []string{collector + "pdata/..."},
			reason: "a receiver and an exporter meet through it, and know nothing else of each other",
		},
		{
			room: "collector/source/all", ours: []string{"collector/source", "collector/source/*"}, never: []string{"all"},
			reason: "a list holds nothing but what it lists",
		},
		{
			room: "collector/source/vendors", ours: []string{"collector/source", "collector/source/mapping"}, never: []string{collector + "..."},
			reason: "a shipped mapping is a file; it needs no Go but the package that reads such files",
		},
		{
			room: "collector/kafka/kafkatest", ours: []string{"internal/freeport"},
			reason: "it starts a broker and knows nothing of who reads from it",
		},
		{
			room: "collector/source/sourcetest", ours: []string{"correlate", "collector/source"}, never: []string{collector + "pdata/..."},
			reason: "one suite for all sources: it knows the contract and none of them",
		},
		{
			room: "sinks/all", ours: []string{"sinks", "sinks/*"}, never: []string{"all"},
			reason: "a list holds nothing but what it lists",
		},
		{
			room: "sinks/vendors", ours: []string{"sinks", "sinks/template"}, never: []string{collector + "..."},
			reason: "a shipped template is a file; it needs no Go but the package that reads such files",
		},
		{
			room: "sinks/sinktest",
			ours: []string{
				"correlate", "correlate/dora", "correlate/dora/quality", "correlate/ledger", "correlate/ledger/sqlite", "collector/host/courier", "collector/host/late", "collector/host/numbers", "collector/host/records", "correlate/archive", "correlate/ledger/segments", "sinks",
			},
			reason: "one suite for all sinks, with the courier and the ledger that carry their messages: it knows none of them",
		},
		{
			room: "internal/figures", ours: []string{"correlate/dora", "correlate/words", "internal/chart"},
			reason: "which DORA numbers are shown and how they look is the same for terminal, report and page",
		},
		{
			room: "internal/*", except: []string{"internal/figures"}, ours: []string{"correlate"},
			reason: "a tool that several rooms share knows none of them",
		},
		{
			room: "cmd/shipwake", ours: []string{"cmd/shipwake/app"}, never: []string{collector + "..."},
			reason: "main holds nothing worth testing",
		},
		{
			room:   "cmd/shipwake/app/...",
			ours:   []string{"cmd/shipwake/app/...", "collector/...", "correlate/...", "sinks/...", "internal/...", "dashboards"},
			reason: "the app puts everything together; nothing imports it",
		},
	}
	for _, f := range files(t) {
		if f.test {
			continue
		}
		known := false
		for _, row := range rows {
			if !in(f.dir, row.room) || inAny(f.dir, row.except) {
				continue
			}
			known = true
			for _, imported := range f.imports() {
				if own, ok := strings.CutPrefix(imported, module); ok {
					require.True(t, own == f.dir || inAny(own, row.ours),
						"%s/%s imports %s: %s", f.dir, f.name, own, row.reason)
					continue
				}
				require.False(t, inAny(imported, row.never) || (slices.Contains(row.never, "all") && !standard(imported)),
					"%s/%s imports %s: %s", f.dir, f.name, imported, row.reason)
			}
		}
		require.True(t, known || !inAny(f.dir, rooms), "%s has no row: say what it may import, and why", f.dir)
	}
}

// rooms are the folders of which every package has a row.
var rooms = []string{"cmd/...", "collector/...", "correlate/...", "internal/...", "sinks/..."}

// TestTheCoreHasNoClock: time is an input. A decision that read the clock, raced or threw dice could not be replayed.
func TestTheCoreHasNoClock(t *testing.T) {
	pure := []string{
		"correlate", "correlate/window/...", "correlate/names/...", "correlate/archive/...", "correlate/packed", "correlate/guard", "correlate/record/...", "correlate/cells/...",
		"correlate/observe/...", "correlate/judge/...", "correlate/blame/...", "correlate/dora/...", "correlate/engine/...",
		"correlate/words/...", "cmd/shipwake/app/replay/...",
	}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
	for _, f := range files(t) {
		if f.test || !inAny(f.dir, pure) {
			continue
		}
		for _, imported := range f.imports() {
			require.False(t, in(imported, "math/rand/..."), "%s/%s imports %s", f.dir, f.name, imported)
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s/%s starts a goroutine", f.dir, f.name)
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && pkg.Obj == nil && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s/%s uses time.%s", f.dir, f.name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestEveryPackageSaysWhatItIs: the package comment is the first thing a reader looks for.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	described := map[string]bool{}
	for _, f := range files(t) {
		if !f.test {
			described[f.dir] = described[f.dir] || f.Doc != nil
		}
	}
	for dir, ok := range described {
		require.True(t, ok, "%s has no package comment", dir)
	}
}

// TestNothingHappensBehindTheReader: registration by listing instead of init, errors instead of panics and exits.
func TestNothingHappensBehindTheReader(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				require.False(t, n.Recv == nil && n.Name.Name == "init", "%s/%s has an init function", f.dir, f.name)
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok {
					require.NotEqual(t, "panic", name.Name, "%s/%s panics", f.dir, f.name)
				}
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && f.Name.Name != "main" {
					pkg, isName := sel.X.(*ast.Ident)
					require.False(t, isName && pkg.Name == "os" && sel.Sel.Name == "Exit", "%s/%s exits", f.dir, f.name)
				}
			}
			return true
		})
	}
}

// TestMainIsShort: main holds nothing worth testing.
func TestMainIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "cmd/shipwake/main.go"))
	require.NoError(t, err)
	require.LessOrEqual(t, strings.Count(string(text), "\n"), 40)
}

// TestEveryFolderIsListed: a source or sink that is not in its list is not in the binary.
func TestEveryFolderIsListed(t *testing.T) {
	all := files(t)
	for room, apart := range map[string][]string{
		"collector/source":  {"all", "mapping", "sourcetest", "vendors"},
		"sinks":             {"all", "call", "route", "sinktest"},
		"collector/history": {"all", "historytest"},
	} {
		var listed []string
		for _, f := range all {
			if f.dir == room+"/all" && !f.test {
				listed = append(listed, f.imports()...)
			}
		}
		for _, f := range all {
			if dir, name := path.Split(f.dir); dir == room+"/" && !slices.Contains(apart, name) {
				require.Contains(t, listed, module+f.dir, "%s/all does not list %s", room, name)
			}
		}
	}
}
