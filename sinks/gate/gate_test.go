package gate

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{Told: func(t *testing.T, s sinks.Sink) string {
		w := httptest.NewRecorder()
		sinks.Routes(s)["/api/v1/gate"].ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/gate?service=payments&version=v31", nil))
		require.Equal(t, http.StatusOK, w.Code)
		return w.Body.String()
	}})
}

// door is a gate over the story of a morning, see sinktest.Story.
type door struct {
	*sinktest.Reader
	sink
	mux *http.ServeMux
}

func open(t *testing.T, settings map[string]any) *door {
	t.Helper()
	r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
	made, err := Factory().New(r, settings)
	require.NoError(t, err)
	d := &door{Reader: r, sink: *made.(*sink), mux: http.NewServeMux()}
	for pattern, h := range sinks.Routes(made) {
		d.mux.Handle(pattern, h)
	}
	return d
}

func (d *door) request(method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	return w
}

// asked asks with GET and decodes the answer, which must be a 200.
func (d *door) asked(t *testing.T, query string) (a Answer) {
	t.Helper()
	w := d.request(http.MethodGet, "/api/v1/gate?"+query, "")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&a))
	return a
}

// begin has a change of cart begin and be observed.
func (d *door) begin(edit func(*correlate.ChangeRecord)) []correlate.Effect {
	c := correlate.ChangeRecord{
		Change: correlate.Change{ID: "cart-8", Service: "cart", Version: "v8", Status: correlate.StatusStarted, StartedAt: sinktest.Noon}.WithDefaults(),
		Phase:  correlate.PhaseObserving, WindowStart: sinktest.Noon, WindowEnd: sinktest.Noon.Add(time.Hour),
	}
	if edit != nil {
		edit(&c)
	}
	effects := []correlate.Effect{{Change: &c}}
	d.Put(effects...)
	return effects
}

func judged(o correlate.Outcome, why correlate.Reason) func(*correlate.ChangeRecord) {
	return func(c *correlate.ChangeRecord) {
		c.Verdict = &correlate.Verdict{ChangeID: c.ID, Outcome: o, Reason: why}
	}
}

func TestOneQuestion(t *testing.T) {
	for query, want := range map[string]struct {
		decision gate.Decision
		why      gate.Why
		says     string
	}{
		"change=cart-7":                                       {gate.Proceed, gate.Healthy, "cart v7 is healthy"},
		"service=cart&version=v7":                             {gate.Proceed, gate.Healthy, "cart v7"},
		"change=payments-31":                                  {gate.Stop, gate.Regressed, "payments v31 regressed: requests"},
		"change=checkout-4711":                                {gate.Stop, gate.TakenBack, "taken back by checkout-4712"},
		"change=checkout-4712":                                {gate.Stop, gate.Undecided, "ended without an answer"},
		"change=checkout-4712&on_undecided=proceed":           {gate.Proceed, gate.Undecided, ""},
		"change=nobody":                                       {gate.Wait, gate.Unreported, "nobody has reported nobody"},
		"change=nobody&deadline=2026-03-01T12:00:00Z":         {gate.Stop, gate.Deadline, "by the deadline"},
		"service=cart&version=v9":                             {gate.Wait, gate.Unreported, "cart v9 in production"},
		"service=cart&version=v7&environment=staging":         {gate.Wait, gate.Unreported, "in staging"},
		"gate=start&service=cart&version=v9":                  {gate.Proceed, gate.Calm, "nothing is open"},
		"gate=start&service=payments&version=v32":             {gate.Wait, gate.Trouble, "r-1"},
		"gate=start&service=payments&version=v32&repair=true": {gate.Proceed, gate.Repair, "payments v32"},
		"gate=start&service=payments&version=v32&on_undecided=proceed&deadline=2026-03-01T11:59:00Z": {gate.Proceed, gate.Deadline, ""},
	} {
		t.Run(query, func(t *testing.T) {
			a := open(t, nil).asked(t, query)
			require.Equal(t, want.decision, a.Decision, a.Message)
			require.Equal(t, want.why, a.Reason)
			require.Contains(t, a.Message, want.says)
			require.Equal(t, want.decision == gate.Wait, a.RetryAfter > 0)
		})
	}
}

