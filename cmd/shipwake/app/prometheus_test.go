package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app/demo"
	"github.com/shipwake/shipwake/dashboards"
)

// TestPrometheusSeesTheDemo gives the demo while a real Prometheus scrapes its daemon, and then asks Prometheus
// everything that the dashboard, the rules and the alerts ask. What a panel shows of a change is gone when its window
// has closed, so panels are asked over the whole run, as Grafana asks them.
//
// `make e2e-prometheus` gets a Prometheus and runs this; it takes as long as the demo.
func TestPrometheusSeesTheDemo(t *testing.T) {
	if prometheusBinary() == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	run := scrapeDemo(t)
	eachBoard(t, func(t *testing.T, b shippedBoard) {
		run.everyQueryIsAnswered(t, b, run.started, silentInTheDemo)
		run.everyVariableHasValues(t, b)
	})
	t.Run("recording rule", run.everyRecordingRuleHasAResult)
	t.Run("alert", run.everyAlertLooksAtSomething)
	t.Run("bad deploys are alerted on", run.badDeploysAreAlertedOn)
	t.Run("the loop is closed", run.theLoopIsClosed)
	t.Run("nothing else is alerted on", run.nothingElseIsAlertedOn)
	t.Run("every count has a metric of its own", run.nothingIsUncatalogued)
	t.Run("exemplars name the change", run.exemplarsNameTheChange)
	t.Run("promtool finds nothing to say about the metrics", run.expositionIsCleanForPromtool)
	t.Run("every verdict of the demo is right", func(t *testing.T) { require.NoError(t, run.endDemo()) })
}

// demoRun is a demo that has come to its end while its daemon still runs and is scraped.
type demoRun struct {
	*prometheusServer
	web     string // host:port of the daemon's /metrics
	started time.Time
	endDemo func() error // ends the daemon, once; returns what the demo found wrong
}

// scrapeDemo gives the demo with Prometheus beside it, and returns when every act has its answer and every rule was
// evaluated after that.
func scrapeDemo(t *testing.T) *demoRun {
	t.Helper()
	run := &demoRun{started: time.Now()}
	ctx, leave := context.WithCancel(context.Background())
	shown, ended := make(chan struct{}), make(chan error, 1)
	type addresses struct{ web, hooks string }
	listening := make(chan addresses, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Options{
			Out: &signpost{out: t.Output(), text: "Ctrl-C ends it.", reached: shown},
			Daemon: func(ctx context.Context, sets []string, dataDir string) error {
				listening <- addresses{setting(sets, "extensions.correlate.web.endpoint"), setting(sets, "receivers.change_webhook.endpoint")}
				return runDemoDaemon(ctx, sets, dataDir)
			},
		})
	}()
	run.endDemo = sync.OnceValue(func() error {
		leave()
		return <-ended
	})
	t.Cleanup(func() { _ = run.endDemo() })
	var at addresses
	select {
	case at = <-listening:
	case err := <-ended:
		require.FailNow(t, "the demo did not start", "%v", err)
	}
	run.web = at.web
	run.prometheusServer = startPrometheus(t, at.web, startAlertmanager(t, at.hooks))
	select {
	case <-shown:
	case err := <-ended:
		require.FailNow(t, "the demo broke off", "%v", err)
	}
	run.evaluateRules(t, time.Now())
	return run
}

// setting is the value that --set=key=value gives a key.
func setting(sets []string, key string) string {
	for _, set := range sets {
		if value, ok := strings.CutPrefix(set, key+"="); ok {
			return value
		}
	}
	return ""
}

// signpost is a writer that tells when a text was written.
type signpost struct {
	out     io.Writer
	text    string
	reached chan struct{}
	once    sync.Once
}

func (s *signpost) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(s.text)) {
		s.once.Do(func() { close(s.reached) })
	}
	return s.out.Write(p)
}

