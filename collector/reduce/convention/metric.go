package convention

import "strings"

// Meaning is what a metric counts that is understood without configuration; zero: none of those.
type Meaning uint8

// The meanings.
const (
	HTTPServer Meaning = iota + 1
	RPCServer
	HTTPClient
	RPCClient
	SpanCalls
	SpanDuration
	GraphTotal
	GraphFailed
	GraphSeconds
	Saturation
)

// Graph: a metric of the service-graph connector.
func (m Meaning) Graph() bool { return m == GraphTotal || m == GraphFailed || m == GraphSeconds }

// Calls: a duration of calls as one side of them measures it.
func (m Meaning) Calls() bool { return m >= HTTPServer && m <= RPCClient }

// Client: measured by the caller.
func (m Meaning) Client() bool { return m == HTTPClient || m == RPCClient }

// OfSpans: a metric made of spans, of whichever service.
func (m Meaning) OfSpans() bool { return m == SpanCalls || m == SpanDuration }

// Nanoseconds in a unit.
const (
	seconds      = 1e9
	milliseconds = 1e6
)

// Metric is one row of the table of metrics.
type Metric struct {
	Meaning Meaning
	Unit    float64 // of a duration whose metric doesn't tell its unit, in nanoseconds
	Name    string  // Saturation only: the signal's name
	Spent   bool    // Saturation only: a counter of seconds spent, of which the rate is the signal
	Count   bool    // Saturation only: a count since the beginning, of which the increase is the signal
	Old     bool    // calls only: the name of an earlier convention, beside which the same calls may be told by the newer one
	Others  bool    // span metrics only: whoever exposes it counts the spans of others, so the resource doesn't name them
}

// metrics is every metric that is understood by its whole name.
var metrics = map[string]Metric{
	"http.server.request.duration": {Meaning: HTTPServer, Unit: seconds},
	"http.server.duration":         {Meaning: HTTPServer, Unit: milliseconds, Old: true},
	"rpc.server.call.duration":     {Meaning: RPCServer, Unit: seconds},
	"rpc.server.duration":          {Meaning: RPCServer, Unit: milliseconds, Old: true},
	"http.client.request.duration": {Meaning: HTTPClient, Unit: seconds},
	"http.client.duration":         {Meaning: HTTPClient, Unit: milliseconds, Old: true},
	"rpc.client.call.duration":     {Meaning: RPCClient, Unit: seconds},
	"rpc.client.duration":          {Meaning: RPCClient, Unit: milliseconds, Old: true},

	"calls":                 {Meaning: SpanCalls},
	"calls_total":           {Meaning: SpanCalls},
	"duration":              {Meaning: SpanDuration, Unit: milliseconds},
	"duration_milliseconds": {Meaning: SpanDuration, Unit: milliseconds},
	"duration_seconds":      {Meaning: SpanDuration, Unit: seconds},
	"latency":               {Meaning: SpanDuration, Unit: milliseconds},

	// Tempo's metrics-generator and the Grafana Agent.
	"traces_spanmetrics_calls_total": {Meaning: SpanCalls, Others: true},
	"traces_spanmetrics_latency":     {Meaning: SpanDuration, Unit: seconds, Others: true},

	"traces_service_graph_request_total":               {Meaning: GraphTotal},
	"traces_service_graph_request_failed_total":        {Meaning: GraphFailed},
	"traces_service_graph_request_server_seconds":      {Meaning: GraphSeconds, Unit: seconds},
	"traces_service_graph_request_server":              {Meaning: GraphSeconds, Unit: milliseconds},
	"traces_service_graph_request_server_milliseconds": {Meaning: GraphSeconds, Unit: milliseconds},

	"container.cpu.usage":          {Meaning: Saturation, Name: "cpu"},
	"container.cpu.utilization":    {Meaning: Saturation, Name: "cpu_utilization"},
	"container.cpu.time":           {Meaning: Saturation, Name: "cpu_time", Spent: true},
	"container.memory.usage":       {Meaning: Saturation, Name: "memory"},
	"container.memory.working_set": {Meaning: Saturation, Name: "memory_working_set"},
	"k8s.pod.cpu.usage":            {Meaning: Saturation, Name: "pod_cpu"},
	"k8s.pod.memory.usage":         {Meaning: Saturation, Name: "pod_memory"},
	"k8s.pod.memory.working_set":   {Meaning: Saturation, Name: "pod_memory_working_set"},
	"process.cpu.utilization":      {Meaning: Saturation, Name: "process_cpu_utilization"},
	"process.cpu.time":             {Meaning: Saturation, Name: "process_cpu", Spent: true},
	"process.memory.usage":         {Meaning: Saturation, Name: "process_memory"},
	"process.memory.utilization":   {Meaning: Saturation, Name: "process_memory_utilization"},
	"system.cpu.utilization":       {Meaning: Saturation, Name: "system_cpu_utilization"},
	"system.memory.utilization":    {Meaning: Saturation, Name: "system_memory_utilization"},
	"go.memory.used":               {Meaning: Saturation, Name: "go_memory"},
	"jvm.memory.used":              {Meaning: Saturation, Name: "jvm_memory"},
	"jvm.cpu.recent_utilization":   {Meaning: Saturation, Name: "jvm_cpu_utilization"},

	"k8s.container.memory_limit_utilization": {Meaning: Saturation, Name: "memory_limit_utilization"},
	"k8s.pod.memory_limit_utilization":       {Meaning: Saturation, Name: "pod_memory_limit_utilization"},

	// Of instances that were started again in their place, by the Kubernetes cluster receiver, the conventions and Docker.
	"k8s.container.restarts":      {Meaning: Saturation, Name: "restarts", Count: true},
	"k8s.container.restart.count": {Meaning: Saturation, Name: "restarts", Count: true},
	"container.restarts":          {Meaning: Saturation, Name: "restarts", Count: true},
}

// MetricNamed knows the span-metrics connector's names under any namespace, dotted or as Prometheus writes them. Whether
// they really are span metrics the attributes tell.
func MetricNamed(name string) Metric {
	if row, ok := metrics[name]; ok {
		return row
	}
	for _, separator := range []string{".", "traces_span_metrics_", "spanmetrics_", "span_metrics_"} {
		if i := strings.LastIndex(name, separator); i >= 0 {
			row := metrics[name[i+len(separator):]]
			if row.Meaning.OfSpans() {
				return row
			}
		}
	}
	return Metric{}
}

// Nanoseconds is how many of them make one of a unit as metrics write it; otherwise when the unit tells nothing.
func Nanoseconds(unit string, otherwise float64) float64 {
	switch unit {
	case "s":
		return seconds
	case "ms":
		return milliseconds
	case "us", "μs", "µs":
		return 1e3
	case "ns":
		return 1
	case "min":
		return 60 * seconds
	}
	return otherwise
}
