package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) { sinktest.Run(t, Factory(), sinktest.Options{}) }

func serve(t *testing.T, r sinks.Reader) http.Handler {
	t.Helper()
	s, err := Factory().New(r, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, h := range sinks.Routes(s) {
		mux.Handle(pattern, h)
	}
	return mux
}

func ask(h http.Handler, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// read asks and decodes an answer that must be a 200.
func read[T any](t *testing.T, h http.Handler, target string) T {
	t.Helper()
	w := ask(h, http.MethodGet, target)
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	var body T
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&body))
	return body
}

func story() *sinktest.Reader { return sinktest.NewReader(sinktest.Noon, sinktest.Story()...) }

func TestChanges(t *testing.T) {
	h := serve(t, story())
	for query, want := range map[string][]string{
		"":                                  {"payments-31", "checkout-4712", "checkout-4711", "cart-7"},
		"?service=checkout":                 {"checkout-4712", "checkout-4711"},
		"?service=checkout&version=v2":      {"checkout-4711"},
		"?verdict=regressed":                {"payments-31", "checkout-4711"},
		"?phase=observing":                  {"payments-31"},
		"?since=1h":                         {"payments-31"},
		"?since=1h&to=2026-03-01T11:00:00Z": {"checkout-4712", "checkout-4711"},
		"?from=2026-03-01T10:29:00Z":        {"payments-31", "checkout-4712"},
		"?to=2026-03-01T10:00:00Z":          {"cart-7"},
		"?limit=1&before=checkout-4712":     {"checkout-4711"},
		"?from=2026-03-01T10:00:00%2B02:00": {"payments-31", "checkout-4712", "checkout-4711", "cart-7"},
		"?service=cart&version=v9":          {},
	} {
		t.Run(query, func(t *testing.T) {
			got := []string{}
			for _, c := range read[Changes](t, h, "/api/v1/changes"+query).Changes {
				got = append(got, c.ID)
			}
			require.Equal(t, want, got)
		})
	}
}

func TestPagesLeadThroughAllChanges(t *testing.T) {
	h := serve(t, story())
	var ids []string
	for next := "/api/v1/changes?limit=1&since=1d"; next != ""; {
		page := read[Changes](t, h, next)
		for _, c := range page.Changes {
			ids = append(ids, c.ID)
		}
		next = page.Next
	}
	require.Equal(t, []string{"payments-31", "checkout-4712", "checkout-4711", "cart-7"}, ids)
}

func TestOneChange(t *testing.T) {
	r := story()
	slashed := correlate.ChangeRecord{Change: correlate.Change{ID: "shop/cart?1", Service: "cart"}}
	r.Put(correlate.Effect{Change: &slashed})
	h := serve(t, r)

	c := read[Change](t, h, "/api/v1/changes/checkout-4711")
	require.Equal(t, "checkout-4712", c.Change.RolledBackBy)
	require.Len(t, c.Verdicts, 1)
	require.Equal(t, correlate.Regressed, c.Verdicts[0].Outcome)
	require.Empty(t, c.Regressions)

	require.Len(t, read[Change](t, h, "/api/v1/changes/payments-31").Regressions, 1)
	require.Equal(t, "shop/cart?1", read[Change](t, h, "/api/v1/changes/shop/cart%3F1").Change.ID)
	require.Equal(t, "shop/cart?1", read[Change](t, h, "/api/v1/changes/shop%2Fcart%3F1").Change.ID)
	require.Contains(t, ask(h, http.MethodGet, "/api/v1/changes/shop/cart%3F1").Body.String(), `"verdicts":[]`, "a list is never null")
}