func (r *demoRun) everyRecordingRuleHasAResult(t *testing.T) {
	for _, rule := range shippedRules(t, "rules.yaml") {
		t.Run(rule.Record, func(t *testing.T) {
			if strings.Contains(rule.Expr, "shipwake_placebo_") {
				return // the demo is too short for a pseudo-change; promtool's tests of the rules cover it
			}
			require.True(t, hasNumber(r.over(t, rule.Record, r.started)), "the rule has no result: %s", rule.Expr)
		})
	}
}

// everyAlertLooksAtSomething: an alert on a series that is never there can't fire.
func (r *demoRun) everyAlertLooksAtSomething(t *testing.T) {
	ours := regexp.MustCompile(`shipwake_\w+(\{[^}]*\})?`)
	for _, rule := range shippedRules(t, "alerts.yaml") {
		t.Run(rule.Alert, func(t *testing.T) {
			selectors := ours.FindAllString(rule.Expr, -1)
			require.NotEmpty(t, selectors)
			for _, selector := range selectors {
				selector = strings.TrimSuffix(selector, `{reason="no_telemetry"}`) // everything of the demo is measured
				if strings.HasPrefix(selector, "shipwake_outbox_") {
					continue // there only when webhooks go out, which the demo has none of; promtool's tests of the rules cover it
				}
				require.True(t, hasNumber(r.over(t, selector, r.started)), "the alert looks at nothing: %s", selector)
			}
		})
	}
}

func (r *demoRun) badDeploysAreAlertedOn(t *testing.T) {
	for _, service := range []string{"payment", "recommendations", "search"} {
		firing := `ALERTS{alertname="PostDeployRegression",alertstate="firing",version="v2",service="` + service + `"}`
		if !hasNumber(r.over(t, firing, r.started)) {
			t.Errorf("no alert fired for %s v2: %s", service, firing)
		}
	}
}

// nothingElseIsAlertedOn: Shipwake itself is well, a history that was told wakes nobody, and of changes only the bad ones.
func (r *demoRun) nothingElseIsAlertedOn(t *testing.T) {
	bad := `alertname=~"PostDeployRegression|ErrorBudgetAtRiskAfterChange",service=~"payment|recommendations|search",version="v2"`
	require.Empty(t, r.over(t, `ALERTS{alertstate="firing"} unless ALERTS{`+bad+`}`, r.started))
}

func (r *demoRun) nothingIsUncatalogued(t *testing.T) {
	require.Empty(t, r.over(t, "shipwake_uncatalogued_total", r.started))
}

func (r *demoRun) exemplarsNameTheChange(t *testing.T) {
	exemplars := r.exemplars(t, "shipwake_failed_deployment_recovery_seconds_bucket", r.started)
	require.NotEmpty(t, exemplars)
	for _, labels := range exemplars {
		require.NotEmpty(t, labels["change_id"])
	}
}

// expositionIsCleanForPromtool holds what the daemon serves after the demo against the conventions of Prometheus.
func (r *demoRun) expositionIsCleanForPromtool(t *testing.T) {
	promtool := os.Getenv("SHIPWAKE_TEST_PROMTOOL")
	if promtool == "" {
		t.Skip("SKIP: needs promtool")
	}
	answer, err := r.client.Get("http://" + r.web + "/metrics")
	require.NoError(t, err)
	metrics, err := io.ReadAll(answer.Body)
	require.NoError(t, errors.Join(err, answer.Body.Close()))
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Contains(t, string(metrics), "shipwake_verdicts_total")
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(metrics)
	said, err := check.CombinedOutput()
	require.NoError(t, err, string(said))
	require.Empty(t, string(said))
}

// shippedRule is a rule as it is in dashboards/prometheus.
type shippedRule struct{ Record, Alert, Expr string }

func shippedRules(t *testing.T, file string) []shippedRule {
	t.Helper()
	text, err := dashboards.Files.ReadFile("prometheus/" + file)
	require.NoError(t, err)
	var content struct {
		Groups []struct{ Rules []shippedRule }
	}
	require.NoError(t, yaml.Unmarshal(text, &content))
	var all []shippedRule
	for _, g := range content.Groups {
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}
