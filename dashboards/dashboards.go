// Package dashboards answers: what do Grafana and Prometheus get to show what Shipwake finds?
//
// It holds the files themselves and reads the queries out of them, so that tests can hold them against the catalog of
// metrics and ask them of a real Prometheus. The dashboards are made by the module in build.
package dashboards

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
)

//go:generate go -C build run . ../grafana

// Files are the dashboards (grafana/*.json) and the rules (prometheus/*.yaml).
//
//go:embed grafana/*.json prometheus/*.yaml
var Files embed.FS

// Paths are those of the dashboards in Files.
func Paths() ([]string, error) { return fs.Glob(Files, "grafana/*.json") }

// Query is one query of a panel, of an annotation or of a variable.
type Query struct {
	Dashboard string // title
	Panel     string // title; of an annotation or a variable: its name
	RefID     string
	Expr      string // PromQL with Grafana's variables in it
	Instant   bool   // asked for one instant, not for a range
	Annotates bool   // it makes marks
}

// Queries returns every query to Prometheus of a dashboard's panels and annotations.
func Queries(path string) ([]Query, error) {
	text, err := Files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	type target struct {
		RefID, Expr string
		Instant     bool
	}
	type panel struct {
		Title   string
		Targets []target
	}
	var d struct {
		Title  string
		Panels []struct {
			panel
			Panels []panel // of a row that is closed
		}
		Annotations struct {
			List []struct{ Name, Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []Query
	for _, p := range d.Panels {
		for _, p := range append([]panel{p.panel}, p.Panels...) {
			for _, t := range p.Targets {
				all = append(all, Query{Dashboard: d.Title, Panel: p.Title, RefID: t.RefID, Expr: t.Expr, Instant: t.Instant})
			}
		}
	}
	for _, a := range d.Annotations.List {
		if a.Expr != "" {
			all = append(all, Query{Dashboard: d.Title, Panel: a.Name, Expr: a.Expr, Annotates: true})
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
