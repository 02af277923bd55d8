package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards"
)

// Prometheus is the server that should scrape the daemon, and what said so.
type Prometheus struct {
	Key    string
	Client confighttp.ClientConfig
}

// prometheus says whether the daemon is scraped, whether the rules and alerts are loaded, and whether alerts get to anybody.
func prometheus(ctx context.Context, p *Patient) []Finding {
	if p.Prometheus == nil {
		return p.scraped()
	}
	client, err := open(ctx, p.Prometheus.Client)
	if err != nil {
		return fail("correct "+p.Prometheus.Key, "%v", err)
	}
	defer client.CloseIdleConnections()
	s := scraper{client, p.Prometheus.Client.Endpoint}
	found, answers := s.scrapes(ctx)
	if !answers {
		return found
	}
	return append(append(found, s.rules(ctx)...), s.alertmanagers(ctx)...)
}

// scraped is what the daemon knows of it by itself.
func (p *Patient) scraped() []Finding {
	if s := p.answers.status; s != nil {
		for _, c := range s.Counts {
			if c.What == "scraped" && c.Source == "prometheus" && c.Value > 0 {
				return ok("one has scraped the daemon %s since its start; --prometheus URL looks at its rules and alerts", counted(int(c.Value), "time", "times"))
			}
		}
	}
	return skip("none is named: --prometheus URL, or a server of telemetry_prometheus")
}

// scraper is a Prometheus to ask.
type scraper struct {
	client *http.Client
	url    string
}

// ask decodes the data of an answer of Prometheus's API.
func (s scraper) ask(ctx context.Context, path string, data any) error {
	said := struct{ Data any }{data}
	return get(ctx, s.client, s.url, "/api/v1/"+path, &said)
}

// scrapes says which targets are shipwakes and how their last scrape went, and whether the server answers at all.
func (s scraper) scrapes(ctx context.Context) (found []Finding, answers bool) {
	var up struct {
		Result []struct {
			Metric map[string]string
			Value  [2]any
		}
	}
	query := "query?query=" + url.QueryEscape("up and on (job, instance) last_over_time(shipwake_build_info[1h])")
	if err := s.ask(ctx, query, &up); err != nil {
		return fail("is it running, and is that its address?", "%s: %v", s.url, err), false
	}
	for _, r := range up.Result {
		where := fmt.Sprintf("%s (job %s)", r.Metric["instance"], r.Metric["job"])
		if r.Value[1] == "1" {
			found = append(found, ok("%s scrapes %s", s.url, where)...)
			continue
		}
		found = append(found, fail("see Status → Targets there: the address, a token of readers, a network policy", "%s can't scrape %s any more: %s", s.url, where, s.lastError(ctx, r.Metric))...)
	}
	if len(found) == 0 {
		found = fail(`add {job_name: shipwake, static_configs: [{targets: ["HOST:8788"]}]} to its scrape_configs, with a token of readers where one is needed`,
			"%s doesn't scrape shipwake%s", s.url, s.lastError(ctx, nil))
	}
	return found, true
}

// lastError is why a target can't be scraped: the one with these labels, or one whose job is called shipwake.
func (s scraper) lastError(ctx context.Context, labels map[string]string) string {
	var targets struct {
		ActiveTargets []struct {
			Labels               map[string]string
			ScrapeURL, LastError string
		}
	}
	if s.ask(ctx, "targets?state=active", &targets) != nil {
		return ""
	}
	for _, t := range targets.ActiveTargets {
		same := labels != nil && t.Labels["job"] == labels["job"] && t.Labels["instance"] == labels["instance"]
		if t.LastError == "" || !same && (labels != nil || !strings.Contains(t.Labels["job"], "shipwake")) {
			continue
		}
		if labels == nil {
			return fmt.Sprintf(": it tries %s, and %s", t.ScrapeURL, t.LastError)
		}
		return t.LastError
	}
	return ""
}

// rules compares what is loaded with the rules and alerts of this release.
func (s scraper) rules(ctx context.Context) []Finding {
	const mend = "load dashboards/prometheus/rules.yaml and alerts.yaml of this release by rule_files, or the chart's prometheusRule"
	var loaded struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if err := s.ask(ctx, "rules", &loaded); err != nil {
		return skip("the rules of %s can't be asked for: %v", s.url, err)
	}
	there, failing := map[string]bool{}, []string{}
	ours, err := shipped()
	if err != nil {
		return fail("", "%v", err)
	}
	for _, g := range loaded.Groups {
		for _, r := range g.Rules {
			there[r.Name] = true
			if r.Health == "err" && slices.Contains(ours, r.Name) {
				failing = append(failing, r.Name+": "+r.LastError)
			}
		}
	}
	var missing []string
	for _, name := range ours {
		if !there[name] {
			missing = append(missing, name)
		}
	}
	var found []Finding
	switch {
	case len(missing) == len(ours):
		found = warn(mend, "none of the %d rules and alerts of this release are loaded: nobody is alerted", len(ours))
	case len(missing) > 0:
		found = warn(mend, "%d of the %d rules and alerts of this release aren't loaded: %s", len(missing), len(ours), listed(missing))
	}
	if len(failing) > 0 {
		found = append(found, warn("see Status → Rules there", "%s: %s", counted(len(failing), "rule fails", "rules fail"), listed(failing))...)
	}
	if len(found) == 0 {
		return ok("all %d rules and alerts of this release are loaded", len(ours))
	}
	return found
}

// shipped are the names of the rules and alerts of this release.
func shipped() (names []string, err error) {
	for _, name := range []string{"prometheus/rules.yaml", "prometheus/alerts.yaml"} {
		text, err := dashboards.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var file struct {
			Groups []struct {
				Rules []struct{ Record, Alert string }
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if name := r.Record + r.Alert; !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names, nil
}

// alertmanagers says whether alerts go anywhere, and whether they come back to the daemon as incidents.
func (s scraper) alertmanagers(ctx context.Context) []Finding {
	var known struct {
		ActiveAlertmanagers []struct{ URL string }
	}
	if err := s.ask(ctx, "alertmanagers", &known); err != nil {
		return skip("the Alertmanagers of %s can't be asked for: %v", s.url, err)
	}
	if len(known.ActiveAlertmanagers) == 0 {
		return warn("set alerting: {alertmanagers: …} in its configuration", "%s has no Alertmanager: what fires reaches nobody", s.url)
	}
	client, err := open(ctx, confighttp.NewDefaultClientConfig()) // a token for Prometheus is not for others
	if err != nil {
		return skip("the Alertmanagers of %s can't be asked: %v", s.url, err)
	}
	defer client.CloseIdleConnections()
	var found []Finding
	for _, a := range known.ActiveAlertmanagers {
		found = append(found, alertmanager(ctx, client, a.URL)...)
	}
	return found
}

// alertmanager says whether one tells the daemon of what fires.
func alertmanager(ctx context.Context, client *http.Client, address string) []Finding {
	base, _, _ := strings.Cut(address, "/api/")
	var status struct{ Config struct{ Original string } }
	if err := get(ctx, client, base, "/api/v2/status", &status); err != nil {
		return skip("%s gets the alerts; whether it tells shipwake of them can't be asked from here: %v", base, err)
	}
	if !strings.Contains(status.Config.Original, "/hooks/alertmanager") {
		return warn("add a receiver with webhook_configs: [{url: http://HOST:8787/hooks/alertmanager}]: docs/sources/alertmanager.md",
			"%s gets the alerts and doesn't tell shipwake of them, so that alerts aren't incidents", base)
	}
	return ok("%s gets the alerts and tells shipwake of them", base)
}
