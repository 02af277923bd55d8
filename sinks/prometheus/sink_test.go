package prometheus

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

var update = flag.Bool("update", false, "rewrite the golden files and METRICS.md")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{
		Told: func(t *testing.T, s sinks.Sink) string { return strings.Join(own(t, s), "\n") },
	})
}

func open(t testing.TB, r sinks.Reader) *sink {
	t.Helper()
	s, err := Factory().New(r, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(*sink)
}

// scrape returns the body of /metrics in a media type.
func scrape(t testing.TB, s sinks.Sink, accept string) string {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	sinks.Routes(s)["GET /metrics"].ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	return answer.Body.String()
}

// sorted returns an exposition as client_golang would write what it says: in order, and without what is there twice.
func sorted(t testing.TB, text string) string {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	inOrder, err := prometheus.Gatherers{prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		return slices.Collect(maps.Values(families)), nil
	})}.Gather()
	require.NoError(t, err)
	var b strings.Builder
	for _, f := range inOrder {
		_, err := expfmt.MetricFamilyToText(&b, f)
		require.NoError(t, err)
	}
	return b.String()
}

// own returns the samples of the metrics that are Shipwake's and don't vary from run to run.
func own(t testing.TB, s sinks.Sink) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(sorted(t, scrape(t, s, "text/plain"))) {
		varies := strings.HasPrefix(line, "shipwake_dora_compute_seconds") || strings.HasPrefix(line, "shipwake_build_info")
		if strings.HasPrefix(line, "shipwake_") && !varies {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err, "run the test with -update to make it")
	require.Equal(t, string(want), got, "run the test with -update to accept the change")
}

// busy is the status of a daemon with everything going on.
func busy(s *sinks.Status) {
	s.Watermark, s.LastCommit = s.Now.Add(-12*time.Second), s.Now.Add(-time.Second)
	s.OpenWindows, s.Series, s.QueuedInputs = 1, 42, 3
	s.Unapplied, s.OldestUnapplied = 12000, s.Now.Add(-30*time.Second)
	s.Placebos, s.FalseAlarms = 200, 1
	s.LedgerBytes, s.LedgerCommits, s.LedgerFailures, s.LedgerSeconds, s.Checkpoints = 4096, 17, 1, 0.25, 9
	s.Archive = sinks.Archive{Bytes: 1 << 20, Limit: 1 << 30, From: s.Now.Add(-48 * time.Hour), To: s.Now.Add(-20 * time.Minute)}
	s.Limits = sinks.Limits{
		Limit: 512 << 20, Resident: 200 << 20, Heap: 100 << 20, HeapMost: 340 << 20, Store: 80 << 20, StoreMost: 160 << 20,
		Uses:          []correlate.Use{{Class: "services", Used: 12}, {Class: "intake_series", Used: 40, Most: 4000}},
		DegradedSince: s.Now, Dropped: map[string]int64{correlate.LostOperations: 7, correlate.LostVersions: 2},
	}
	s.Counts = []correlate.CountValue{
		{Count: correlate.Count{What: "deliveries", Source: "github", Result: "accepted"}, Value: 5},
		{Count: correlate.Count{What: "facts", Source: "github", Result: "duplicate"}, Value: 1},
		{Count: correlate.Count{What: "kafka_messages", Source: "deploys", Result: "lost"}, Value: 0},
		{Count: correlate.Count{What: "kafka_messages", Source: "deploys", Result: "read"}, Value: 2},
		{Count: correlate.Count{What: "kafka_faults", Source: "deploys", Result: "rewound"}, Value: 1},
		{Count: correlate.Count{What: "pull_pages", Source: "github", Result: "stored"}, Value: 3},
		{Count: correlate.Count{What: "pull_requests", Source: "github", Result: "unchanged"}, Value: 4},
		{Count: correlate.Count{What: "kubernetes", Source: "kubernetes", Result: "report"}, Value: 2},
		{Count: correlate.Count{What: "novelty", Source: "x", Result: "y"}, Value: 1},
		{Count: correlate.Count{What: "outbox", Source: "webhook/ci", Result: "delivered"}, Value: 6},
		{Count: correlate.Count{What: "outbox", Source: "webhook/ci", Result: "parked"}, Value: 1},
		{Count: correlate.Count{What: "rollbacks", Result: "requested"}, Value: 2},
		{Count: correlate.Count{What: "rollbacks", Source: "grade", Result: "refused"}, Value: 3},
		{Count: correlate.Count{What: "cells", Result: "late"}, Value: 7},
		{Count: correlate.Count{What: "telemetry", Source: "spans", Result: "overflow"}, Value: 4},
		{Count: correlate.Count{What: "scrapes", Result: "missed"}, Value: 3},
		{Count: correlate.Count{What: "scraped", Source: "prometheus", Result: "served"}, Value: 5},
		{Count: correlate.Count{What: "otlp", Source: "traces", Result: "busy"}, Value: 2},
	}
	s.Outbox = []sinks.Queue{
		{Name: "webhook/ci", Waiting: 3, Parked: 1, Oldest: s.Now.Add(-90 * time.Second)}, {Name: "webhook/pager"},
	}
}

