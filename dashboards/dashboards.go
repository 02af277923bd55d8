// Package dashboards answers: what do Grafana and Prometheus get to show what Shipwake finds?
//
// It holds the files themselves and reads the queries out of them, so that tests can hold them against the catalog of
// metrics and ask them of a real Prometheus.
package dashboards

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
)

// Files are the dashboards (grafana/*.json) and the rules (prometheus/*.yaml).
//
//go:embed grafana/*.json prometheus/*.yaml
var Files embed.FS

// ChangeHealth is the path of the dashboard in Files.
const ChangeHealth = "grafana/change-health.json"

// Query is one query of a panel.
type Query struct {
	Panel   string // title
	RefID   string
	Expr    string // PromQL with Grafana's variables in it
	Instant bool   // asked for one instant, not for a range
}

// Queries returns every query of a dashboard's panels.
func Queries(path string) ([]Query, error) {
	text, err := Files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct {
				RefID   string
				Expr    string
				Instant bool
			}
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []Query
	for _, p := range d.Panels {
		for _, t := range p.Targets {
			all = append(all, Query{Panel: p.Title, RefID: t.RefID, Expr: t.Expr, Instant: t.Instant})
		}
	}
	return all, nil
}

var variable = regexp.MustCompile(`\$(\w+)|\$\{(\w+)\}`)

// Expand replaces Grafana's variables, $name or ${name}, by values; one without a value is an error.
func Expand(expr string, values map[string]string) (string, error) {
	var missing error
	expanded := variable.ReplaceAllStringFunc(expr, func(match string) string {
		groups := variable.FindStringSubmatch(match)
		name := groups[1] + groups[2]
		value, ok := values[name]
		if !ok {
			missing = fmt.Errorf("no value for the variable %q in %s", name, expr)
		}
		return value
	})
	return expanded, missing
}