// An id may hold anything, a slash above all: GitHub's deployments are named after owner/repository. Escaped whole it
// reaches the record whatever it holds; with its slashes left as they are, when a path may look like that.
func TestAnyIDThroughARealServer(t *testing.T) {
	r := story()
	server := httptest.NewServer(serve(t, r))
	defer server.Close()
	defer server.Client().CloseIdleConnections()
	get := func(path string) (int, string) {
		answer, err := server.Client().Get(server.URL + "/api/v1/changes/" + path)
		require.NoError(t, err)
		defer func() { require.NoError(t, answer.Body.Close()) }()
		var body Change
		require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
		return answer.StatusCode, body.Change.ID
	}
	for _, id := range []string{
		"github-acme/checkout-1", "a//b", "/a", "a/", "../x", "a/../b", "a/./b", "a b?c#d", "100%", "%2F", "ü/漢", "a+b&c=d", "a;b", "a\\b", "line\nbreak",
	} {
		t.Run(id, func(t *testing.T) {
			r.Put(correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: id, Service: "cart"}}})
			status, got := get(url.PathEscape(id))
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, id, got)
		})
	}
	status, got := get("github-acme/checkout-1")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "github-acme/checkout-1", got)
	status, _ = get("github-acme%2Fcheckout-2")
	require.Equal(t, http.StatusNotFound, status)
}

func TestIncidentsAndRegressions(t *testing.T) {
	h := serve(t, story())
	require.Len(t, read[Incidents](t, h, "/api/v1/incidents").Incidents, 1)
	require.Equal(t, "checkout-4711", read[Incidents](t, h, "/api/v1/incidents?service=checkout&since=3h").Incidents[0].AttributedTo)
	require.Empty(t, read[Incidents](t, h, "/api/v1/incidents?open=true").Incidents)
	require.Len(t, read[Regressions](t, h, "/api/v1/regressions?change=payments-31").Regressions, 1)
	require.Empty(t, read[Regressions](t, h, "/api/v1/regressions?change=cart-7").Regressions)
}

func TestAnUnlinkedIncidentSaysWhy(t *testing.T) {
	r := story()
	for id, place := range map[string]correlate.Place{
		"staging": {Service: "checkout", Environment: "staging"}, "ghost": {Service: "ghost", Environment: "production"}, "nowhere": {Environment: "production"},
	} {
		r.Put(correlate.Effect{Incident: &correlate.IncidentRecord{Incident: correlate.Incident{
			ID: id, Service: place.Service, Environment: place.Environment, OpenedAt: sinktest.Noon.Add(-time.Hour),
		}}})
	}
	said := map[string]string{}
	for _, i := range read[Incidents](t, serve(t, r), "/api/v1/incidents").Incidents {
		said[i.ID] = i.Unlinked
		require.Equal(t, i.AttributedTo == "", i.Unlinked != "", i.ID)
	}
	require.Contains(t, said["staging"], "in staging")
	require.Contains(t, said["staging"], "changes of it are known in production")
	require.Equal(t, "no change of ghost is known in any environment", said["ghost"])
	require.Equal(t, "it names no service", said["nowhere"])
}

func TestAnotherReportOfAnIncidentIsNoIncident(t *testing.T) {
	r := story()
	before := len(read[Incidents](t, serve(t, r), "/api/v1/incidents").Incidents)
	r.Put(correlate.Effect{Incident: &correlate.IncidentRecord{
		Incident:  correlate.Incident{ID: "again", Service: "checkout", Environment: "production", OpenedAt: sinktest.Noon.Add(-time.Hour)},
		Retracted: true, MergedInto: "first",
	}})
	require.Len(t, read[Incidents](t, serve(t, r), "/api/v1/incidents").Incidents, before)
}

func TestAListByNameHasThoseInNamespaces(t *testing.T) {
	r := story()
	r.Put(correlate.Effect{Change: &correlate.ChangeRecord{
		Change: correlate.Change{ID: "ns-1", Service: "shop/till", Environment: "production", FinishedAt: sinktest.Noon.Add(-time.Hour)}, Phase: correlate.PhaseHistory,
	}})
	r.Put(correlate.Effect{Incident: &correlate.IncidentRecord{Incident: correlate.Incident{
		ID: "ns-i", Service: "shop/till", Environment: "production", OpenedAt: sinktest.Noon.Add(-time.Hour),
	}}})
	h := serve(t, r)
	require.Equal(t, "ns-1", read[Changes](t, h, "/api/v1/changes?service=till").Changes[0].ID)
	require.Equal(t, "ns-i", read[Incidents](t, h, "/api/v1/incidents?service=till").Incidents[0].ID)
	require.Equal(t, http.StatusNotFound, ask(h, http.MethodGet, "/api/v1/changes?service=ill").Code)
}

