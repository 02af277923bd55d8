package dashboards_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards"
	"github.com/shipwake/shipwake/sinks/prometheus"
)

// scraped are the labels that Prometheus adds to whatever it scrapes.
var scraped = []string{"job", "instance"}

// values are some for every variable that a panel may use.
var values = map[string]string{
	"job": ".+", "service": ".+", "environment": ".+", "team": ".+", "window": "30d", "percentile": "90",
	"__range": "6h", "__interval": "15s", "__rate_interval": "1m",
}

type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func rules(t *testing.T, name string) []rule {
	t.Helper()
	text, err := dashboards.Files.ReadFile("prometheus/" + name)
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	var all []rule
	for _, g := range file.Groups {
		require.True(t, strings.HasPrefix(g.Name, "shipwake-"), g.Name)
		all = append(all, g.Rules...)
	}
	return all
}

// expressions are all that is asked of Prometheus, by where it is asked.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	for _, path := range paths {
		queries, err := dashboards.Queries(path)
		require.NoError(t, err)
		require.NotEmpty(t, queries)
		for _, q := range queries {
			all[q.Dashboard+", "+q.Panel+" "+q.RefID], err = dashboards.Expand(q.Expr, values)
			require.NoError(t, err)
		}
	}
	for _, file := range []string{"rules.yaml", "alerts.yaml"} {
		for _, r := range rules(t, file) {
			all[file+" "+r.Record+r.Alert] = r.Expr
		}
	}
	return all
}

var (
	selector  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_:]*)\s*(?:\{([^}]*)\})?`)
	matcher   = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"`)
	grouping  = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	counting  = regexp.MustCompile(`\b(?:rate|irate|increase)\(\s*([a-zA-Z_][a-zA-Z0-9_:]*)`)
	templated = regexp.MustCompile(`label_values\((.+),\s*(\w+)\)`)
)

// labelsOf is what a metric may be asked for, nil for one that doesn't exist: a row of the catalog, a series of a
// histogram, or what a recording rule makes of one.
func labelsOf(t *testing.T, name string) []string {
	for _, m := range prometheus.Catalog() {
		if m.Name == name && m.Type != prometheus.Histogram {
			return slices.Concat(m.Labels, scraped)
		}
		if m.Type == prometheus.Histogram && slices.Contains([]string{m.Name + "_bucket", m.Name + "_sum", m.Name + "_count"}, name) {
			return slices.Concat(m.Labels, scraped, []string{"le"})
		}
	}
	for _, r := range rules(t, "rules.yaml") {
		if r.Record == name {
			var labels []string
			for used := range metricsIn(r.Expr) {
				labels = append(labels, labelsOf(t, used)...)
			}
			return labels
		}
	}
	return nil
}

// metricsIn are the metrics of Shipwake in an expression, with the labels each is matched by.
func metricsIn(expr string) map[string][]string {
	used := map[string][]string{}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		if !strings.Contains(m[1], "shipwake_") {
			continue
		}
		used[m[1]] = append(used[m[1]], []string{}...)
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			used[m[1]] = append(used[m[1]], l[1])
		}
	}
	return used
}

func TestEveryMetricAndLabelIsInTheCatalog(t *testing.T) {
	for where, expr := range expressions(t) {
		used := metricsIn(expr)
		require.NotEmpty(t, used, "%s asks for something of ours", where)
		var known []string
		for name, matched := range used {
			labels := labelsOf(t, name)
			require.NotNil(t, labels, "%s: %s exists", where, name)
			for _, label := range matched {
				require.Contains(t, labels, label, "%s: %s", where, name)
			}
			known = append(known, labels...)
		}
		for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(g[1], ",") {
				require.Contains(t, known, strings.TrimSpace(label), "%s: grouped by", where)
			}
		}
	}
}

func TestVariablesAskForLabelsThatExist(t *testing.T) {
	eachDashboard(t, func(t *testing.T, d dashboard) {
		for _, v := range d.Templating.List {
			if v.Type != "query" {
				continue
			}
			m := templated.FindStringSubmatch(v.Definition)
			require.NotNil(t, m, v.Name)
			for name, matched := range metricsIn(m[1]) {
				labels := labelsOf(t, name)
				require.Contains(t, labels, m[2], v.Name)
				for _, label := range matched {
					require.Contains(t, labels, label, v.Name)
				}
			}
		}
	})
}

func TestLegendsNameLabelsThatExist(t *testing.T) {
	legend := regexp.MustCompile(`\{\{(\w+)\}\}`)
	eachDashboard(t, func(t *testing.T, d dashboard) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				var known []string
				for name := range metricsIn(target.Expr) {
					known = append(known, labelsOf(t, name)...)
				}
				for _, m := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
					require.Contains(t, known, m[1], p.Title)
				}
			}
		}
	})
}

// TestCountersAreNeverReadAsTheyStand: what a counter shows is how long the daemon has run.
func TestCountersAreNeverReadAsTheyStand(t *testing.T) {
	for where, expr := range expressions(t) {
		rated := map[string]int{}
		for _, m := range counting.FindAllStringSubmatch(expr, -1) {
			rated[m[1]]++
		}
		for _, m := range selector.FindAllStringSubmatch(expr, -1) {
			if isCounter(m[1]) {
				rated[m[1]]--
			}
		}
		for name, n := range rated {
			if isCounter(name) {
				require.Zero(t, n, "%s: %s is rated wherever it is read", where, name)
			} else {
				require.Zero(t, n, "%s: %s is a gauge and must not be rated", where, name)
			}
		}
	}
}

func isCounter(name string) bool {
	return strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_bucket")
}