// TestAVersionMustBeHealthyInTheEnvironmentBefore: in whichever spelling it is asked about.
func TestAVersionMustBeHealthyInTheEnvironmentBefore(t *testing.T) {
	staged := func(edit func(*correlate.ChangeRecord)) func(*correlate.ChangeRecord) {
		return func(c *correlate.ChangeRecord) {
			c.ID, c.Environment, c.Commit, c.Status = "cart-8-staging", "staging", "9fceb02d0ae598e95dc970b74767f19372d61af8", correlate.StatusSucceeded
			if edit != nil {
				edit(c)
			}
		}
	}
	healthy, regressed := judged(correlate.Healthy, correlate.ReasonWithinMargin), judged(correlate.Regressed, correlate.ReasonLatency)
	for name, c := range map[string]struct {
		staged   func(*correlate.ChangeRecord)
		query    string
		decision gate.Decision
		why      gate.Why
		says     string
	}{
		"it is":                          {staged(healthy), "service=cart&version=v8&after=staging", gate.Proceed, gate.Healthy, "cart v8 in staging is healthy"},
		"it is, by the commit":           {staged(healthy), "service=cart&version=9fceb02&after=staging", gate.Proceed, gate.Healthy, "cart v8 in staging"},
		"it regressed there":             {staged(regressed), "service=cart&version=8&after=staging", gate.Stop, gate.Regressed, "cart v8 in staging regressed"},
		"it is observed there":           {staged(nil), "service=cart&version=v8&after=staging", gate.Wait, gate.Observing, "cart v8 in staging is observed"},
		"another version is there":       {staged(healthy), "service=cart&version=v9&after=staging", gate.Wait, gate.Unreported, "nobody has reported cart v9 in staging"},
		"a hotfix isn't held by that":    {staged(nil), "service=cart&version=v9&after=staging&repair=true", gate.Proceed, gate.Calm, "nothing is open"},
		"something is open in this one":  {staged(healthy), "service=payments&version=v32&after=staging", gate.Wait, gate.Trouble, "r-1"},
		"the release of another change":  {staged(healthy), "change=cart-8-staging&after=testing", gate.Wait, gate.Unreported, "in testing"},
		"a change that nobody knows yet": {staged(healthy), "change=cart-9&after=staging", gate.Wait, gate.Unreported, "cart-9 in staging"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, nil)
			d.begin(c.staged)
			a := d.asked(t, "gate=start&"+c.query)
			require.Equal(t, c.decision, a.Decision, a.Message)
			require.Equal(t, c.why, a.Reason)
			require.Contains(t, a.Message, c.says)
		})
	}
}

func TestAnAnswerLeadsOn(t *testing.T) {
	d := open(t, map[string]any{"public_url": "https://shipwake.example/"})
	d.begin(nil)
	a := d.asked(t, "service=cart&version=v8")
	require.Equal(t, "cart-8", a.Change)
	require.Equal(t, "https://shipwake.example/changes/cart-8", a.Page)
	require.Equal(t, sinktest.Noon.Add(time.Hour), *a.Until)
	require.Equal(t, 10, a.RetryAfter)
	require.Nil(t, a.Verdict)
	require.Equal(t, []Rule{{gate.RuleReached, gate.Passed}, {gate.RuleNotRegressed, gate.Unknown}, {gate.RuleHealthy, gate.Unknown}}, a.Rules)

	regressed := d.asked(t, "change=payments-31")
	require.Equal(t, &Verdict{correlate.Regressed, correlate.ReasonLatency, correlate.GradeA, false}, regressed.Verdict)
}

func TestAVersionThatWasLiveBeforeIsARepair(t *testing.T) {
	d := open(t, nil)
	fault := correlate.Regression{ID: "r-2", Service: "checkout", Environment: "production", OnsetAt: sinktest.Noon}
	d.Put(correlate.Effect{Regression: &fault})
	require.Equal(t, gate.Trouble, d.asked(t, "gate=start&service=checkout&version=v3").Reason)
	require.Equal(t, gate.Repair, d.asked(t, "gate=start&service=checkout&version=v2").Reason)
	require.Equal(t, gate.Repair, d.asked(t, "gate=start&service=checkout&version=v1").Reason, "it is the rollback itself")
	d.Put(correlate.Effect{Regression: &correlate.Regression{ID: "r-3", Service: "cart", Environment: "production", OnsetAt: sinktest.Noon}})
	require.Equal(t, gate.Trouble, d.asked(t, "gate=start&service=cart&version=v7").Reason, "it is live")
}