func TestAChangeThatIsWatchedSaysHowItStands(t *testing.T) {
	r := story()
	at := sinktest.Noon.Add(time.Minute)
	r.SetOutlook("payments-31", &correlate.Outlook{
		At: sinktest.Noon, Reason: correlate.ReasonUnderpowered, Evidence: []correlate.Evidence{}, ClosesAt: at, HeardIn: []string{},
		Waits: []correlate.Wait{{For: correlate.WaitRollout}},
	})
	r.SetOutlook("checkout-4712", &correlate.Outlook{})
	silent := correlate.ChangeRecord{
		Change: correlate.Change{ID: "mail-1", Service: "mail", Environment: "production"}, Phase: correlate.PhaseClosed,
		Verdict: &correlate.Verdict{Outcome: correlate.Inconclusive, Reason: correlate.ReasonNoTelemetry, Final: true, Evidence: []correlate.Evidence{}},
	}
	r.Put(correlate.Effect{Change: &silent})
	h := serve(t, r)
	require.Equal(t, correlate.WaitRollout, read[Change](t, h, "/api/v1/changes/payments-31").Outlook.Waits[0].For)
	require.Nil(t, read[Change](t, h, "/api/v1/changes/checkout-4712").Outlook, "its window is closed")
	for heard, want := range map[string]string{"prod-eu": "prod-eu", "": "no environment: no telemetry has its service.name"} {
		r.SetHeardIn("mail", strings.Fields(heard)...)
		c := read[Change](t, h, "/api/v1/changes/mail-1")
		require.Equal(t, want, c.InWords().HeardIn)
		require.Contains(t, c.Explanation.Lines, words.Line{About: "heard in", Text: want})
	}
}

func TestQuarantine(t *testing.T) {
	r := story()
	h := serve(t, r)
	require.Equal(t, Quarantine{Held: []Held{}}, read[Quarantine](t, h, "/api/v1/quarantine"))
	due := sinktest.Noon.Add(time.Hour)
	r.Hold(correlate.Held{Source: "github", ID: "1", Event: "push", ReceivedAt: sinktest.Noon, Bytes: 5, Problem: "unmapped"},
		correlate.Held{Source: "generic", ID: "2", ReceivedAt: sinktest.Noon, Problem: "future", Due: due})
	require.Equal(t, []Held{
		{Source: "generic", ID: "2", ReceivedAt: sinktest.Noon, Problem: "future", Due: &due},
		{Source: "github", ID: "1", Event: "push", ReceivedAt: sinktest.Noon, Bytes: 5, Problem: "unmapped"},
	}, read[Quarantine](t, h, "/api/v1/quarantine").Held)
	require.Len(t, read[Quarantine](t, h, "/api/v1/quarantine?limit=1").Held, 1)
}

func TestDORA(t *testing.T) {
	h := serve(t, story())
	report := read[DORA](t, h, "/api/v1/dora")
	require.Equal(t, dora.PolicyShipwake, report.Policy)
	require.Equal(t, 1, report.PolicyVersion)
	require.Equal(t, sinktest.Noon.AddDate(0, 0, -30), report.From)
	require.Equal(t, sinktest.Noon, report.To)
	require.Equal(t, 4, report.Total.Deployments)
	require.Equal(t, 1, report.Total.ChangeFailRate.Numerator)
	require.Equal(t, 2, report.Total.ChangeFailRate.Denominator)

	report = read[DORA](t, h, "/api/v1/dora?by=service&since=7d&team=shop")
	require.Len(t, report.Groups, 3)
	require.Equal(t, 7*24*time.Hour, report.To.Sub(report.From))

	require.Equal(t, dora.PolicyMiddleware, read[DORA](t, h, "/api/v1/dora?policy=middleware").Policy)
	require.Nil(t, read[DORA](t, h, "/api/v1/dora?policy=ratio").Total.ReworkRate)

	require.Nil(t, read[DORA](t, h, "/api/v1/dora?team=shop&to=2026-02-01T00:00:00Z").Total.ChangeFailRate, "no data is null")
	report = read[DORA](t, h, "/api/v1/dora?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z")
	require.Zero(t, report.Total.Deployments)
}