func TestStory(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	s := open(t, r)
	r.Put(sinktest.Story()...)
	r.SetStatus(busy)
	s.Publish(sinktest.Story())
	golden(t, "testdata/story.prom", strings.Join(own(t, s), "\n")+"\n")
}

func TestEveryRowIsWritten(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	s := open(t, r)
	r.Put(sinktest.Story()...)
	r.Put(correlate.Effect{Change: &correlate.ChangeRecord{
		Change: correlate.Change{ID: "bad", Service: "cart", FinishedAt: sinktest.Noon.Add(-time.Minute)}.WithDefaults(),
		Phase:  correlate.PhaseClosed, Verdict: &correlate.Verdict{ChangeID: "bad", Outcome: correlate.Regressed},
	}}, approved())
	r.SetStatus(busy)
	s.Publish(sinktest.Story())
	s.Publish([]correlate.Effect{unlinked("i", correlate.UnlinkedNoChange)})
	body := scrape(t, s, "text/plain")
	for _, m := range Catalog() {
		require.Contains(t, body, "\n# TYPE "+m.Name+" "+string(m.Type)+"\n")
		require.Contains(t, body, "# HELP "+m.Name+" "+m.Help+"\n")
	}
}

func TestExpositionIsLintFree(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	s := open(t, r)
	r.Put(sinktest.Story()...)
	r.SetStatus(busy)
	s.Publish(sinktest.Story())
	problems, err := promlint.New(strings.NewReader(scrape(t, s, "text/plain"))).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestNothingKnownIsAbsent(t *testing.T) {
	lines := own(t, open(t, sinktest.NewReader(sinktest.Noon)))
	for _, line := range lines {
		for _, data := range []string{"shipwake_dora_deployments", "shipwake_dora_change_fail_ratio", "shipwake_watermark_lag", "shipwake_changes_total"} {
			require.False(t, strings.HasPrefix(line, data), line)
		}
		require.NotContains(t, line, "NaN")
	}
}

func TestACounterOfAKnownServiceExistsBeforeItsFirstFailure(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon, sinktest.Story()...))
	lines := own(t, s)
	require.Contains(t, lines, `shipwake_changes_total{environment="production",kind="deployment",service="cart",status="failed"} 0`)
	require.Contains(t, lines, `shipwake_verdicts_total{environment="production",service="cart",verdict="regressed"} 0`)
	require.Contains(t, lines, `shipwake_judged_changes_total{environment="production",kind="deployment",service="cart",verdict="regressed"} 0`)
	require.Contains(t, lines, `shipwake_failed_deployment_recovery_seconds_count{environment="production",service="checkout"} 0`)
}

func TestWhatWasCountedBeforeARestartIsNotCountedAgain(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon, sinktest.Story()...)
	s := open(t, r)
	before := own(t, s)
	s.Publish(sinktest.Story())
	require.Equal(t, before, own(t, s))
}

func TestCorrectionsAreCountedOnce(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	held := func(by string) correlate.Effect {
		return correlate.Effect{Incident: &correlate.IncidentRecord{
			Incident: correlate.Incident{ID: "i", Service: "checkout", Environment: "production"}, AttributedTo: by,
		}}
	}
	judged := func(revision int, final bool) correlate.Effect {
		return correlate.Effect{Verdict: &correlate.Verdict{
			ChangeID: "a", Service: "checkout", Environment: "production", Revision: revision, Final: final, Outcome: correlate.Healthy,
		}}
	}
	change := func(id string, phase correlate.Phase) correlate.Effect {
		return correlate.Effect{Change: &correlate.ChangeRecord{
			Change: correlate.Change{ID: id, Service: "checkout", Environment: "production"}.WithDefaults(), Phase: phase,
		}}
	}
	for _, e := range []correlate.Effect{
		held(""), held("a"), held("b"), held("b"), held(""),
		judged(1, false), judged(2, true), judged(2, true), judged(3, true),
		change("told late", correlate.PhaseHistory), change("told late", correlate.PhaseHistory),
		change("twin", correlate.PhaseObserving), change("twin", correlate.PhaseMerged),
		change("nobody reports it", correlate.PhaseRetracted),
	} {
		s.Publish([]correlate.Effect{e})
	}
	text := strings.Join(own(t, s), "")
	for _, reason := range []string{"relinked", "unlinked", "verdict", "late_fact", "merged"} {
		require.Contains(t, text, fmt.Sprintf(`shipwake_corrections_total{environment="production",reason=%q,service="checkout"} 1`, reason))
	}
}

