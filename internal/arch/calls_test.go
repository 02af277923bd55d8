package arch_test

import (
	"go/ast"
	"slices"
	"testing"
)

// TestOutgoingCallsAreGuarded: what the daemon calls because of its configuration goes through internal/outgoing, which
// refuses addresses inside. Kafka's brokers are inside by nature, and promtest is for tests alone.
func TestOutgoingCallsAreGuarded(t *testing.T) {
	makers := map[string][]string{
		"http": {"Client", "DefaultClient", "Transport", "DefaultTransport", "Get", "Head", "Post", "PostForm"},
		"net":  {"Dial", "DialTimeout", "Dialer"},
		"tls":  {"Dial", "DialWithDialer", "Dialer"},
	}
	for _, f := range files(t) {
		if f.test || !inAny(f.dir, []string{"sinks/...", "collector/...", "correlate/..."}) || inAny(f.dir, []string{"collector/kafka/...", "collector/prometheus/promtest"}) {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			// The type of a field or a parameter makes nothing: what counts is a call, a literal, or a default taken.
			if star, ok := n.(*ast.StarExpr); ok {
				_, ok := star.X.(*ast.SelectorExpr)
				return !ok
			}
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(makers[pkg.Name], sel.Sel.Name) {
					t.Errorf("%s/%s uses %s.%s: make the client with internal/outgoing", f.dir, f.name, pkg.Name, sel.Sel.Name)
				}
			}
			return true
		})
	}
}