func TestNamesOfWhichNothingIsKnown(t *testing.T) {
	empty := serve(t, sinktest.NewReader(sinktest.Noon))
	require.Zero(t, read[DORA](t, empty, "/api/v1/dora?service=checkout&environment=production").Total.Deployments, "while nothing is known every name is right")

	names := make([]string, mostNames+2)
	for i := range names {
		names[i] = fmt.Sprintf("s%02d", i)
	}
	require.Equal(t, "s00, s01", listed(names[:2]))
	require.Equal(t, strings.Join(names[:mostNames], ", ")+" and 2 more", listed(slices.Clone(names)))
}

func TestStatus(t *testing.T) {
	r := story()
	h := serve(t, r)
	s := read[Status](t, h, "/api/v1/status")
	require.True(t, s.Ready)
	require.Nil(t, s.Watermark)
	require.Nil(t, s.Ledger.LastCommit)
	r.SetStatus(func(s *sinks.Status) {
		s.Watermark = s.Now.Add(-7 * time.Second)
		s.Outbox = []sinks.Queue{{Name: "webhook/ci", Waiting: 2, Oldest: s.Now}, {Name: "webhook/pager", Parked: 1}}
		s.Counts = []correlate.CountValue{{Count: correlate.Count{What: "facts", Source: "github", Result: "accepted"}, Value: 3}}
	})
	s = read[Status](t, h, "/api/v1/status")
	require.InDelta(t, 7, *s.WatermarkLag, 0)
	require.Equal(t, []Count{{"facts", "github", "accepted", 3}}, s.Counts)
	require.Equal(t, []Queue{{"webhook/ci", 2, 0, &s.Now}, {"webhook/pager", 0, 1, nil}}, s.Outbox)
}

