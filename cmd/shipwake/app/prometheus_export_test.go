package app

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// aYear are changes and incidents of a year before an instant.
func aYear(until time.Time) (all []correlate.Effect) {
	random := rand.New(rand.NewPCG(1, 2))
	when := func() time.Time { return until.Add(-time.Duration(random.Int64N(int64(365 * 24 * time.Hour)))) }
	services := []string{"checkout", "search", "pay"}
	for i := range 600 {
		c := &correlate.ChangeRecord{Phase: correlate.PhaseHistory}
		c.ID, c.Service, c.Environment, c.Version = fmt.Sprint("c", i), services[i%3], correlate.DefaultEnvironment, fmt.Sprint("v", i)
		c.Kind, c.Status, c.FinishedAt = correlate.KindDeployment, correlate.StatusSucceeded, when()
		switch {
		case i%7 == 0:
			c.RolledBackBy = "gone"
		case i%11 == 0:
			c.Status = correlate.StatusFailed
		}
		all = append(all, correlate.Effect{Change: c})
	}
	for i := range 80 {
		in := &correlate.IncidentRecord{}
		in.ID, in.Service, in.Environment, in.OpenedAt = fmt.Sprint("i", i), services[i%3], correlate.DefaultEnvironment, when()
		all = append(all, correlate.Effect{Incident: in})
	}
	return all
}

// TestPrometheusAnswersWithAnExportedYear writes a year as OpenMetrics, has promtool make blocks of it, and asks a real
// Prometheus what each month came to: what the API counts.
func TestPrometheusAnswersWithAnExportedYear(t *testing.T) {
	promtool := os.Getenv("SHIPWAKE_TEST_PROMTOOL")
	if prometheusBinary() == "" || promtool == "" {
		t.Skip("SKIP: needs a Prometheus and a promtool; make e2e-prometheus gets them")
	}
	until := time.Now().UTC().Truncate(6 * time.Hour)
	r := sinktest.NewReader(time.Now(), aYear(until)...)
	server := httptest.NewServer(apiOf(t, r))
	defer server.Close()
	code, exported, stderr := shipwake(t, "export", "openmetrics", "--since", "1y", "--step", "6h", "--api", server.URL)
	require.Zero(t, code, stderr)
	dir := t.TempDir()
	file, data := filepath.Join(dir, "history.om"), filepath.Join(dir, "data")
	require.NoError(t, os.WriteFile(file, []byte(exported), 0o600))
	said, err := exec.Command(promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", file, data).CombinedOutput()
	require.NoError(t, err, "%s", said)
	config := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, []byte("global: {scrape_interval: 1m}\n"), 0o600))
	s := runPrometheus(t, config, data)
	daemon, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	defer daemon.Close()
	for month := range 12 {
		to := until.AddDate(0, 0, -30*month)
		from := to.AddDate(0, 0, -30)
		s.now = func() time.Time { return to }
		report, err := daemon.DORA(t.Context(), url.Values{"by": {"service"}, "environment": {"production"}, "from": {stamp(from)}, "to": {stamp(to)}})
		require.NoError(t, err)
		for _, n := range report.Groups {
			if n.Deployments == 0 {
				continue
			}
			require.Equal(t, n.Deployments, s.increase(t, "deployments", n.Service, from, to), "%s in month %d", n.Service, month)
			failures := 0
			if n.ChangeFailRate != nil {
				failures = n.ChangeFailRate.Numerator
				require.Equal(t, n.ChangeFailRate.Denominator, s.increase(t, "completed_changes", n.Service, from, to))
			}
			require.Equal(t, failures, s.increase(t, "change_failures", n.Service, from, to))
			require.Equal(t, n.DeployFailed, s.increase(t, "failed_rollouts", n.Service, from, to))
			incidents, err := daemon.Incidents(t.Context(), url.Values{"service": {n.Service}, "limit": {"1000"}, "from": {stamp(from)}, "to": {stamp(to)}})
			require.NoError(t, err)
			require.Equal(t, len(incidents.Incidents), s.increase(t, "incidents", n.Service, from, to))
		}
		require.NotEmpty(t, report.Groups)
	}
}

func stamp(at time.Time) string { return at.Format(time.RFC3339) }

// increase is by how much a counter of history grew from one instant to another, as Prometheus 2 extrapolates it: not at all,
// where there are samples at both.
func (s *prometheusServer) increase(t *testing.T, counter, service string, from, to time.Time) int {
	t.Helper()
	expr := fmt.Sprintf(`sum(increase(shipwake_history_%s_total{job="shipwake",service=%q,environment="production"}[%s]))`,
		counter, service, model.Duration(to.Sub(from)))
	found := s.instant(t, expr)
	require.Len(t, found, 1, expr)
	grown, err := strconv.Atoi(strings.TrimSpace(fmt.Sprintf("%.0f", float64(found[0].Values[0].Value))))
	require.NoError(t, err)
	require.InDelta(t, grown, float64(found[0].Values[0].Value), 1e-6, expr)
	return grown
}

// apiOf serves the API over a record.
func apiOf(t *testing.T, r sinks.Reader) http.Handler {
	t.Helper()
	s, err := api.Factory().New(r, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	mux := http.NewServeMux()
	for pattern, handler := range sinks.Routes(s) {
		mux.Handle(pattern, handler)
	}
	return mux
}
