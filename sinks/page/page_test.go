package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{Streams: []string{"GET /events/{id...}"}, Told: func(t *testing.T, s sinks.Sink) string {
		return get(t, serve(s), "/changes").Body.String()
	}})
}

func open(t *testing.T, settings map[string]any) (*sinktest.Reader, *sink, http.Handler) {
	t.Helper()
	r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
	made, err := Factory().New(r, settings)
	require.NoError(t, err)
	return r, made.(*sink), serve(made)
}

func serve(s sinks.Sink) http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range sinks.Routes(s) {
		mux.Handle(pattern, h)
	}
	return mux
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

// text is what a page says, without its markup.
func text(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	w := get(t, h, target)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	root, err := html.Parse(w.Body)
	require.NoError(t, err)
	var words []string
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func TestWhatPagesSay(t *testing.T) {
	for target, want := range map[string][]string{
		"/changes": {"4 changes of 3 services: 2 regressed, 1 healthy, 1 inconclusive, 0 observed.", "payments-31", "R regressed", "88 %"},
		"/changes?service=checkout&verdict=regressed":       {"1 changes of 1 services", "checkout-4711"},
		"/changes?service=cart&version=v9":                  {"No change is like that.", "Show all"},
		"/changes/payments-31":                              {"payments v31 in production", "R regressed", "requests are slower", "Grade A", "May change until", "this change", "88 %", "take it back"},
		"/changes/checkout-4711":                            {"Taken back by checkout-4712", "Final.", "Checkout fails"},
		"/changes/cart-7":                                   {"H healthy", "it is proven to be no worse than the margin allows", "No earlier version is known to go back to."},
		"/changes/checkout-4711?as_of=2026-03-01T12:00:00Z": {"As it was known at 2026-03-01 12:00:00Z.", "See what is known now"},
		"/services/checkout":                                {"Live: v1 in production", "Changes", "Incidents", "Of the last 2 final verdicts 1 gave an answer"},
		"/incidents":                                        {"Checkout fails", "checkout-4711", "critical"},
		"/incidents?open=true":                              {"There is none."},
		"/dora":                                             {"shipwake v1", "By service", "Change fail rate"},
		"/dora?policy=devlake&by=team&days=7":               {"devlake v1", "By team"},
		"/rollbacks":                                        {"No decision was made.", "rollback::rules"},
		"/quality":                                          {"Changes without telemetry", "Names that don't meet", "the daemon is busy"},
		"/daemon":                                           {"ready", "Nothing. Point OTEL_EXPORTER_OTLP_ENDPOINT", "None: everything that came in was understood."},
	} {
		t.Run(target, func(t *testing.T) {
			_, _, h := open(t, nil)
			said := text(t, h, target)
			for _, w := range want {
				require.Contains(t, said, w)
			}
		})
	}
}

func TestWhatToGoBackTo(t *testing.T) {
	r, _, h := open(t, nil)
	before := func(id, version string, days int, edit func(*correlate.ChangeRecord)) {
		c := correlate.ChangeRecord{Change: correlate.Change{
			ID: id, Service: "payments", Version: version, StartedAt: sinktest.Noon.AddDate(0, 0, -days), FinishedAt: sinktest.Noon.AddDate(0, 0, -days),
		}.WithDefaults(), Phase: correlate.PhaseHistory}
		edit(&c)
		r.Put(correlate.Effect{Change: &c})
	}
	before("p-1", "v1", 9, func(*correlate.ChangeRecord) {})
	before("p-2", "v2", 8, func(c *correlate.ChangeRecord) { c.Verdict = &correlate.Verdict{Outcome: correlate.Regressed} })
	before("p-3", "v3", 7, func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })
	before("p-4", "v4", 6, func(c *correlate.ChangeRecord) { c.Incidents = []string{"P"} })
	before("p-5", "v31", 5, func(*correlate.ChangeRecord) {})
	require.Contains(t, text(t, h, "/changes/payments-31"), "Last good version: v1 ( p-1 ,")
}

