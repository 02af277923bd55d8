package prometheus

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// scraped is a process that is scraped each 15 s while virtual time passes.
type scraped struct {
	*fakeServer
	requests, errors float64
	silent           bool // scrapes fail
}

// pass lets time go on, with so many requests before each scrape.
func (s *scraped) pass(d time.Duration, requests, errors float64) {
	for range int(d / (15 * time.Second)) {
		time.Sleep(15 * time.Second)
		s.requests += requests
		s.errors += errors
		if s.silent {
			continue
		}
		values := map[string]float64{`http_requests_total{code="200"}`: s.requests}
		if s.errors > 0 {
			values[`http_requests_total{code="503"}`] = s.errors
		}
		s.scrape(time.Now(), "a:80", values)
	}
}

// inTime runs a test in virtual time with a server that is asked.
func inTime(t *testing.T, test func(t *testing.T, s *scraped, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		s := &scraped{fakeServer: newFakeServer()}
		s.pass(2*time.Minute, 10, 0)
		time.Sleep(5 * time.Second)
		w := newWorld(t, "http://prometheus:9090/prometheus/", func(to *client) { to.http.Transport = s })
		s.pass(time.Minute, 0, 0)
		test(t, s, w)
	})
}

func TestRequestsAreReadOnceAndWhole(t *testing.T) {
	inTime(t, func(t *testing.T, s *scraped, w *world) {
		require.Empty(t, w.requests(), "what was there before isn't counted")
		s.pass(5*time.Minute, 10, 1)
		s.pass(time.Minute, 0, 0)
		require.Equal(t, map[string][2]int64{"": {220, 20}}, w.requests())
		require.Zero(t, w.lost())
		for _, width := range s.widths()[6:] {
			require.LessOrEqual(t, width, 2*time.Minute, "a guest asks for what it needs")
		}
	})
}

func TestFailuresAreMadeUpFor(t *testing.T) {
	answer := func(code int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, wrong := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"a server that is down":      answer(502, "<html>"),
		"a wrong password":           answer(401, ""),
		"too many samples":           answer(422, `{"status":"error","errorType":"execution","error":"query processing would load too many samples"}`),
		"too many queries":           answer(429, `{"status":"error","error":"too many requests"}`),
		"an answer that isn't whole": answer(200, `{"status":"success","data":{"resultType":"matrix","result":[{"met`),
		"samples that aren't":        answer(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}`),
		"numbers that aren't":        answer(200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"x"]]}]}}`),
		"an instant vector":          answer(200, `{"status":"success","data":{"resultType":"vector","result":[]}}`),
		"success that says error":    answer(200, `{"status":"error","error":"oops"}`),
		"a page of something else":   answer(200, `<html>login</html>`),
		"a redirect to somewhere else": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://evil/", http.StatusTemporaryRedirect)
			return true
		},
		"only the second query failing": func(w http.ResponseWriter, r *http.Request) bool {
			return !strings.Contains(r.FormValue("query"), "up|") && answer(500, "")(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, s *scraped, w *world) {
				s.fail(wrong)
				s.pass(4*time.Minute, 10, 1)
				require.Empty(t, w.requests())
				s.fail(nil)
				s.pass(6*time.Minute, 0, 0)
				require.Equal(t, map[string][2]int64{"": {176, 16}}, w.requests(), "whatever happened meanwhile is read later")
				require.Zero(t, w.lost())
			})
		})
	}
}

func TestWhatIsTooMuchIsAskedForInPieces(t *testing.T) {
	inTime(t, func(t *testing.T, s *scraped, w *world) {
		s.fail(func(w http.ResponseWriter, r *http.Request) bool {
			var width int64
			_, _ = fmt.Sscanf(r.FormValue("query")[strings.LastIndex(r.FormValue("query"), "["):], "[%dms]", &width)
			if width > 90_000 {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			return width > 90_000
		})
		s.pass(5*time.Minute, 10, 0)
		s.pass(5*time.Minute, 0, 0)
		require.Equal(t, map[string][2]int64{"": {200, 0}}, w.requests())
	})
}

func TestAReaderThatIsFarBehindGoesOnAndSaysSo(t *testing.T) {
	inTime(t, func(t *testing.T, s *scraped, w *world) {
		s.fail(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true })
		s.pass(30*time.Minute, 10, 0)
		s.fail(nil)
		s.pass(10*time.Minute, 0, 0)
		require.Positive(t, w.lost())
		require.Equal(t, map[string][2]int64{"": {1200, 0}}, w.requests(), "a difference reaches over the hole")
	})
}

func TestWhatTheServerDoesNotVouchForIsALoss(t *testing.T) {
	for name, say := range map[string]string{
		"warnings":         `"warnings":["no StoreAPIs matched"],`,
		"a partial answer": `"isPartial":true,`,
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, s *scraped, w *world) {
				s.also(say)
				s.pass(2*time.Minute, 10, 0)
				require.Positive(t, w.lost())
				require.NotEmpty(t, w.requests(), "what it has is taken")
			})
		})
	}
}

func TestAServersClockIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		s.ahead = 90 * time.Second
		w := newWorld(t, "http://prometheus:9090/prometheus", func(to *client) { to.http.Transport = s })
		for i := range 20 {
			time.Sleep(15 * time.Second)
			s.scrape(time.Now().Add(s.ahead), "a:80", map[string]float64{`http_requests_total{code="200"}`: float64(10 * i)})
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string][2]int64{"": {190, 0}}, w.requests())
	})
}

