package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// What make e2e-pages says: the program, a browser, the text of axe ("" for none), and where pictures go.
var (
	program  = os.Getenv("SHIPWAKE_TEST_PROGRAM")
	browser  = os.Getenv("SHIPWAKE_TEST_BROWSER")
	axe      = contents(os.Getenv("SHIPWAKE_TEST_AXE"))
	pictures = os.Getenv("SHIPWAKE_TEST_PICTURES")
)

// contents are the text of a file; "" when it can't be read, as when there is none.
func contents(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// patience is how long anything of the browser or the daemon may take.
const patience = 90 * time.Second

// daemon runs the program on a data directory, on free ports, and returns where its pages and its webhooks are.
func daemon(t *testing.T, data string, more ...string) (pages, hooks string) {
	t.Helper()
	args := append([]string{"--data-dir", data}, more...)
	var web string
	for _, key := range []string{
		"receivers.otlp.protocols.grpc.endpoint", "receivers.otlp.protocols.http.endpoint", "receivers.change_webhook.endpoint",
		"extensions.correlate.web.endpoint",
	} {
		hooks = web
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		web = listener.Addr().String()
		require.NoError(t, listener.Close())
		args = append(args, "--set="+key+"="+web)
	}
	run := exec.Command(program, args...)
	run.Stderr = os.Stderr
	require.NoError(t, run.Start())
	t.Cleanup(func() {
		_ = run.Process.Signal(os.Interrupt)
		_ = run.Wait()
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + web + "/-/ready")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, patience, 50*time.Millisecond)
	return "http://" + web, "http://" + hooks + "/hooks/generic"
}

// of is where the first change with a verdict is, and its service.
func of(t *testing.T, base, verdict string) []string {
	t.Helper()
	answer, err := http.Get(base + "/api/v1/changes?limit=1&verdict=" + verdict)
	require.NoError(t, err)
	defer answer.Body.Close()
	var found struct {
		Changes []struct{ ID, Service string }
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&found))
	require.NotEmpty(t, found.Changes, "a month has a change that is "+verdict)
	c := found.Changes[0]
	return []string{"/changes/" + url.PathEscape(c.ID), "/services/" + url.PathEscape(c.Service)}
}

// tab is a tab of the browser, and what its console said.
type tab struct {
	context.Context
	mu      sync.Mutex
	console []string
}

func open(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	within, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	allocated, cancel := chromedp.NewExecAllocator(within, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	b := &tab{Context: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	require.NoError(t, chromedp.Run(ctx)) // the browser lives as long as the context of its first run
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			b.console = append(b.console, fmt.Sprint(e.Type, " ", len(e.Args), " values"))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError || e.Entry.Level == log.LevelWarning {
			b.console = append(b.console, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// said is what the console said since the last question.
func (b *tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.console
	b.console = nil
	return all
}

// look is how a page is looked at.
type look struct {
	theme      string
	wide, tall int64
}

func (l look) String() string { return fmt.Sprintf("%s %dx%d", l.theme, l.wide, l.tall) }

var looks = []look{{"light", 1280, 800}, {"dark", 1280, 800}, {"light", 390, 844}, {"dark", 390, 844}}

// visit loads a page and returns what axe finds, how far it is wider than the window, and a picture.
func (b *tab) visit(t *testing.T, address string, l look) (violations []string, overflow int, picture []byte) {
	t.Helper()
	rules := `[]`
	if axe != "" {
		rules = `axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html).join(" | ")))`
	}
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	actions := []chromedp.Action{
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.theme}}),
		chromedp.EmulateViewport(l.wide, l.tall),
		chromedp.Navigate(address), chromedp.WaitVisible("footer"),
		chromedp.Evaluate(`Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)`, &overflow),
	}
	if axe != "" {
		actions = append(actions, chromedp.Evaluate(axe, nil))
	}
	actions = append(actions,
		chromedp.Evaluate(rules, &violations, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		chromedp.CaptureScreenshot(&picture),
	)
	require.NoError(t, chromedp.Run(ctx, actions...), address)
	return violations, overflow, picture
}

// TestPages visits every page of an empty daemon and of a month: nothing is wrong by the console or by axe, and nothing is wider
// than the window.
func TestPages(t *testing.T) {
	if program == "" || browser == "" {
		t.Skip("SKIP: make e2e-pages runs it, with a browser")
	}
	month := t.TempDir()
	made := exec.Command(program, "demo", "--month", "--exit", "--days", "4", "--dir", month)
	said, err := made.CombinedOutput()
	require.NoError(t, err, string(said))
	for name, data := range map[string]string{"empty": t.TempDir(), "month": filepath.Join(month, "data")} {
		t.Run(name, func(t *testing.T) {
			base, _ := daemon(t, data)
			paths := []string{"/changes", "/incidents", "/rollbacks", "/dora", "/quality", "/daemon", "/changes/nobody"}
			if name == "month" {
				paths = append(append(paths, of(t, base, "regressed")...), of(t, base, "healthy")[0], of(t, base, "inconclusive")[0])
			}
			b := open(t)
			for _, path := range paths {
				for _, l := range looks {
					violations, overflow, picture := b.visit(t, base+path, l)
					require.Empty(t, violations, "%s, %s", path, l)
					require.Zero(t, overflow, "%s is wider than the window, %s", path, l)
					keep(t, name+path, l, picture)
					for _, text := range b.said() {
						require.True(t, path == "/changes/nobody" && strings.Contains(text, "404"), "%s, %s: %s", path, l, text)
					}
				}
			}
		})
	}
}

// keep keeps a picture, where somebody wants to look.
func keep(t *testing.T, path string, l look, picture []byte) {
	t.Helper()
	if pictures == "" {
		return
	}
	name := strings.NewReplacer("/", "-", " ", "-", "%", "").Replace(path + " " + l.String())
	require.NoError(t, os.MkdirAll(pictures, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(pictures, name+".png"), picture, 0o644))
}

// TestAnOpenPageFollows: a page that is open shows a change as soon as it is told, and what somebody has unfolded stays so.
func TestAnOpenPageFollows(t *testing.T) {
	if program == "" || browser == "" {
		t.Skip("SKIP: make e2e-pages runs it, with a browser")
	}
	base, hooks := daemon(t, t.TempDir())
	b := open(t)
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(base+"/changes"), chromedp.WaitVisible(".empty")))
	tell := exec.Command(program, "change", "--id", "c-1", "--service", "checkout", "--version", "v2", "--status", "started", "--hooks", hooks)
	said, err := tell.CombinedOutput()
	require.NoError(t, err, string(said))
	require.NoError(t, chromedp.Run(ctx, chromedp.WaitVisible(`a[href="/changes/c-1"]`)))
	require.Empty(t, b.said())
}
