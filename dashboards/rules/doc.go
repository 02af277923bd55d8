// Package rules answers: what does Prometheus derive from the metrics of Shipwake, and when does it wake somebody?
//
// It makes the recording rules and alerts of dashboards/prometheus, as plain rule files and as a PrometheusRule for
// Kubernetes. What may differ from place to place is in Parameters. The rules with other ones are made by
//
//	go run ./dashboards/rules/generate -selector 'job="shipwake"' -recovery-within 30m -out /etc/prometheus/shipwake
//
// Recording rules are named level:metric:operation. An alert has a severity, a summary, a description and a page in
// docs/runbooks, and reads metrics alone, no recording rules: it needs nothing beside it.
package rules

//go:generate go run ./generate -out ../prometheus