func TestAnotherReportLeadsToItsChange(t *testing.T) {
	r, _, h := open(t, nil)
	r.Put(correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: "twin", Service: "cart"}, Phase: correlate.PhaseMerged, MergedInto: "cart-7"}})
	w := get(t, h, "/changes/twin")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/changes/cart-7", w.Header().Get("Location"))
}

func TestWhyThereIsNothingToShow(t *testing.T) {
	r, _, h := open(t, nil)
	for target, want := range map[string]struct {
		status int
		says   string
	}{
		"/changes/nobody":                            {404, "Nobody has reported this change"},
		"/changes/cart-7?as_of=yesterday":            {400, "as_of: &#34;yesterday&#34; is not a time"},
		"/changes/cart-7?as_of=2026-02-01T00:00:00Z": {400, "Leave as_of out, or choose a later time."},
		"/changes?verdict=good":                      {400, "Choose regressed, healthy or inconclusive."},
		"/changes?from=yesterday":                    {400, "from: "},
		"/services/nobody":                           {404, "Nothing is known of the service nobody"},
		"/dora?policy=mine":                          {400, "Choose one of [shipwake"},
		"/dora?by=moon":                              {400, "Choose one of [service"},
		"/changes?counted=everything":                {400, "Choose one of [deployments"},
		"/changes?counted=failures&policy=mine":      {400, "Choose one of [shipwake"},
		"/dora?days=8":                               {400, "is none of [7"},
		"/incidents?as_of=x":                         {400, "is not a time"},
	} {
		w := get(t, h, target)
		require.Equal(t, want.status, w.Code, target)
		require.Contains(t, w.Body.String(), want.says)
	}
	r.Fail(errors.New("open /var/lib/secret-path: input/output error"))
	for _, target := range []string{"/changes", "/changes/cart-7", "/services/cart", "/incidents", "/dora", "/daemon"} {
		w := get(t, h, target)
		require.Equal(t, http.StatusServiceUnavailable, w.Code, target)
		require.Contains(t, w.Body.String(), "The record can&#39;t be read now")
		require.NotContains(t, w.Body.String(), "secret-path")
	}
}

// TestAPageLoadsAndDoesOnlyWhatItMay: no script or style but the own ones, no attribute that the policy would stop, and
// whatever the record holds is text.
func TestAPageLoadsAndDoesOnlyWhatItMay(t *testing.T) {
	r, _, h := open(t, map[string]any{"links": []any{map[string]any{"title": "Grafana", "url": "https://grafana.example/d?s={service}&from={from_ms}"}}})
	evil := correlate.ChangeRecord{Change: correlate.Change{
		ID: `"><script>alert(1)</script>`, Service: `<img src=x onerror=alert(1)>`, Version: `</title>`, URL: "javascript:alert(1)", StartedAt: sinktest.Noon,
	}.WithDefaults(), Phase: correlate.PhaseObserving}
	r.Put(correlate.Effect{Change: &evil})
	for _, target := range []string{"/changes", "/changes/payments-31", changePath(evil.ID), servicePath(evil.Service), "/services/checkout", "/incidents", "/dora", "/daemon"} {
		w := get(t, h, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'")
		root, err := html.Parse(w.Body)
		require.NoError(t, err)
		for n := range root.Descendants() {
			require.NotContains(t, []string{"style", "img", "iframe", "base"}, n.Data, target)
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(a.Val, "javascript:"), "%s: %s=%s", target, a.Key, a.Val)
			}
			if n.Data == "script" && n.Type == html.ElementNode {
				require.Contains(t, n.Attr, html.Attribute{Key: "src", Val: "/static/page.js?v=" + edition})
				require.Nil(t, n.FirstChild)
			}
		}
	}
	w := get(t, h, "/changes/payments-31")
	require.Contains(t, w.Body.String(), `href="https://grafana.example/d?s=payments&amp;from=`)
}

