package main

import (
	"fmt"
	"strings"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/shipwake/shipwake/sinks/prometheus"
)

const metricsIntro = `# Metrics

What ` + "`/metrics`" + ` tells, from the catalog that it is written from.

Counters count what was told since the daemon started. The ` + "`shipwake_dora_*`" + ` gauges are exact over their window in
event time, for ` + "`window` = `7d`, `30d` and `90d`" + `, and by [the policy of Shipwake](../dora.md). What has no data
is absent. ` + "`shipwake_change_*`" + ` series name a change: those of the 1,000 newest whose window is open, or that regressed and
haven't recovered. A metric without a unit is a plain count, or 1.

Histograms are classic in the text formats, and classic and native in Prometheus' protobuf format: a native bucket ends 9 %
above where it begins, and where that makes more than 100 buckets each two become one. Exemplars name the change in
OpenMetrics and in protobuf; Prometheus keeps them with ` + "`--enable-feature=exemplar-storage`" + `. From 3.8 on it asks for protobuf with

` + "```yaml" + `
scrape_configs:
  - job_name: shipwake
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs: [{targets: ["127.0.0.1:8788"]}]
` + "```" + `

Before 3.8, ` + "`--enable-feature=native-histograms`" + ` stands for ` + "`scrape_native_histograms`" + `; before 3.0 the other setting is called
` + "`scrape_classic_histograms`" + ` (from 2.45 on). Without it there is no ` + "`_bucket`" + ` series of what is native, and the dashboards ask for those.
A quantile of native buckets is ` + "`histogram_quantile(0.9, sum by (service) (rate(shipwake_regression_detection_seconds[1d])))`" + `.
`

// metrics makes docs/reference/metrics.md.
func metrics(_ string, into map[string]string) error {
	var b strings.Builder
	b.WriteString(madeBy + metricsIntro)
	section := ""
	for _, m := range prometheus.Catalog() {
		if m.Section != section {
			section = m.Section
			fmt.Fprintf(&b, "\n## %s\n\n| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n", section)
		}
		kind := string(m.Type)
		if m.Type == prometheus.Histogram {
			kind = "histogram, classic and native"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Name, kind, m.Unit, codes(m.Labels), cell(m.Help))
	}
	if err := processMetrics(&b); err != nil {
		return err
	}
	into["docs/reference/metrics.md"] = b.String()
	return nil
}

// processMetrics are what client_golang tells of Go and the process.
func processMetrics(b *strings.Builder) error {
	registry := client.NewRegistry()
	for _, c := range []client.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := registry.Register(c); err != nil {
			return err
		}
	}
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	b.WriteString("\n## Go and the process\n\nAs every program has them that uses Prometheus' library for Go; those of the process on Linux.\n\n" +
		"| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), codes(labels), cell(f.GetHelp()))
	}
	return nil
}

// codes are words as they are written, with commas.
func codes(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

// cell is text as a cell of a table holds it.
func cell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(text)
}