func TestPointsWaitForWhoeverTakesThem(t *testing.T) {
	inTime(t, func(t *testing.T, s *scraped, w *world) {
		w.refuse(errors.New("no memory"))
		s.pass(2*time.Minute, 10, 0)
		require.Empty(t, w.requests())
		w.refuse(nil)
		s.pass(3*time.Minute, 0, 0)
		require.Equal(t, map[string][2]int64{"": {80, 0}}, w.requests())
		require.Zero(t, w.lost())

		w.refuse(consumererror.NewPermanent(errors.New("never")))
		s.pass(time.Minute, 10, 0)
		require.Positive(t, w.lost())
	})
}

func TestAProcessThatIsAwayIsNoProcessWithoutTraffic(t *testing.T) {
	inTime(t, func(t *testing.T, s *scraped, w *world) {
		s.silent = true
		s.pass(3*time.Minute, 10, 0)
		require.Empty(t, w.requests())
		s.silent = false
		s.pass(time.Minute, 10, 0)
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string][2]int64{"": {160, 0}}, w.requests(), "it goes on where it was")
	})
}

func TestWhatAConfigurationMayNotSay(t *testing.T) {
	own := func(keys map[string]any) map[string]any { return map[string]any{"own": []any{keys}} }
	for want, keys := range map[string]map[string]any{
		"endpoint: must be a URL such as http://prometheus:9090":                            {"endpoint": "prometheus:9090"},
		"endpoint: must not hold a user or a password; use auth or headers":                 {"endpoint": "http://me:secret@p:9090"},
		"endpoint: must not have a query or a fragment":                                     {"endpoint": "http://p:9090?x=secret"},
		"poll: 1ms: must be from 1s to 5m":                                                  {"poll": "1ms"},
		"delay: 10m0s: must be from 0s to 5m":                                               {"delay": "10m"},
		`off: "istioo" is no family; those there are: otel-http,`:                           {"off": []any{"istioo"}},
		"own[0]::counter: name the counter of requests, or the histogram of their duration": own(map[string]any{"status": []any{"code"}}),
		`own[0]::counter: "a{b}" is no metric's name; matchers go to only`:                  own(map[string]any{"counter": "a{b}"}),
		`own[0]::duration: "1a" is no metric's name; matchers go to only`:                   own(map[string]any{"duration": "1a"}),
		`own[0]::unit: "min": must be s or ms`:                                              own(map[string]any{"duration": "a", "unit": "min"}),
		"own[0]::status: name the label that tells how a request ended":                     own(map[string]any{"counter": "a"}),
		"own[0]::errors::result: error parsing regexp":                                      own(map[string]any{"counter": "a", "errors": map[string]any{"result": "("}}),
		"own[0]::only::result: error parsing regexp":                                        own(map[string]any{"counter": "a", "status": []any{"code"}, "only": map[string]any{"result": "("}}),
	} {
		t.Run(want, func(t *testing.T) {
			if keys["endpoint"] == nil {
				keys["endpoint"] = "http://prometheus:9090"
			}
			_, err := configured(t, keys)
			require.ErrorContains(t, err, "servers[0]::"+want)
			require.NotContains(t, err.Error(), "secret")
		})
	}
	require.ErrorContains(t, defaultConfig().(*Config).Validate(), "servers: at least one is required")
}

func TestMetricsOfOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeServer()
		w := newWorldWith(t, map[string]any{
			"endpoint": "http://prometheus:9090/prometheus", "poll": "1s", "delay": "1s", "environment": "production",
			"own": []any{map[string]any{"counter": "orders_total", "errors": map[string]any{"result": "fail.*"}, "service": []any{"team_app"}}},
		}, func(to *client) { to.http.Transport = s })
		for i := range 10 {
			time.Sleep(15 * time.Second)
			s.scrape(time.Now(), "a:80", map[string]float64{
				`orders_total{team_app="shop",result="ok"}`: float64(10 * i), `orders_total{team_app="shop",result="failed"}`: float64(i),
			})
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string][2]int64{"": {99, 9}}, w.requests())
	})
}

func TestEveryFamilyIsAskedFor(t *testing.T) {
	cfg, err := configured(t, map[string]any{"endpoint": "http://prometheus:9090"})
	require.NoError(t, err)
	table, err := cfg.Servers[0].Table()
	require.NoError(t, err)
	all := selectors(table)
	require.Len(t, all, 5, "one for families of which all series count, one for each other filter")
	asked := func(name, label, value string) bool {
		s := recorded{labels: nil}
		s.labels = append(s.labels, labels("__name__", name)...)
		s.labels = append(s.labels, labels(label, value)...)
		return slices.ContainsFunc(all, s.matches)
	}
	require.True(t, asked("http.server.request.duration_bucket", "job", "shop"))
	require.True(t, asked("http_requests_total", "job", "shop"))
	require.True(t, asked("istio_requests_total", "reporter", "destination"))
	require.False(t, asked("istio_requests_total", "reporter", "source"))
	require.True(t, asked("traces_spanmetrics_calls_total", "span_kind", "SPAN_KIND_SERVER"))
	require.False(t, asked("traces_spanmetrics_calls_total", "span_kind", "SPAN_KIND_CLIENT"))
	require.False(t, asked("go_goroutines", "job", "shop"))
}