// TestANumberOpensItsChanges: behind each number of the table stand as many changes as it counts.
func TestANumberOpensItsChanges(t *testing.T) {
	_, _, h := open(t, nil)
	cell := regexp.MustCompile(`<a href="(/changes\?[^"]*counted=[^"]+)">(?:[\d.]+ % \()?(\d+)`)
	cells := cell.FindAllStringSubmatch(get(t, h, "/dora").Body.String(), -1)
	require.Greater(t, len(cells), 4)
	for _, c := range cells {
		listed := get(t, h, html.UnescapeString(c[1])).Body.String()
		require.Equal(t, c[2], fmt.Sprint(strings.Count(listed, `<tr><td class="time">`)), c[1])
	}
}

// TestEveryLinkLeadsSomewhere follows what the pages link to, and what that links to, within the pages.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	_, _, h := open(t, nil)
	seen := map[string]bool{}
	queue := []string{"/changes", "/incidents", "/dora", "/daemon"}
	for len(queue) > 0 {
		target := queue[0]
		queue = queue[1:]
		if seen[target] || len(seen) > 300 {
			continue
		}
		seen[target] = true
		w := get(t, h, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		root, err := html.Parse(w.Body)
		require.NoError(t, err)
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				elsewhere := strings.HasPrefix(a.Val, "/api/") || a.Val == "/metrics" || strings.HasPrefix(a.Val, "#") || strings.Contains(a.Val, "://")
				if (a.Key == "href" || a.Key == "src") && !elsewhere {
					queue = append(queue, a.Val)
				}
			}
		}
	}
	for _, want := range []string{"/static/page.css?v=" + edition, "/static/page.js?v=" + edition, "/static/icon.svg?v=" + edition, "/changes/payments-31", "/services/cart"} {
		require.True(t, seen[want], want)
	}
}

func TestMarksNeverHideEachOther(t *testing.T) {
	r, _, h := open(t, nil)
	for n := range 40 {
		c := correlate.ChangeRecord{Change: correlate.Change{
			ID: fmt.Sprintf("burst-%02d", n), Service: "cart", Version: fmt.Sprint(n), StartedAt: sinktest.Noon.Add(time.Duration(n) * time.Second),
		}.WithDefaults(), Phase: correlate.PhaseObserving}
		if n == 7 {
			c.Verdict = &correlate.Verdict{Outcome: correlate.Regressed}
		}
		r.Put(correlate.Effect{Change: &c})
	}
	w := get(t, h, "/changes")
	group := regexp.MustCompile(`<a href="([^"]+)"><title>40 changes of cart, one of them at least regressed</title><rect class="bad"`).FindStringSubmatch(w.Body.String())
	require.NotNil(t, group, w.Body)
	require.Equal(t, 40, strings.Count(text(t, h, html.UnescapeString(group[1])), " burst-"))

	changes := []correlate.ChangeRecord{}
	for n := range 500 {
		changes = append(changes, correlate.ChangeRecord{Change: correlate.Change{ID: fmt.Sprint(n), Service: fmt.Sprint("s", n%3), StartedAt: sinktest.Noon.Add(-time.Duration(n*n) * time.Second)}})
	}
	line := newTimeline(changes, url.Values{})
	for _, l := range line.Lanes {
		for at := 1; at < len(l.Marks); at++ {
			before := l.Marks[at-1]
			require.LessOrEqual(t, before.X+before.Wide, l.Marks[at].X, "%s: %s and %s", l.Service, before.Title, l.Marks[at].Title)
		}
		last := l.Marks[len(l.Marks)-1]
		require.LessOrEqual(t, last.X+last.Wide, laneWide)
	}
}

func TestSettingsOfLinks(t *testing.T) {
	for want, link := range map[string]map[string]any{
		`has no title`:                 {"url": "https://x"},
		"must begin with https://":     {"title": "T", "url": "javascript:alert(1)"},
		"{servce} of \"T\" is unknown": {"title": "T", "url": "https://x/{servce}"},
	} {
		require.ErrorContains(t, Factory().Check(map[string]any{"links": []any{link}}), want)
	}
	c := correlate.ChangeRecord{Change: correlate.Change{ID: "a&b", Service: "shop/till", StartedAt: sinktest.Noon}, WindowEnd: sinktest.Noon.Add(time.Hour)}
	require.Equal(t, "https://x/?c=a%26b&s=shop%2Ftill&f=2026-03-01T11%3A00%3A00Z&t=1772370000000",
		Link{URL: "https://x/?c={change}&s={service}&f={from}&t={to_ms}"}.to(c).URL)
}

