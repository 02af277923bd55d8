package app

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards"
)

// The demo's windows are ten times shorter than the default ones, so Prometheus has to look as much sooner.
const (
	faster         = 10
	scrapeInterval = time.Second
)

// prometheusBinary is the Prometheus to test with, "" when there is none.
func prometheusBinary() string { return os.Getenv("SHIPWAKE_TEST_PROMETHEUS") }

// prometheusServer is a real Prometheus with the rules and alerts of dashboards/, in a process of its own.
type prometheusServer struct {
	url    string
	client *http.Client
	now    func() time.Time // up to when is asked
	step   time.Duration    // of a range
}

// startPrometheus scrapes a target until the test ends, and sends alerts to an Alertmanager if there is one. It returns when
// Prometheus answers.
func startPrometheus(t *testing.T, target, alertmanager string) *prometheusServer {
	t.Helper()
	dir := t.TempDir()
	return runPrometheus(t, prometheusConfig(t, dir, target, alertmanager), filepath.Join(dir, "data"))
}

// runPrometheus runs Prometheus with a configuration on a directory of data until the test ends.
func runPrometheus(t *testing.T, config, data string) *prometheusServer {
	t.Helper()
	address := freeAddress(t)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(prometheusBinary(),
		"--config.file="+config, "--storage.tsdb.path="+data, "--storage.tsdb.retention.time=1y",
		"--web.listen-address="+address, "--enable-feature=exemplar-storage", "--log.level=warn")
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	s := &prometheusServer{"http://" + address, &http.Client{Timeout: 2 * time.Minute}, time.Now, scrapeInterval}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		_, _ = cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()
	})
	require.Eventually(t, func() bool { return s.ready() }, 30*time.Second, 100*time.Millisecond, "see %s", log.Name())
	return s
}