func TestSeriesOfAChangeEndWithItsWindow(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	s.Publish(sinktest.Story())
	ofChange := func() (found []string) {
		for _, line := range own(t, s) {
			if strings.HasPrefix(line, "shipwake_change_") && strings.Contains(line, "change_id=") {
				found = append(found, line)
			}
		}
		return found
	}
	open := ofChange()
	require.NotEmpty(t, open)
	for _, line := range open {
		require.Contains(t, line, `change_id="payments-31"`)
	}
	require.Contains(t, open, `shipwake_change_verdict{change_id="payments-31",environment="production",reason="latency",service="payments",verdict="regressed",version="v31"} 1`)

	closed := change("payments-31", "payments", 0)
	s.Publish([]correlate.Effect{{Change: &closed}})
	require.Empty(t, ofChange())
}

func TestAVerdictAloneRevisesTheSeries(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	s.Publish(sinktest.Story())
	s.Publish([]correlate.Effect{{Verdict: &correlate.Verdict{
		ChangeID: "payments-31", Service: "payments", Environment: "production", Revision: 2,
		Outcome: correlate.Inconclusive, Reason: correlate.ReasonTransient,
	}}})
	lines := own(t, s)
	require.Contains(t, lines, `shipwake_change_verdict{change_id="payments-31",environment="production",reason="transient",service="payments",verdict="inconclusive",version="v31"} 1`)
	require.Contains(t, lines, `shipwake_service_verdict{environment="production",reason="transient",service="payments",verdict="inconclusive"} 1`)
	require.Contains(t, lines, `shipwake_verdicts_total{environment="production",service="payments",verdict="inconclusive"} 1`)
}

func TestOnlyTheNewestThousandHaveSeries(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	var effects []correlate.Effect
	for i := range maxShown + 5 {
		c := change(fmt.Sprintf("c%d", i), "cart", -time.Duration(i)*time.Second)
		c.Phase = correlate.PhaseObserving
		effects = append(effects, correlate.Effect{Change: &c})
	}
	s.Publish(effects)
	lines := own(t, s)
	require.Equal(t, maxShown, having(lines, "shipwake_change_info{"))
	require.Contains(t, lines, "shipwake_changes_under_observation 1005")
	require.Contains(t, lines, "shipwake_changes_without_series 5")
	require.Zero(t, having(lines, `shipwake_change_info{change_id="c1000"`), "the oldest have none")
}

func TestServicesBeyondTheBoundCountTogether(t *testing.T) {
	s := newState()
	for i := range maxPlaces + 3 {
		c := change(fmt.Sprintf("c%d", i), fmt.Sprintf("s%d", i), 0)
		s.apply([]correlate.Effect{{Change: &c}})
	}
	var now snapshot
	s.snapshot(&now, sinktest.Noon)
	require.Len(t, now.sites, maxPlaces+1)
	other := s.sites[place{otherPlace, otherPlace}]
	require.EqualValues(t, 3, other.changes[indexIn(kinds, correlate.KindDeployment)][indexIn(statuses, correlate.StatusSucceeded)].n)
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	r := newRecent[int](2)
	a, b, c := thing{aChange, "a"}, thing{aChange, "b"}, thing{aChange, "c"}
	*r.get(a) = 1
	*r.get(b) = 2
	require.Equal(t, 1, *r.get(a))
	*r.get(c) = 3
	require.Len(t, r.slots, 2)
	require.Zero(t, *r.get(a), "the oldest was forgotten")
	require.Equal(t, 3, *r.get(c))
	require.Zero(t, *r.get(thing{anIncident, "c"}), "an incident is no change")
}

