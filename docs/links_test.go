package docs_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark/ast"
	"golang.org/x/sync/errgroup"
)

// TestLinksLeadSomewhere: every relative link and picture of every page, with its anchor.
func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	anchors := map[string][]string{}
	for _, p := range all {
		anchors[p.path] = p.anchors()
	}
	checked := 0
	for _, p := range all {
		t.Run(p.path, func(t *testing.T) {
			for _, link := range p.links() {
				target, err := url.Parse(link)
				require.NoError(t, err, link)
				if target.IsAbs() || target.Host != "" {
					continue
				}
				checked++
				to := p.path
				if target.Path != "" {
					to = path.Join(path.Dir(p.path), target.Path)
					require.False(t, strings.HasPrefix(to, ".."), "%s leads out of the repository", link)
					require.True(t, exists(to), "%s: there is no %s", link, to)
				}
				if known, ok := anchors[to]; ok && target.Fragment != "" {
					require.Contains(t, known, target.Fragment, link)
				}
			}
		})
	}
	require.Greater(t, checked, 200)
}

// TestEveryPageIsFound: from the first page of the documentation, each other one can be reached.
func TestEveryPageIsFound(t *testing.T) {
	byPath := map[string]page{}
	for _, p := range pages(t) {
		byPath[p.path] = p
	}
	found := map[string]bool{"docs/README.md": true}
	for open := []string{"docs/README.md"}; len(open) > 0; open = open[1:] {
		for _, link := range byPath[open[0]].links() {
			target, err := url.Parse(link)
			require.NoError(t, err)
			to := path.Join(path.Dir(open[0]), target.Path)
			if _, ok := byPath[to]; ok && !target.IsAbs() && !found[to] {
				found[to] = true
				open = append(open, to)
			}
		}
	}
	for at := range byPath {
		if strings.HasPrefix(at, "docs/") {
			require.True(t, found[at], "no page leads from docs/README.md to %s", at)
		}
	}
}

func exists(from string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(from)))
	return err == nil
}

// links are the destinations of a page's links and pictures, as they are written.
func (p page) links() (all []string) {
	each(p, func(n *ast.Link) { all = append(all, string(n.Destination)) })
	each(p, func(n *ast.Image) { all = append(all, string(n.Destination)) })
	each(p, func(n *ast.AutoLink) {
		if n.AutoLinkType == ast.AutoLinkURL {
			all = append(all, string(n.URL(p.text)))
		}
	})
	return all
}

var named = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)

// anchors are what a link to a page may end with: its headings, as forges make anchors of them, and what HTML names.
func (p page) anchors() (all []string) {
	times := map[string]int{}
	each(p, func(n *ast.Heading) {
		anchor := slug(words(n, p.text))
		if again := times[anchor]; again > 0 {
			all = append(all, fmt.Sprintf("%s-%d", anchor, again))
		} else {
			all = append(all, anchor)
		}
		times[anchor]++
	})
	for _, m := range named.FindAllSubmatch(p.text, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// words are the text of a node without its markup.
func words(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(inner ast.Node, entering bool) (ast.WalkStatus, error) {
		if text, ok := inner.(*ast.Text); ok && entering {
			b.Write(text.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// slug is the anchor that GitHub and GitLab make of a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// TestExternalLinks asks each address on the pages, and fails for those that are gone. `make docs-links` runs it.
func TestExternalLinks(t *testing.T) {
	if os.Getenv("SHIPWAKE_TEST_LINKS") == "" {
		t.Skip("make docs-links runs it")
	}
	from := map[string]string{}
	for _, p := range pages(t) {
		for _, link := range p.links() {
			if target, err := url.Parse(link); err == nil && strings.HasPrefix(target.Scheme, "http") && !madeUp(target.Hostname()) {
				target.Fragment = ""
				from[target.String()] = p.path
			}
		}
	}
	client := &http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	var gone, silent []string
	for link, said := range askAll(client, slices.Sorted(maps.Keys(from))) {
		switch {
		case said.err != nil:
			silent = append(silent, link)
		case said.status == http.StatusNotFound || said.status == http.StatusGone:
			gone = append(gone, fmt.Sprintf("%s: %s (%d)", from[link], link, said.status))
		}
	}
	slices.Sort(gone)
	if len(silent) == len(from) {
		t.Skipf("SKIP: none of %d addresses can be reached from here", len(from))
	}
	t.Logf("%d addresses, of which %d can't be reached from here: %v", len(from), len(silent), silent)
	require.Empty(t, gone)
}

// madeUp: the hosts of examples.
func madeUp(host string) bool {
	return host == "127.0.0.1" || host == "localhost" || !strings.Contains(host, ".") || host == "example.com" || strings.HasSuffix(host, ".example.com")
}

// said is what an address answers.
type said struct {
	status int
	err    error
}

// askAll asks eight addresses at a time.
func askAll(client *http.Client, links []string) map[string]said {
	var all sync.Map
	var group errgroup.Group
	group.SetLimit(8)
	for _, link := range links {
		group.Go(func() error {
			status, err := ask(client, link)
			all.Store(link, said{status, err})
			return nil
		})
	}
	_ = group.Wait()
	answers := map[string]said{}
	all.Range(func(link, answer any) bool {
		answers[link.(string)] = answer.(said)
		return true
	})
	return answers
}

func ask(client *http.Client, link string) (status int, err error) {
	request, err := http.NewRequest(http.MethodGet, link, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("User-Agent", "shipwake-docs-links")
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
