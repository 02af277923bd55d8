package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/month"
)

// monthEnds is a Friday afternoon.
var monthEnds = time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)

// TestPrometheusAnswersWithAMonth fills the data of a Prometheus with a company's month, and asks a real one everything that
// the dashboards, the rules and the alerts ask: for the time that a dashboard shows at first, and for its last instant.
func TestPrometheusAnswersWithAMonth(t *testing.T) {
	if prometheusBinary() == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	s := monthServer(t)
	empty := map[string]bool{}
	eachBoard(t, func(t *testing.T, b shippedBoard) {
		shown, err := model.ParseDuration(b.Time.From[len("now-"):])
		require.NoError(t, err)
		s.step = max(time.Minute, time.Duration(shown)/500).Truncate(time.Second)
		for _, where := range s.everyQueryIsAnswered(t, b, monthEnds.Add(-time.Duration(shown)), silentInTheMonth) {
			empty[where] = true
		}
		s.everyVariableHasValues(t, b)
	})
	for where := range silentInTheMonth {
		require.True(t, empty[where], "%s is answered: take it off the list", where)
	}
	t.Run("rules", func(t *testing.T) {
		s.step = time.Hour
		for _, file := range []string{"rules.yaml", "alerts.yaml"} {
			for _, rule := range shippedRules(t, file) {
				s.over(t, rule.Expr, monthEnds.AddDate(0, 0, -3)) // no error
				s.instant(t, rule.Expr)
			}
		}
	})
}

// monthServer is a Prometheus that holds a month. SHIPWAKE_TEST_MONTH is a directory of `shipwake demo --month`, so that the
// month needn't be lived through each time.
func monthServer(t *testing.T) *prometheusServer {
	t.Helper()
	blocks := filepath.Join(t.TempDir(), "blocks")
	if dir := os.Getenv("SHIPWAKE_TEST_MONTH"); dir != "" {
		require.NoError(t, os.CopyFS(blocks, os.DirFS(month.Metrics(dir))))
	} else {
		_, err := month.Fill(t.Context(), month.Options{Dir: filepath.Join(t.TempDir(), "data"), Blocks: blocks, Seed: 1, Days: 30, Until: monthEnds})
		require.NoError(t, err)
	}
	config := filepath.Join(t.TempDir(), "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, []byte("global: {scrape_interval: 1m}\n"), 0o600))
	s := runPrometheus(t, config, blocks)
	s.now = func() time.Time { return monthEnds }
	return s
}

// silentInTheMonth are the queries that a month has no answer to, with the reason.
var silentInTheMonth = map[string]string{
	"Shipwake: operating, Messages set aside A": noSender,
	"Shipwake: operating, Messages A":           noSender,
	"Shipwake: operating, Messages that wait A": noSender,
	"Shipwake: operating, Telemetry B":          onTime,
	"Shipwake: operating, Requests A":           "its measurements come without OTLP",
	"Shipwake: operating, Read elsewhere A":     noReader,
	"Shipwake: operating, Read elsewhere B":     noReader,
	"Shipwake: operating, Read elsewhere C":     noReader,
}

const (
	noSender = "no sink that sends messages is configured"
	onTime   = "no bucket comes too late, and none is dated in the future"
	noReader = "nothing is read from Kafka, from an API or from Kubernetes"
)

// silentInTheDemo are those that the demo's minute has no answer to. Some are answered where Prometheus begins early enough.
var silentInTheDemo = map[string]string{
	"Shipwake: operating, Messages set aside A":             noSender,
	"Shipwake: operating, Messages A":                       noSender,
	"Shipwake: operating, Messages that wait A":             noSender,
	"Shipwake: operating, Read elsewhere A":                 noReader,
	"Shipwake: operating, Read elsewhere B":                 noReader,
	"Shipwake: operating, Read elsewhere C":                 noReader,
	"Shipwake: operating, Telemetry B":                      onTime,
	"Shipwake: operating, False alarms A":                   "in a minute nothing is looked at that did not change",
	"Shipwake: leaders, Teams B":                            toldBefore,
	"Shipwake: team, Incidents without a change A":          toldBefore,
	"Shipwake: leaders, Restatements A":                     notCorrected,
	"Shipwake: team, Corrections A":                         notCorrected,
	"Shipwake: team, Why there was no answer A":             "every act ends with an answer",
	"Shipwake: release risk, Rollouts that never arrived A": "every rollout arrives",
	"Shipwake: release risk, Time until it is noticed A":    "each service's series begins with its first detection, and that is no growth yet",
}

const (
	toldBefore   = "the demo's past is told before the first scrape, and what is there at first is no growth"
	notCorrected = "nothing is corrected in the demo"
)