func TestErrorsNameTheParameterAndWhatWouldBeRight(t *testing.T) {
	h := serve(t, story())
	for target, want := range map[string]struct {
		status          int
		parameter, says string
	}{
		"/api/v1/changes?limit=0":                                           {400, "limit", "from 1 to 1000"},
		"/api/v1/changes?limit=many":                                        {400, "limit", `"many" is not a whole number`},
		"/api/v1/changes?verdict=bad":                                       {400, "verdict", "use one of [regressed healthy inconclusive]"},
		"/api/v1/changes?verdict=":                                          {400, "verdict", "use one of"},
		"/api/v1/changes?phase=open":                                        {400, "phase", "observing closed history merged"},
		"/api/v1/changes?from=yesterday":                                    {400, "from", "2026-03-01T10:00:00Z"},
		"/api/v1/changes?since=1d&from=2026-03-01T10:00:00Z":                {400, "since", "not both"},
		"/api/v1/changes?from=2026-03-02T10:00:00Z&to=2026-03-01T10:00:00Z": {400, "to", "after from"},
		"/api/v1/changes?colour=red":                                        {400, "colour", "known are [service environment version"},
		"/api/v1/changes?service=a&service=b":                               {400, "service", "more than once"},
		"/api/v1/changes/cart-7?verbose=1":                                  {400, "verbose", "known are [as_of]"},
		"/api/v1/status?verbose=1":                                          {400, "verbose", "there are none"},
		"/api/v1/dora?as_of=2030-01-01T00:00:00Z":                           {400, "as_of", "lies in the future: it is 2026-03-01T12:00:00Z now"},
		"/api/v1/dora?as_of=2026-03-01T11:59:59Z":                           {400, "as_of", "begins at 2026-03-01T12:00:00Z"},
		"/api/v1/changes?as_of=2026-03-01T11:59:59Z":                        {400, "as_of", "begins at 2026-03-01T12:00:00Z"},
		"/api/v1/incidents?as_of=0001-01-01T00:00:00Z":                      {400, "as_of", "before 1970"},
		"/api/v1/changes/cart-7?as_of=noon":                                 {400, "as_of", "RFC 3339"},
		"/api/v1/changes/cart-7?as_of=2026-03-01T11:59:59Z":                 {400, "as_of", "begins at 2026-03-01T12:00:00Z"},
		"/api/v1/dora/restatements?window=36h":                              {400, "window", "whole days"},
		"/api/v1/dora/restatements?window=0d":                               {400, "window", "at most 366d"},
		"/api/v1/dora/restatements?window=1d&since=100d":                    {400, "window", "hold 100 periods"},
		"/api/v1/changes/nobody":                                            {404, "id", "/api/v1/changes lists"},
		"/api/v1/changes/":                                                  {404, "id", "/api/v1/changes lists"},
		"/api/v1/incidents?open=maybe":                                      {400, "open", "neither true nor false"},
		"/api/v1/dora?since=forever":                                        {400, "since", "30d, 2w, 1y or 36h"},
		"/api/v1/dora?since=0d":                                             {400, "since", "30d, 2w, 1y or 36h"},
		"/api/v1/dora?since=-1h":                                            {400, "since", "30d, 2w, 1y or 36h"},
		"/api/v1/dora?since=9999d":                                          {400, "since", "at most 3650d"},
		"/api/v1/dora?policy=fivekeys":                                      {400, "policy", "use one of [shipwake devlake middleware ratio fourkeys]"},
		"/api/v1/dora?by=continent":                                         {400, "by", "[service team system environment class kind service_environment], or label:NAME"},
		"/api/v1/changes?counted=everything":                                {400, "counted", "use one of [deployments failures"},
		"/api/v1/changes?team=shop":                                         {400, "team", "give counted as well, one of [deployments"},
		"/api/v1/changes?label.a=b":                                         {400, "label.a", "give counted as well"},
		"/api/v1/changes?counted=failures&version=v1":                       {400, "version", "give counted or version, not both"},
		"/api/v1/dora?by=label:":                                            {400, "by", "label:NAME"},
		"/api/v1/dora?class=odd":                                            {400, "class", "use one of [standard normal emergency (none)]"},
		"/api/v1/dora?kind=odd":                                             {400, "kind", "use one of [deployment"},
		"/api/v1/dora?label.region=":                                        {400, "label.region", "(none) asks for changes without this label"},
		"/api/v1/dora?label.=eu":                                            {400, "label.", "label.NAME"},
		"/api/v1/dora?series=decade":                                        {400, "series", "use one of [day week month quarter]"},
		"/api/v1/dora?series=day&since=3000d":                               {400, "series", "more than 400 periods of a day"},
		"/api/v1/dora?series=day&zone=Mars/East":                            {400, "zone", "such as UTC or Europe/Berlin"},
		"/api/v1/dora?series=day&zone=Local":                                {400, "zone", "such as UTC or Europe/Berlin"},
		"/api/v1/dora?zone=Europe/Berlin":                                   {400, "zone", "give series as well"},
		"/api/v1/dora?trend=maybe":                                          {400, "trend", "neither true nor false"},
		"/api/v1/dora?from=2030-01-01T00:00:00Z":                            {400, "from", "before now"},
		"/api/v1/dora?service=chekout":                                      {404, "service", `nothing is known of the service "chekout"; did you mean checkout? Known are checkout, cart, payments`},
		"/api/v1/dora?service=checkout&environment=prdo":                    {404, "environment", `the environment "prdo". Known are production`},
		"/api/v1/dora?team=shopp":                                           {404, "team", `the team "shopp"; did you mean shop? Known are shop`},
		"/api/v1/dora/restatements?team=nobody":                             {404, "team", `the team "nobody". Known are`},
		"/api/v1/dora/restatements?window=7d&service=chekout":               {404, "service", "did you mean checkout?"},
		"/api/v1/changes?service=chekout":                                   {404, "service", "did you mean checkout?"},
		"/api/v1/changes?environment=producton":                             {404, "environment", "did you mean production?"},
		"/api/v1/incidents?service=ghost":                                   {404, "service", `"ghost". Known are cart, checkout`},
		"/api/v1/regressions?service=cat":                                   {404, "service", "did you mean cart?"},
		"/api/v1/nothing":                                                   {404, "", "openapi.yaml"},
		"/api/v2/changes":                                                   {404, "", "openapi.yaml"},
	} {
		t.Run(target, func(t *testing.T) {
			w := ask(h, http.MethodGet, target)
			require.Equal(t, want.status, w.Code, w.Body.String())
			var body Error
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			require.Equal(t, want.parameter, body.Parameter)
			require.Contains(t, body.Error, want.says)
		})
	}
}

