package docs_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark/ast"
	"mvdan.cc/sh/v3/syntax"

	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/collector/source"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/all"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// now is what a page's $(date …) prints.
const now = "2026-03-01T10:00:00Z"

// call is a command on a page, its words as the shell would make them.
type call struct {
	at    string
	line  uint
	words []string
}

// calls are all commands of a name in the shell blocks of all pages. Every block must be one that a shell understands.
func calls(t *testing.T, name string) (all []call) {
	t.Helper()
	for _, p := range pages(t) {
		known := map[string]string{} // variables, from one block to the next
		for _, b := range p.blocks("sh", "console") {
			file, err := syntax.NewParser().Parse(strings.NewReader(typed(b)), p.path)
			require.NoError(t, err, "%s:%d", p.path, b.line)
			syntax.Walk(file, func(node syntax.Node) bool {
				if c, ok := node.(*syntax.CallExpr); ok {
					for _, a := range c.Assigns {
						known[a.Name.Value] = value(a.Value, known)
					}
					if words := values(c.Args, known); len(words) > 0 && strings.TrimPrefix(words[0], "./bin/") == name {
						all = append(all, call{p.path, uint(b.line-1) + c.Pos().Line(), words[1:]})
					}
				}
				return true
			})
		}
	}
	return all
}

// typed is what a person types of a block: in a console, what stands behind a dollar and what goes on behind a backslash.
func typed(b block) string {
	if b.language != "console" {
		return b.code
	}
	var lines []string
	on := false
	for line := range strings.Lines(b.code) {
		rest, begins := strings.CutPrefix(line, "$ ")
		if !begins && !on {
			rest = "\n"
		}
		on = (begins || on) && strings.HasSuffix(rest, "\\\n")
		lines = append(lines, rest)
	}
	return strings.Join(lines, "")
}

func values(words []*syntax.Word, known map[string]string) (all []string) {
	for _, w := range words {
		all = append(all, value(w, known))
	}
	return all
}