func TestWhatIsRememberedIsTheLatestOfAsManyAsThereIsRoomFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{1, 3, perBlock - 1, perBlock, 2*perBlock + 5}).Draw(t, "limit")
		r, told := newRecent[int](limit), 3*limit+rapid.IntRange(0, limit).Draw(t, "more")
		for i := range told {
			*r.get(thing{aChange, fmt.Sprint(i)}) = i
		}
		require.Len(t, r.slots, limit)
		for i := told - limit; i < told; i++ {
			require.Equal(t, i, *r.get(thing{aChange, fmt.Sprint(i)}))
		}
	})
}

func TestTheNewestJudgedChangeOfAServiceFades(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	s := open(t, r)
	s.Publish(sinktest.Story())
	require.Equal(t, 3, having(own(t, s), "shipwake_service_verdict{"))
	r.SetStatus(func(s *sinks.Status) { s.Now = s.Now.Add(26 * time.Hour) })
	require.Zero(t, having(own(t, s), "shipwake_service_verdict{"))
}

func TestRecoveryHasExemplarsInOpenMetrics(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	s.Publish(sinktest.Story())
	body := scrape(t, s, "application/openmetrics-text;version=1.0.0")
	require.True(t, strings.HasSuffix(body, "# EOF\n"))
	require.Regexp(t, regexp.MustCompile(`(?m)^shipwake_failed_deployment_recovery_seconds_bucket\{.*le="1800.0"\} 1 # \{change_id="checkout-4711"\} 1740.0 `), body)
}

func TestTextFromOutsideMakesNoBadExposition(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	c := change(strings.Repeat("é", 500)+"\xff", "ca\"rt\n\xfe", 0)
	c.Version, c.Phase = strings.Repeat("v", 5000), correlate.PhaseObserving
	c.RolledBackBy, c.RecoveredAt = "x", c.FinishedAt.Add(time.Minute)
	s.Publish([]correlate.Effect{{Change: &c}})
	for _, accept := range []string{"text/plain", "application/openmetrics-text;version=1.0.0"} {
		body := scrape(t, s, accept)
		require.Contains(t, body, `service="ca\"rt\n"`)
		require.NotContains(t, body, strings.Repeat("v", maxLabel+1))
	}
	for _, f := range messages(t, []byte(scrape(t, s, asProtobuf))) {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				require.True(t, utf8.ValidString(l.GetValue()) && len(l.GetValue()) <= maxLabel, "%s: %s", f.GetName(), l.GetValue())
			}
		}
	}
}

func TestAReaderThatFailsAtTheStartIsAnError(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	r.Fail(errors.New("disk on fire"))
	_, err := Factory().New(r, nil)
	require.ErrorContains(t, err, "read the newest changes: disk on fire")
}

func TestCatalogIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Catalog() {
		require.False(t, seen[m.Name], "%s is there twice", m.Name)
		seen[m.Name] = true
		require.Regexp(t, `^shipwake_[a-z_]+$`, m.Name)
		require.Regexp(t, `^[A-Z0-9].*\.$`, m.Help, m.Name)
		ways := []bool{m.read != nil, m.place != nil, m.change != nil, m.group != nil}
		require.Len(t, slices.DeleteFunc(ways, func(is bool) bool { return !is }), 1, "%s has exactly one way to be read", m.Name)
		require.Equal(t, m.Type == Counter, strings.HasSuffix(m.Name, "_total"), m.Name)
		if m.Unit != "" {
			require.Regexp(t, "_"+m.Unit+"(_total)?$", m.Name)
		}
		if slices.Contains(m.Labels, "change_id") {
			require.True(t, m.change != nil || m.Name == "shipwake_regression_suspect_ratio", "%s: as many series as there are changes", m.Name)
		}
	}
}

// unlinked is an incident that no change is held responsible for.
func unlinked(id string, why correlate.Unlinked) correlate.Effect {
	return correlate.Effect{Incident: &correlate.IncidentRecord{
		Incident: correlate.Incident{ID: id, Service: "cart", OpenedAt: sinktest.Noon}.WithDefaults(), UnlinkedReason: why,
	}}
}

// change is a deployment that ended its window without a verdict.
func change(id, service string, sinceNoon time.Duration) correlate.ChangeRecord {
	return correlate.ChangeRecord{
		Change: correlate.Change{ID: id, Service: service, FinishedAt: sinktest.Noon.Add(sinceNoon)}.WithDefaults(),
		Phase:  correlate.PhaseClosed,
	}
}

func having(lines []string, prefix string) (n int) {
	for _, line := range lines {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}