// stream is what an open page is told.
type stream struct {
	mu     sync.Mutex
	text   strings.Builder
	header http.Header
}

func (s *stream) Header() http.Header { return s.header }

func (s *stream) WriteHeader(int) {}

func (s *stream) Flush() {}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stream) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// TestAnOpenPageHearsOfNews: of its change and of no other, at most 200 pages, until the reader goes or the daemon ends.
func TestAnOpenPageHearsOfNews(t *testing.T) {
	follow := func(l *live, id string, r *http.Request) (*stream, chan struct{}) {
		w, done := &stream{header: http.Header{}}, make(chan struct{})
		go func() {
			defer close(done)
			l.follow(w, r, id)
		}()
		synctest.Wait()
		return w, done
	}
	synctest.Test(t, func(t *testing.T) {
		l := newLive()
		request := httptest.NewRequest(http.MethodGet, "/events/a", nil)
		w, done := follow(l, "a", request)
		list, listed := follow(l, "", request)
		require.Equal(t, "retry: 3000\n\n", w.said())
		l.tell([]correlate.Effect{{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: "b"}}}, {}})
		synctest.Wait()
		require.NotContains(t, w.said(), "changed")
		require.Contains(t, list.said(), "event: changed\ndata:\n\n")
		for _, e := range []correlate.Effect{
			{Verdict: &correlate.Verdict{ChangeID: "a"}}, {Regression: &correlate.Regression{Suspects: []correlate.Suspect{{ChangeID: "a"}}}},
			{Incident: &correlate.IncidentRecord{AttributedTo: "a"}}, {Change: &correlate.ChangeRecord{Change: correlate.Change{ID: "a"}}},
		} {
			before := strings.Count(w.said(), "changed")
			l.tell([]correlate.Effect{e})
			synctest.Wait()
			require.Equal(t, before+1, strings.Count(w.said(), "changed"))
		}
		time.Sleep(keepAlive + time.Second)
		synctest.Wait()
		require.Contains(t, w.said(), "\n\n:\n\n")
		l.close()
		<-done
		<-listed
		require.Zero(t, l.count)
		require.Empty(t, l.streams)
		refused := httptest.NewRecorder()
		l.follow(refused, request, "a")
		require.Equal(t, http.StatusNoContent, refused.Code)
		l.close()
	})
	l := newLive()
	for range mostStreams {
		_, ok := l.join("a")
		require.True(t, ok)
	}
	_, ok := l.join("a")
	require.False(t, ok)
}

func FuzzPages(f *testing.F) {
	for _, seed := range []string{"/changes?service=%00", "/changes/a%2Fb?as_of=1", "/dora?days=-1", "/services/%", "/incidents?open=x"} {
		f.Add(seed)
	}
	made, err := Factory().New(sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
	if err != nil {
		f.Fatal(err)
	}
	h := serve(made)
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/events/") {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: u, Host: "localhost"})
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

func TestTheRootLeadsToTheChanges(t *testing.T) {
	_, _, h := open(t, nil)
	w := get(t, h, "/")
	require.Equal(t, http.StatusFound, w.Code)
	require.Equal(t, "/changes", w.Header().Get("Location"))
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Zero(t, w.Body.Len())
}

func TestNamesThatDontMeetComeWithTheirRule(t *testing.T) {
	r, _, h := open(t, nil)
	r.SetHeard(correlate.Place{Service: "payment", Environment: "production"}, correlate.Place{Service: "cart", Environment: "production"})
	said := text(t, h, "/quality?days=7")
	require.Contains(t, said, "services: [{is: [payments], name: payment}]")
	require.Contains(t, said, "Places that both sides name: 1.")
	require.Equal(t, http.StatusBadRequest, get(t, h, "/quality?days=8").Code)
}
