package doctor

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
)

type object = map[string]any

// scrapedBy is a Prometheus, and an Alertmanager beside it, of which each test says something else.
func scrapedBy(t *testing.T, says object) *Patient {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for path, data := range says {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(path, "/api/v1/") {
				require.Equal(t, "Bearer t", r.Header.Get("Authorization"))
				text, err := json.Marshal(object{"status": "success", "data": data})
				require.NoError(t, err)
				_, _ = w.Write([]byte(strings.ReplaceAll(string(text), "SERVER", server.URL)))
				return
			}
			require.Empty(t, r.Header.Get("Authorization"), "the token is Prometheus's alone")
			_ = json.NewEncoder(w).Encode(data)
		})
	}
	config := confighttp.NewDefaultClientConfig()
	config.Endpoint = server.URL
	config.Headers.Set("Authorization", configopaque.String("Bearer t"))
	return &Patient{Prometheus: &Prometheus{Key: "--prometheus", Client: config}}
}

func up(value string) object {
	return object{"resultType": "vector", "result": []any{object{"metric": object{"job": "shipwake", "instance": "d:8788"}, "value": []any{1, value}}}}
}

func loaded(t *testing.T, but string) object {
	t.Helper()
	names, err := shipped()
	require.NoError(t, err)
	var rules []any
	for _, name := range names {
		if name != but {
			rules = append(rules, object{"name": name, "health": "ok"})
		}
	}
	return object{"groups": []any{object{"rules": rules}}}
}

func TestAPrometheusIsAskedWhatItScrapes(t *testing.T) {
	refused := object{"activeTargets": []any{object{"labels": object{"job": "shipwake", "instance": "d:8788"}, "scrapeUrl": "http://d:8788/metrics", "lastError": "server returned HTTP status 401 Unauthorized"}}}
	manager := object{"activeAlertmanagers": []any{object{"url": "SERVER/api/v2/alerts"}}}
	wired := object{"config": object{"original": "receivers: [{webhook_configs: [{url: http://d:8787/hooks/alertmanager}]}]"}}
	names, err := shipped()
	require.NoError(t, err)
	require.Contains(t, names, "ShipwakeAbsent")
	for name, c := range map[string]struct {
		says object
		want []string
	}{
		"all is well": {object{"/api/v1/query": up("1"), "/api/v1/rules": loaded(t, ""), "/api/v1/alertmanagers": manager, "/api/v2/status": wired}, []string{
			"ok SERVER scrapes d:8788 (job shipwake)", "ok all N rules and alerts of this release are loaded", "ok SERVER gets the alerts and tells shipwake of them"}},
		"a scrape that fails now": {object{"/api/v1/query": up("0"), "/api/v1/targets": refused, "/api/v1/rules": loaded(t, "ShipwakeAbsent"), "/api/v1/alertmanagers": manager, "/api/v2/status": object{}}, []string{
			"fail SERVER can't scrape d:8788 (job shipwake) any more: server returned HTTP status 401 Unauthorized → see Status → Targets there: the address, a token of readers, a network policy",
			"warn 1 of the N rules and alerts of this release aren't loaded: ShipwakeAbsent → load dashboards/prometheus/rules.yaml and alerts.yaml of this release by rule_files, or the chart's prometheusRule",
			"warn SERVER gets the alerts and doesn't tell shipwake of them, so that alerts aren't incidents → add a receiver with webhook_configs: [{url: http://HOST:8787/hooks/alertmanager}]: docs/sources/alertmanager.md"}},
		"one that has never got through": {object{"/api/v1/query": object{"result": []any{}}, "/api/v1/targets": refused, "/api/v1/rules": object{"groups": []any{}}, "/api/v1/alertmanagers": object{"activeAlertmanagers": []any{}}}, []string{
			"fail SERVER doesn't scrape shipwake: it tries http://d:8788/metrics, and server returned HTTP status 401 Unauthorized → " +
				`add {job_name: shipwake, static_configs: [{targets: ["HOST:8788"]}]} to its scrape_configs, with a token of readers where one is needed`,
			"warn none of the N rules and alerts of this release are loaded: nobody is alerted → load dashboards/prometheus/rules.yaml and alerts.yaml of this release by rule_files, or the chart's prometheusRule",
			"warn SERVER has no Alertmanager: what fires reaches nobody → set alerting: {alertmanagers: …} in its configuration"}},
		"a rule that fails": {object{"/api/v1/query": up("1"), "/api/v1/rules": object{"groups": []any{object{"rules": append(loaded(t, "ShipwakeAbsent")["groups"].([]any)[0].(object)["rules"].([]any),
			object{"name": "ShipwakeAbsent", "health": "err", "lastError": "many-to-many"})}}}, "/api/v1/alertmanagers": manager}, []string{
			"ok SERVER scrapes d:8788 (job shipwake)", "warn 1 rule fails: ShipwakeAbsent: many-to-many → see Status → Rules there",
			"skip SERVER gets the alerts; whether it tells shipwake of them can't be asked from here: /api/v2/status answered 404 Not Found"}},
		"no Prometheus at all": {object{}, []string{"fail SERVER: /api/v1/query answered 404 Not Found → is it running, and is that its address?"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := scrapedBy(t, c.says)
			var got []string
			for _, line := range lines(prometheus(t.Context(), p)) {
				line = strings.ReplaceAll(line, p.Prometheus.Client.Endpoint, "SERVER")
				got = append(got, strings.ReplaceAll(line, " "+itoa(len(names))+" ", " N "))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func itoa(n int) string { return strings.TrimSpace(counted(n, "", "")) }