func TestAnotherReportOfAChangeAnswersForIt(t *testing.T) {
	d := open(t, nil)
	d.begin(func(c *correlate.ChangeRecord) { c.Phase, c.MergedInto = correlate.PhaseMerged, "cart-7" })
	for _, query := range []string{"change=cart-8", "service=cart&version=v8"} {
		require.Equal(t, "cart-7", d.asked(t, query).Change)
	}
}

func TestAVersionInAnotherSpelling(t *testing.T) {
	d := open(t, nil)
	d.begin(func(c *correlate.ChangeRecord) {
		c.Version, c.Commit = "8.1.0", "9fceb02d0ae598e95dc970b74767f19372d61af8"
	})
	for _, version := range []string{"8.1.0", "v8.1.0", "refs/tags/v8.1.0", "9fceb02", "9fceb02d0ae598e95dc970b74767f19372d61af8"} {
		require.Equal(t, "cart-8", d.asked(t, "service=cart&version="+version).Change, version)
	}
	require.Empty(t, d.asked(t, "service=cart&version=8.1").Change)
}

func TestPostAsksTheSame(t *testing.T) {
	d := open(t, nil)
	for body, want := range map[string]int{
		`{"change": "cart-7"}`: http.StatusOK, `{"gate": "start", "service": "cart", "version": "v9", "repair": true}`: http.StatusOK,
		``: http.StatusBadRequest, `{"change": 7}`: http.StatusBadRequest, `[]`: http.StatusBadRequest, `{"change": "cart-7"`: http.StatusBadRequest,
		`{"change": "` + strings.Repeat("x", mostBody) + `"}`: http.StatusBadRequest,
	} {
		w := d.request(http.MethodPost, "/api/v1/gate", body)
		require.Equal(t, want, w.Code, w.Body)
	}
	require.Equal(t, http.StatusOK, d.request(http.MethodPost, "/api/v1/gate?change=cart-7", "").Code)
	w := d.request(http.MethodPut, "/api/v1/gate?change=cart-7", "")
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD, POST", w.Header().Get("Allow"))
}

func TestAWrongQuestionIsRefusedByName(t *testing.T) {
	d := open(t, nil)
	for query, want := range map[string]string{
		"":                       "change: which change?",
		"change=a&service=b":     "change: give the id of a change, or service and version, not both",
		"service=a":              "version: service and version go together",
		"change=a&gate=begin":    `gate: "begin" is unknown; use one of [start promote]`,
		"change=a&after=staging": "after: goes with gate=start",
		"service=a&version=b&gate=start&after=production": "after: must be another environment",
		"change=a&wait=long":                              `wait: "long" is not a duration such as 9s, at most 1m0s`,
		"change=a&wait=2m":                                "wait: ",
		"change=a&wait=-1s":                               "wait: ",
		"change=a&deadline=tomorrow":                      `deadline: "tomorrow" is not an RFC 3339 time`,
		"change=a&on_undecided=wait":                      `on_undecided: "wait" is unknown; use proceed or stop`,
		"change=a&repair=maybe":                           `repair: "maybe" is neither true nor false`,
		"change=a&change=b":                               "change: is given more than once",
		"chagne=a":                                        "chagne: unknown parameter; known are [change",
		"change=" + strings.Repeat("x", mostQuery):        ": the query is longer than 8192 bytes",
	} {
		w := d.request(http.MethodGet, "/api/v1/gate?"+query, "")
		require.Equal(t, http.StatusBadRequest, w.Code, query)
		var body Error
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		require.Contains(t, body.Parameter+": "+body.Error, want)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		`on_undecided: "wait" is unknown; use proceed or stop`: {"on_undecided": "wait"},
		"public_url: it must begin with https":                 {"public_url": "shipwake"},
	} {
		require.ErrorContains(t, Factory().Check(settings), want)
	}
	require.Equal(t, gate.Proceed, open(t, map[string]any{"on_undecided": "proceed"}).asked(t, "change=checkout-4712").Decision)
}