func TestLongTextFromOutsideIsCut(t *testing.T) {
	h := serve(t, story())
	long := strings.Repeat("x", 4000)
	for _, target := range []string{"/api/v1/changes?verdict=" + long, "/api/v1/changes?" + long + "=1", "/api/v1/dora?since=" + long} {
		w := ask(h, http.MethodGet, target)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Less(t, w.Body.Len(), 400)
	}
}

func TestALongQueryIsRefusedBeforeItIsParsed(t *testing.T) {
	h := serve(t, story())
	query := strings.Repeat("a&", mostQuery/2)
	require.Contains(t, ask(h, http.MethodGet, "/api/v1/changes?"+query).Body.String(), "unknown parameter")
	long := ask(h, http.MethodGet, "/api/v1/changes?"+query+"a")
	require.Equal(t, http.StatusBadRequest, long.Code)
	require.Contains(t, long.Body.String(), "longer than 8192 bytes")
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/api/v1/dora?"+strings.Repeat("a&", 1<<20), nil)
	require.Less(t, testing.AllocsPerRun(10, func() { h.ServeHTTP(w, r) }), 100.0)
}

func TestOnlyReading(t *testing.T) {
	h := serve(t, story())
	for _, path := range []string{"/", "/api/v1/changes", "/api/v1/changes/cart-7", "/api/v1/openapi.yaml"} {
		w := ask(h, http.MethodPost, path)
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, path)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		require.Contains(t, w.Body.String(), `"error":"use GET`)
		require.Equal(t, http.StatusOK, ask(h, http.MethodHead, path).Code)
	}
}

func TestARecordThatCantBeReadIsUnavailable(t *testing.T) {
	r := story()
	h := serve(t, r)
	r.Fail(errors.New("open /var/lib/secret-path: input/output error"))
	for _, path := range []string{"changes", "changes/cart-7", "incidents", "regressions", "dora", "dora/restatements"} {
		w := ask(h, http.MethodGet, "/api/v1/"+path)
		require.Equal(t, http.StatusServiceUnavailable, w.Code, path)
		require.NotContains(t, w.Body.String(), "secret-path")
	}
	require.Equal(t, http.StatusOK, ask(h, http.MethodGet, "/api/v1/status").Code)
}

func TestThePageHasNoScriptsAndLinksToWhatExists(t *testing.T) {
	h := serve(t, story())
	w := ask(h, http.MethodGet, "/")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, w.Body.String(), "<script")
	require.Equal(t, http.StatusNotFound, ask(h, http.MethodGet, "/elsewhere").Code)
	for _, link := range strings.Split(w.Body.String(), `href="`)[1:] {
		link, _, _ = strings.Cut(link, `"`)
		if strings.HasPrefix(link, "/api/") {
			require.Equal(t, http.StatusOK, ask(h, http.MethodGet, strings.ReplaceAll(link, "&amp;", "&")).Code, link)
		}
	}
	w = ask(h, http.MethodGet, "/api/v1/openapi.yaml")
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, string(openAPI), w.Body.String())
}

func FuzzParameters(f *testing.F) {
	for _, query := range []string{"since=30d", "from=2026-03-01T10:00:00Z&to=x", "limit=1000&before=%00", "by=service&team=", "%zz", "as_of=2026-03-01T12:00:00Z", "as_of=-1", "window=7d&since=1d"} {
		f.Add(query)
	}
	s, err := Factory().New(story(), nil)
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, h := range sinks.Routes(s) {
		mux.Handle(pattern, h)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/v1/changes", "/api/v1/dora", "/api/v1/incidents", "/api/v1/dora/restatements"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = query
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if w.Code == http.StatusBadRequest && w.Body.Len() > 1000 {
				t.Fatalf("%d bytes are quoted", w.Body.Len())
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Fatal("not JSON: " + w.Body.String())
			}
		}
	})
}