// prometheusConfig writes the configuration that deploy/compose ships, with its one job pointed at the target, and with
// short intervals.
func prometheusConfig(t *testing.T, dir, target, alertmanager string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../../../deploy/compose/prometheus/prometheus.yaml"))
	require.NoError(t, err)
	var config struct {
		Global map[string]any   `yaml:"global"`
		Rules  []string         `yaml:"rule_files"`
		Scrape []map[string]any `yaml:"scrape_configs"`
		Alerts map[string]any   `yaml:"alerting,omitempty"`
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	config.Global["scrape_interval"] = model.Duration(scrapeInterval).String()
	config.Global["evaluation_interval"] = model.Duration(scrapeInterval).String()
	for i, file := range config.Rules {
		config.Rules[i] = filepath.Join(dir, filepath.Base(file))
		require.NoError(t, os.WriteFile(config.Rules[i], fasterRules(t, filepath.Base(file)), 0o600))
	}
	require.Len(t, config.Scrape, 1)
	config.Scrape[0]["static_configs"] = []any{map[string]any{"targets": []string{target}}}
	delete(config.Scrape[0], "authorization") // the demo asks for no token
	config.Alerts = nil
	if alertmanager != "" {
		config.Alerts = map[string]any{"alertmanagers": []any{map[string]any{"static_configs": []any{map[string]any{"targets": []string{alertmanager}}}}}}
	}
	text, err = yaml.Marshal(config)
	require.NoError(t, err)
	file := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// fasterRules are the rules of a file in dashboards/prometheus, evaluated as much more often, with alerts that wait as
// much less before they fire.
func fasterRules(t *testing.T, name string) []byte {
	t.Helper()
	text, err := dashboards.Files.ReadFile("prometheus/" + name)
	require.NoError(t, err)
	var file struct {
		Groups []map[string]any `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, group := range file.Groups {
		shorten(t, group, "interval")
		for _, rule := range group["rules"].([]any) {
			shorten(t, rule.(map[string]any), "for")
		}
	}
	text, err = yaml.Marshal(file)
	require.NoError(t, err)
	return text
}

// shorten makes the duration under a key shorter, if there is one.
func shorten(t *testing.T, settings map[string]any, key string) {
	t.Helper()
	long, ok := settings[key].(string)
	if !ok {
		return
	}
	duration, err := model.ParseDuration(long)
	require.NoError(t, err)
	settings[key] = (duration / faster).String()
}

func (s *prometheusServer) ready() bool {
	answer, err := s.client.Get(s.url + "/-/ready")
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

// call asks Prometheus's API and decodes the data of its answer.
func (s *prometheusServer) call(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	answer, err := s.client.Get(s.url + "/api/v1/" + path + "?" + query.Encode())
	require.NoError(t, err)
	said := struct {
		Status, Error string
		Data          any
	}{Data: data}
	err = json.NewDecoder(answer.Body).Decode(&said)
	require.NoError(t, errors.Join(err, answer.Body.Close()))
	require.Equal(t, "success", said.Status, "%s: %s", query, said.Error)
}

// instant is what an expression gives now.
func (s *prometheusServer) instant(t *testing.T, expr string) []*model.SampleStream {
	t.Helper()
	var data struct{ Result model.Vector }
	s.call(t, "query", url.Values{"query": {expr}, "time": {seconds(s.now())}}, &data)
	var streams []*model.SampleStream
	for _, sample := range data.Result {
		streams = append(streams, &model.SampleStream{
			Metric: sample.Metric, Values: []model.SamplePair{{Timestamp: sample.Timestamp, Value: sample.Value}},
		})
	}
	return streams
}

// over is what an expression gave from a time until now.
func (s *prometheusServer) over(t *testing.T, expr string, since time.Time) []*model.SampleStream {
	t.Helper()
	var data struct{ Result model.Matrix }
	s.call(t, "query_range", url.Values{
		"query": {expr}, "start": {seconds(since)}, "end": {seconds(s.now())},
		"step": {model.Duration(s.step).String()},
	}, &data)
	return data.Result
}

func (s *prometheusServer) labelValues(t *testing.T, label, selector string) []string {
	t.Helper()
	var values []string
	s.call(t, "label/"+label+"/values", url.Values{"match[]": {selector}}, &values)
	return values
}

// exemplars are the labels of the exemplars of a series.
func (s *prometheusServer) exemplars(t *testing.T, selector string, since time.Time) []model.LabelSet {
	t.Helper()
	var data []struct {
		Exemplars []struct{ Labels model.LabelSet }
	}
	s.call(t, "query_exemplars", url.Values{"query": {selector}, "start": {seconds(since)}, "end": {seconds(time.Now())}}, &data)
	var all []model.LabelSet
	for _, series := range data {
		for _, e := range series.Exemplars {
			all = append(all, e.Labels)
		}
	}
	return all
}

// evaluateRules waits until every group of rules was evaluated after a time, and requires that each went well.
func (s *prometheusServer) evaluateRules(t *testing.T, after time.Time) {
	t.Helper()
	var data struct {
		Groups []struct {
			Name           string
			LastEvaluation time.Time
			Rules          []struct{ Name, Health, LastError string }
		}
	}
	require.Eventually(t, func() bool {
		s.call(t, "rules", nil, &data)
		for _, g := range data.Groups {
			if !g.LastEvaluation.After(after) {
				return false
			}
		}
		return len(data.Groups) > 0
	}, 30*time.Second, time.Second)
	for _, g := range data.Groups {
		for _, rule := range g.Rules {
			require.Equal(t, "ok", rule.Health, "%s %s: %s", g.Name, rule.Name, rule.LastError)
		}
	}
}

// hasNumber says whether there is anything to draw.
func hasNumber(streams []*model.SampleStream) bool {
	for _, s := range streams {
		for _, v := range s.Values {
			if !math.IsNaN(float64(v.Value)) && !math.IsInf(float64(v.Value), 0) {
				return true
			}
		}
	}
	return false
}

// seconds is a time as the API takes it.
func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}