// TestWaitingInOneRequest: an asker who waits is answered when something is committed that decides, and otherwise when the
// time is up; also when how a change stands moves without anything being committed.
func TestWaitingInOneRequest(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(*door)
		want      gate.Decision
		after     time.Duration
	}{
		"a verdict comes": {func(d *door) {
			d.Publish(d.begin(judged(correlate.Healthy, correlate.ReasonWithinMargin)))
		}, gate.Proceed, time.Second},
		"something else of the service comes": {func(d *door) { d.Publish(d.begin(nil)) }, gate.Wait, 9 * time.Second},
		"another service has news": {func(d *door) {
			d.begin(judged(correlate.Healthy, correlate.ReasonWithinMargin))
			d.Publish([]correlate.Effect{{Verdict: &correlate.Verdict{Service: "till"}}})
		}, gate.Proceed, askAgain},
		"only the rest of the rollout is left": {func(d *door) {
			d.SetOutlook("cart-8", &correlate.Outlook{Waits: []correlate.Wait{{For: correlate.WaitRollout}}})
		}, gate.Proceed, askAgain},
		"the daemon ends": {func(d *door) { _ = d.sink.Close() }, gate.Wait, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, nil)
				d.begin(nil)
				began := time.Now()
				go func() {
					time.Sleep(time.Second)
					c.meanwhile(d)
				}()
				require.Equal(t, c.want, d.asked(t, "change=cart-8&wait=9s").Decision)
				require.Equal(t, c.after, time.Since(began))
				require.Zero(t, d.waiting.count)
				require.Empty(t, d.waiting.places)
			})
		})
	}
}

func TestTooManyWaitersAreAnsweredAtOnce(t *testing.T) {
	d := open(t, nil)
	d.begin(nil)
	for range mostWaiting {
		_, leave := d.waiting.join("cart")
		defer leave()
	}
	require.Equal(t, gate.Wait, d.asked(t, "change=cart-8&wait=1m").Decision)
}

func TestWhatCantBeReadIsNoAnswer(t *testing.T) {
	d := open(t, nil)
	d.Fail(errors.New("open /var/lib/secret-path: input/output error"))
	w := d.request(http.MethodGet, "/api/v1/gate?change=cart-7", "")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "5", w.Header().Get("Retry-After"))
	require.NotContains(t, w.Body.String(), "secret-path")
}