// escaped is what a backslash means within double quotes.
var escaped = strings.NewReplacer(`\"`, `"`, `\$`, `$`, "\\`", "`", `\\`, `\`)

// value is what a word becomes: variables are what they were set to, else x.
func value(w *syntax.Word, known map[string]string) string {
	if w == nil {
		return ""
	}
	var b strings.Builder
	for _, part := range w.Parts {
		valueOf(part, known, &b)
	}
	return b.String()
}

func valueOf(part syntax.WordPart, known map[string]string, b *strings.Builder) {
	switch part := part.(type) {
	case *syntax.Lit:
		b.WriteString(strings.ReplaceAll(part.Value, "\\\n", ""))
	case *syntax.SglQuoted:
		b.WriteString(part.Value)
	case *syntax.DblQuoted:
		for _, inner := range part.Parts {
			if lit, ok := inner.(*syntax.Lit); ok {
				inner = &syntax.Lit{Value: escaped.Replace(lit.Value)}
			}
			valueOf(inner, known, b)
		}
	case *syntax.ParamExp:
		if set, ok := known[part.Param.Value]; ok {
			b.WriteString(set)
		} else {
			b.WriteString("x")
		}
	case *syntax.CmdSubst:
		if words := strings.Join(commandOf(part), " "); strings.HasPrefix(words, "date ") {
			b.WriteString(now)
		} else {
			b.WriteString("x")
		}
	}
}

func commandOf(s *syntax.CmdSubst) []string {
	if len(s.Stmts) == 1 {
		if c, ok := s.Stmts[0].Cmd.(*syntax.CallExpr); ok {
			return values(c.Args, nil)
		}
	}
	return nil
}

// TestCommandsExist: every command line of the program on a page names a command that there is, with flags that it takes.
func TestCommandsExist(t *testing.T) {
	all := calls(t, "shipwake")
	require.Greater(t, len(all), 50)
	for _, c := range all {
		if slices.ContainsFunc(c.words, func(w string) bool { return w == "…" || w == "FORMAT" || w == "SYSTEM" }) {
			continue // the shape of a command, not one to type
		}
		code, said := shipwake(t, append(slices.Clone(c.words), "--help")...)
		require.Zero(t, code, "%s:%d: %v: %s", c.at, c.line, c.words, said)
		if len(c.words) > 0 && !strings.HasPrefix(c.words[0], "-") {
			require.True(t, strings.Contains(said, "\n  shipwake "+c.words[0]), "%s:%d: there is no command %q", c.at, c.line, c.words[0])
		}
	}
}

var inline = regexp.MustCompile(`^shipwake ([a-z][a-z-]*)`)

// TestCommandsInSentencesExist: what a sentence calls `shipwake …` is a command.
func TestCommandsInSentencesExist(t *testing.T) {
	from := map[string]string{}
	for _, p := range pages(t) {
		each(p, func(n *ast.CodeSpan) {
			if m := inline.FindStringSubmatch(words(n, p.text)); m != nil {
				from[m[1]] = p.path
			}
		})
	}
	require.Greater(t, len(from), 15)
	for command, at := range from {
		_, said := shipwake(t, command, "--help")
		require.True(t, strings.Contains(said, "\n  shipwake "+command), "%s: there is no command %q", at, command)
	}
}

// TestRequestsAreAnswered: every request of a page to the daemon has a route, and every fact that one sends is understood by its source.
func TestRequestsAreAnswered(t *testing.T) {
	routes := routes(t)
	asked, told := 0, 0
	for _, c := range calls(t, "curl") {
		address, body := request(c.words)
		if address == nil || !ours(address) {
			continue
		}
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		if name, ok := strings.CutPrefix(address.Path, "/hooks/"); ok {
			told++
			understood(t, c, name, body)
			continue
		}
		asked++
		_, pattern := routes.Handler(httptest.NewRequest(method, address.String(), nil))
		require.NotEmpty(t, pattern, "%s:%d: nothing answers %s %s", c.at, c.line, method, address)
	}
	require.Positive(t, asked)
	require.Positive(t, told)
}

// TestFactsAreUnderstood: what a page shows as a fact in JSON is one.
func TestFactsAreUnderstood(t *testing.T) {
	for _, p := range pages(t) {
		for _, b := range p.blocks("json") {
			if code := strings.TrimSpace(b.code); strings.HasPrefix(code, `{"change": {`) || strings.HasPrefix(code, `{"incident": {`) || strings.HasPrefix(code, `{"check": {`) {
				understood(t, call{at: p.path, line: uint(b.line)}, "generic", code)
			}
		}
	}
}

// understood: the source reads facts of a body. Payloads of a source on its own page are sent to it by the tests of the receiver.
func understood(t *testing.T, c call, name, body string) {
	t.Helper()
	i := slices.IndexFunc(sources.Sources(), func(s source.Source) bool { return s.Name == name })
	require.NotEqual(t, -1, i, "%s:%d: there is no source %q", c.at, c.line, name)
	if name != "generic" || body == "" || strings.HasPrefix(body, "@") {
		return
	}
	reading, err := sources.Sources()[i].Parse(correlate.Raw{Source: name, Body: []byte(body)})
	require.NoError(t, err, "%s:%d: %s", c.at, c.line, body)
	require.NotEmpty(t, reading.Facts, "%s:%d: %s", c.at, c.line, body)
	for _, f := range reading.Facts {
		require.NoError(t, f.WithDefaults().Validate(), "%s:%d: %s", c.at, c.line, body)
	}
}

// request is what curl is asked to send, and where.
func request(words []string) (address *url.URL, body string) {
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-d" || w == "--data" || w == "--data-binary":
			i++
			body = words[i]
		case w == "-H" || w == "-X" || w == "-o" || w == "-u" || w == "--data-urlencode" || w == "--cacert" || w == "--cert" || w == "--key":
			i++
		case strings.HasPrefix(w, "http://") || strings.HasPrefix(w, "https://"):
			if parsed, err := url.Parse(w); err == nil {
				address = parsed
			}
		}
	}
	return address, body
}

// ours: an address of the daemon, on this machine or by the name that pages give it.
func ours(address *url.URL) bool {
	switch address.Port() {
	case "8787", "8788":
		return true
	}
	return strings.HasPrefix(address.Hostname(), "shipwake")
}

// routes are what the daemon answers at the listener for readers.
func routes(t *testing.T) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	for _, pattern := range []string{"GET /-/healthy", "GET /-/ready", "POST " + rollbacks.SwitchPath} {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	for _, f := range all.Factories() {
		if !slices.Contains([]string{"api", "gate", "page", "prometheus"}, f.Name) {
			continue
		}
		sink, err := f.New(sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = sink.Close() })
		for pattern, handler := range sinks.Routes(sink) {
			mux.Handle(pattern, handler)
		}
	}
	return mux
}
