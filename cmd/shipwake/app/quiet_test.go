package app

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestPrometheusHasAQuietFirstHour records what a fresh daemon serves, with nothing told and with a history, telemetry and a
// deployment of just then, and lets promtool evaluate every alert over an hour of it: none fires.
func TestPrometheusHasAQuietFirstHour(t *testing.T) {
	promtool := os.Getenv("SHIPWAKE_TEST_PROMTOOL")
	if promtool == "" {
		t.Skip("SKIP: needs promtool; make e2e-prometheus gets it")
	}
	p := newProcess(t)
	p.usual = true
	p.start()
	t.Run("nothing was told", func(t *testing.T) { noAlert(t, promtool, p.scraped()) })

	for day := range 30 {
		status, _ := p.post(change(fmt.Sprint("old-", day), fmt.Sprint("v", 30-day), time.Now().AddDate(0, 0, -day-1)))
		require.Equal(t, http.StatusAccepted, status)
	}
	status, _ := p.post(change("new", "v31", time.Now()))
	require.Equal(t, http.StatusAccepted, status)
	ctx, stop := context.WithCancel(t.Context())
	sending := p.traffic(ctx, func() map[string][2]int { return map[string][2]int{"v31": {100, 0}} })
	defer func() { stop(); <-sending }()
	require.Eventually(t, func() bool {
		return sampled(p.scraped(), "shipwake_change_info") && sampled(p.scraped(), "shipwake_dora_deployments")
	}, 60*time.Second, 100*time.Millisecond, p.said())
	t.Run("a history, telemetry and a deployment", func(t *testing.T) { noAlert(t, promtool, p.scraped()) })
}

// scraped are the samples of /metrics.
func (p *process) scraped() model.Vector {
	p.t.Helper()
	answer, err := http.Get("http://" + p.w + "/metrics")
	require.NoError(p.t, err)
	defer answer.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	require.NoError(p.t, err)
	var all model.Vector
	for _, f := range families {
		samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, f)
		require.NoError(p.t, err)
		all = append(all, samples...)
	}
	return all
}

func sampled(all model.Vector, name model.LabelValue) bool {
	for _, s := range all {
		if s.Metric[model.MetricNameLabel] == name {
			return true
		}
	}
	return false
}

// noAlert evaluates every alert over an hour of the samples.
func noAlert(t *testing.T, promtool string, samples model.Vector) {
	t.Helper()
	const minutes = 70
	var series, expected []any
	for _, s := range samples {
		if name := string(s.Metric[model.MetricNameLabel]); strings.HasPrefix(name, "shipwake_") {
			value := strconv.FormatFloat(float64(s.Value), 'f', -1, 64)
			series = append(series, map[string]any{"series": s.Metric.String(), "values": fmt.Sprintf("%sx%d", value, minutes)})
		}
	}
	require.Greater(t, len(series), 50)
	for _, rule := range shippedRules(t, "alerts.yaml") {
		for _, at := range []string{"2m", "10m", "30m", "60m", "70m"} {
			expected = append(expected, map[string]any{"alertname": rule.Alert, "eval_time": at, "exp_alerts": []any{}})
		}
	}
	alerts, err := filepath.Abs("../../../dashboards/prometheus/alerts.yaml")
	require.NoError(t, err)
	text, err := yaml.Marshal(map[string]any{
		"rule_files": []string{alerts}, "evaluation_interval": "1m",
		"tests": []any{map[string]any{"interval": "1m", "input_series": series, "alert_rule_test": expected}},
	})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "quiet.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	said, err := exec.Command(promtool, "test", "rules", file).CombinedOutput()
	require.NoError(t, err, "%s", said)
}