func FuzzQuestion(f *testing.F) {
	for _, seed := range []string{`{"change":"cart-7"}`, `{"gate":"start","service":"a","version":"b"}`, `{"wait":"0s"}`, "null", `{"change":{}}`} {
		f.Add(seed, "change=a&deadline=x")
	}
	r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
	made, err := Factory().New(r, nil)
	if err != nil {
		f.Fatal(err)
	}
	h := sinks.Routes(made)["/api/v1/gate"]
	f.Fuzz(func(t *testing.T, body, query string) {
		if strings.Contains(body+query, "wait") {
			return
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/api/v1/gate", strings.NewReader(body))
		r.URL.RawQuery = query
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

// flaggerWould is what Flagger makes of an answer: up to 202 is a yes (pkg/controller/webhook.go: it compares the code with
// http.StatusAccepted), and the body of anything else is written into the events of the canary.
func flaggerWould(w *httptest.ResponseRecorder) (yes bool, event string) {
	if w.Code > http.StatusAccepted {
		return false, w.Body.String()
	}
	return true, ""
}

func TestFlagger(t *testing.T) {
	canary := func(metadata string) string {
		return `{"name": "cart", "namespace": "shop", "phase": "WaitingPromotion", "checksum": "85d557f47b", "metadata": {` + metadata + `}}`
	}
	begun := func(edit func(*correlate.ChangeRecord)) func(*correlate.ChangeRecord) {
		return func(c *correlate.ChangeRecord) {
			c.ID = "flagger-shop/cart-85d557f47b-2026-02-28"
			if edit != nil {
				edit(c)
			}
		}
	}
	recovered := func(c *correlate.ChangeRecord) {
		judged(correlate.Regressed, correlate.ReasonLatency)(c)
		c.Verdict.RecoveredAt = &sinktest.Noon
	}
	for name, c := range map[string]struct {
		hook, body string
		edit       func(*correlate.ChangeRecord)
		yes        bool
		says       string
	}{
		"healthy: promote":                       {"confirm", canary(""), begun(judged(correlate.Healthy, correlate.ReasonWithinMargin)), true, ""},
		"no answer yet: not yet":                 {"confirm", canary(""), begun(nil), false, "shipwake: wait: cart v8 is observed"},
		"regressed: don't":                       {"confirm", canary(""), begun(judged(correlate.Regressed, correlate.ReasonLatency)), false, "shipwake: stop: cart v8 regressed"},
		"regressed: take it back":                {"rollback", canary(""), begun(judged(correlate.Regressed, correlate.ReasonLatency)), true, ""},
		"healthy: nothing to take back":          {"rollback", canary(""), begun(judged(correlate.Healthy, correlate.ReasonWithinMargin)), false, "proceed"},
		"in doubt: nothing to take back":         {"rollback", canary(""), begun(nil), false, "wait"},
		"it has recovered: nothing to take back": {"rollback", canary(""), begun(recovered), false, "stop"},
		"nobody told of it: not yet":             {"confirm", canary(""), nil, false, "by a webhook of the type event"},
		"by the version in the metadata":         {"confirm", canary(`"version": "v8"`), judged(correlate.Healthy, correlate.ReasonWithinMargin), true, ""},
		"by another service and environment":     {"confirm", canary(`"version": "v8", "service": "till", "environment": "staging"`), nil, false, "till v8 in staging"},
		"the start, with nothing open":           {"confirm-start", canary(""), nil, true, ""},
		"the start, with something open":         {"confirm-start", canary(`"service": "payments"`), nil, false, "r-1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, nil)
			d.begin(c.edit)
			yes, event := flaggerWould(d.request(http.MethodPost, "/gate/flagger/"+c.hook, c.body))
			require.Equal(t, c.yes, yes, event)
			require.Contains(t, event, c.says)
		})
	}
}

func TestFlaggerIsNeverToldYesInDoubt(t *testing.T) {
	d := open(t, nil)
	for _, hook := range []string{"confirm", "confirm-start", "rollback"} {
		for _, body := range []string{"", "{}", "[]", `{"name": 7}`, `{"name": "cart"`, `{"name": "` + strings.Repeat("x", mostBody) + `"}`} {
			yes, event := flaggerWould(d.request(http.MethodPost, "/gate/flagger/"+hook, body))
			require.False(t, yes)
			require.Contains(t, event, "shipwake: the body must be")
		}
	}
	d.Fail(errors.New("secret"))
	yes, event := flaggerWould(d.request(http.MethodPost, "/gate/flagger/rollback", `{"name": "cart"}`))
	require.False(t, yes)
	require.Equal(t, "shipwake: the record can't be read now\n", event)
}

// argoWould is how an AnalysisTemplate with the conditions of docs/gate.md takes an answer: Argo Rollouts asks once an interval,
// anything but a 2xx is an error, and an answer that meets neither condition is inconclusive.
func argoWould(w *httptest.ResponseRecorder) string {
	var result struct{ Decision string }
	if w.Code < 200 || w.Code > 299 || json.Unmarshal(w.Body.Bytes(), &result) != nil {
		return "Error"
	}
	switch result.Decision {
	case "proceed":
		return "Successful"
	case "stop":
		return "Failed"
	}
	return "Inconclusive"
}

func TestArgoRollouts(t *testing.T) {
	d := open(t, nil)
	for change, want := range map[string]string{"cart-7": "Successful", "payments-31": "Failed", "nobody": "Inconclusive"} {
		require.Equal(t, want, argoWould(d.request(http.MethodGet, "/api/v1/gate?change="+url.QueryEscape(change), "")))
	}
	require.Equal(t, "Error", argoWould(d.request(http.MethodGet, "/api/v1/gate", "")))
}

func BenchmarkAsk(b *testing.B) {
	made, err := Factory().New(sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
	require.NoError(b, err)
	h := sinks.Routes(made)["/api/v1/gate"]
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/v1/gate?change=cart-7", nil))
	}
}
