package prometheus

import "github.com/shipwake/shipwake/correlate/dora"

// Type is the kind of a metric.
type Type string

// The types.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
)

// Metric is one row of the catalog: the same row feeds /metrics, docs/reference/metrics.md and the check of the dashboards.
type Metric struct {
	Section string // heading in docs/reference/metrics.md
	Name    string
	Help    string
	Type    Type
	Unit    string // "seconds", "bytes", "ratio"; "" for a plain count
	Labels  []string
	// Exactly one of these reads the values: read of the daemon, place of a service in an environment, change of a change
	// under observation, group of a group of a DORA report, as its level says; nil is no data.
	read   func(*view, *lines)
	place  func(*site, *lines)
	change func(*observation, *lines)
	group  func(dora.Numbers) *float64
	level  level
}

// Catalog is every metric of this sink, in the order of the documentation.
func Catalog() []Metric {
	var all []Metric
	for _, section := range []struct {
		name string
		rows []Metric
	}{
		{"Changes and verdicts", outcomes()},
		{"Changes under observation, and those that have not recovered", observations()},
		{"The newest judged change of a service", latest()},
		{"DORA", windows()},
		{"What came in", intake()},
		{"What goes out", outgoing()},
		{"How often it is wrong", calibration()},
		{"The daemon", daemon()},
		{"Measurements on disk", archive()},
		{"Memory, and what was dropped to keep within its limit", memory()},
	} {
		for _, row := range section.rows {
			row.Section = section.name
			all = append(all, row)
		}
	}
	return all
}

// The labels that most metrics have.
var (
	byPlace   = []string{"service", "environment"}
	byVerdict = []string{"service", "environment", "verdict"}
	byWindow  = []string{"window", "service", "environment"}
)
