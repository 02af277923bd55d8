package remotewrite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/freeport"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// started is the URL of a real Prometheus that takes remote write, and what is late by up to a window.
func started(t *testing.T, window string) string {
	t.Helper()
	binary := os.Getenv("SHIPWAKE_TEST_PROMETHEUS")
	if binary == "" {
		t.Skip("SKIP: needs a Prometheus; make e2e-prometheus gets one")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yaml")
	address, err := freeport.Address()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, []byte("global: {scrape_interval: 1m}\nstorage: {tsdb: {out_of_order_time_window: "+window+"}}\n"), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--web.enable-remote-write-receiver")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_, _ = cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()
		http.DefaultClient.CloseIdleConnections()
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/-/ready")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 30*time.Second, 100*time.Millisecond)
	return "http://" + address
}

// asked is the value of an expression at an instant, 0 where there is none.
func asked(t *testing.T, server, expr string, at time.Time) int {
	t.Helper()
	answer, err := http.Get(server + "/api/v1/query?" + url.Values{"query": {expr}, "time": {fmt.Sprint(at.Unix())}}.Encode())
	require.NoError(t, err)
	var said struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	err = json.NewDecoder(answer.Body).Decode(&said)
	require.NoError(t, answer.Body.Close())
	require.NoError(t, err)
	if len(said.Data.Result) == 0 {
		return 0
	}
	value, err := strconv.ParseFloat(said.Data.Result[0].Value[1].(string), 64)
	require.NoError(t, err)
	return int(value)
}

// writing is a sink that writes to a server, over a record that begins at an instant.
func writing(t *testing.T, server string, now time.Time) (*sink, *sinktest.Reader) {
	t.Helper()
	r := sinktest.NewReader(now)
	s, err := Factory().New(r, m{"url": server + "/api/v1/write", "allow": []any{"loopback"}, "step": "5m", "window": "12h"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	out := s.(*sink)
	out.settle = 0
	return out, r
}

// TestRealPrometheusTakesWhatIsLate: deployments become known out of order, one is found to have failed and is then acquitted,
// and each hour of Prometheus adds up to what the API counts in it.
func TestRealPrometheusTakesWhatIsLate(t *testing.T) {
	server := started(t, "1d")
	now := time.Now().UTC().Truncate(time.Hour)
	out, r := writing(t, server, now)
	var last []byte
	facts := [][]correlate.Effect{
		{at(now, "a", 10, false), at(now, "b", 90, true), at(now, "c", 91, false)},
		{at(now, "d", 400, false), at(now, "a", 10, true)},            // late; and found to have failed
		{at(now, "e", 650, true), at(now, "b", 90, false)},            // later still; and acquitted
		{at(now, "f", 92, false), at(now, "c", 500, false)},           // another time than was told
		{at(now, "g", 1, false), at(now, "h", 11, true), outage(now)}, // an incident
	}
	for i, effects := range facts {
		r.SetStatus(func(s *sinks.Status) { s.Now = now.Add(time.Duration(i) * time.Second) })
		r.Put(effects...)
		receipt, err := out.Deliver(t.Context(), sinks.Message{Receipt: last})
		require.NoError(t, err)
		last = receipt
	}
	var is receipt
	require.NoError(t, json.Unmarshal(last, &is))
	require.Zero(t, is.Refused)
	total := 0
	for hour := range 12 {
		to := now.Add(-time.Duration(hour) * time.Hour)
		report, err := r.DORA(t.Context(), dora.Query{From: to.Add(-time.Hour), To: to})
		require.NoError(t, err)
		sum := func(metric string) int {
			return asked(t, server, `sum(sum_over_time(shipwake_event_`+metric+`{job="shipwake",environment="production",service="cart"}[1h]))`, to)
		}
		require.Equal(t, report.Total.Deployments, sum("deployments"), hour)
		failures := 0
		if report.Total.ChangeFailRate != nil {
			failures = report.Total.ChangeFailRate.Numerator
		}
		require.Equal(t, failures, sum("change_failures"), hour)
		total += sum("deployments") + sum("incidents")
	}
	require.Equal(t, 9, total)
}

// TestRealPrometheusRefusesWhatIsTooOld: what is later than the receiver's window is counted, and said to it.
func TestRealPrometheusRefusesWhatIsTooOld(t *testing.T) {
	server := started(t, "1h")
	now := time.Now().UTC().Truncate(time.Hour)
	out, r := writing(t, server, now)
	r.Put(at(now, "new", 1, false))
	last, err := out.Deliver(t.Context(), sinks.Message{})
	require.NoError(t, err)
	r.SetStatus(func(s *sinks.Status) { s.Now = now.Add(time.Second) })
	r.Put(at(now, "old", 600, false), at(now, "late", 30, false))
	_, err = out.Deliver(t.Context(), sinks.Message{Receipt: last})
	require.NoError(t, err)
	require.Equal(t, 2, asked(t, server, "sum_over_time(shipwake_event_deployments[12h])", now), "the late one is there, the old one isn't")
	require.Equal(t, 2, asked(t, server, refusedName, now.Add(time.Second)))
}

// at is a deployment of so many minutes before an instant.
func at(now time.Time, id string, minutes int, harmful bool) correlate.Effect {
	e := deployed(id, 0, harmful)
	e.Change.FinishedAt = now.Add(-time.Duration(minutes) * time.Minute)
	return e
}

func outage(now time.Time) correlate.Effect {
	in := &correlate.IncidentRecord{}
	in.ID, in.Service, in.Environment, in.OpenedAt = "i", "cart", "production", now.Add(-200*time.Minute)
	return correlate.Effect{Incident: in}
}
