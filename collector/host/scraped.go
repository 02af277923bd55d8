package host

import (
	"net/http"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// metricsRoute is what scrapers read.
const metricsRoute = "GET /metrics"

// scrapers are those who read metrics again and again, by how the name that they give themselves begins.
var scrapers = []struct{ begins, name string }{
	{"Prometheus/", "prometheus"}, {"vm_promscrape", "vmagent"}, {"Alloy/", "alloy"}, {"GrafanaAgent/", "grafana-agent"},
}

// scraped counts who reads metrics, so that people can see whether anybody does. A person with curl isn't counted.
func scraped(tally *correlate.Tally, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, s := range scrapers {
			if strings.HasPrefix(r.UserAgent(), s.begins) {
				tally.Add(correlate.Count{What: "scraped", Source: s.name, Result: "served"}, 1)
			}
		}
		next.ServeHTTP(w, r)
	})
}
