package reduce

import "strings"

// meaning is what a metric that is understood without configuration counts.
type meaning uint8

const (
	httpServer meaning = iota + 1
	rpcServer
	httpClient
	rpcClient
	spanCalls
	spanDuration
	graphTotal
	graphFailed
	graphSeconds
	saturation
)

// graph: a metric of the service-graph connector.
func (m meaning) graph() bool { return m == graphTotal || m == graphFailed || m == graphSeconds }

// Nanoseconds in a unit.
const (
	seconds      = 1e9
	milliseconds = 1e6
)

// known is one row of the table of metrics.
type known struct {
	meaning meaning
	unit    float64 // of a duration whose metric doesn't tell its unit, in nanoseconds
	name    string  // saturation only: the signal's name
	spent   bool    // saturation only: a counter of seconds spent, of which the rate is the signal
}

// metrics is every metric that is understood by its whole name.
var metrics = map[string]known{
	"http.server.request.duration": {meaning: httpServer, unit: seconds},
	"http.server.duration":         {meaning: httpServer, unit: milliseconds},
	"rpc.server.call.duration":     {meaning: rpcServer, unit: seconds},
	"rpc.server.duration":          {meaning: rpcServer, unit: milliseconds},
	"http.client.request.duration": {meaning: httpClient, unit: seconds},
	"http.client.duration":         {meaning: httpClient, unit: milliseconds},
	"rpc.client.call.duration":     {meaning: rpcClient, unit: seconds},
	"rpc.client.duration":          {meaning: rpcClient, unit: milliseconds},

	"calls":                 {meaning: spanCalls},
	"calls_total":           {meaning: spanCalls},
	"duration":              {meaning: spanDuration, unit: milliseconds},
	"duration_milliseconds": {meaning: spanDuration, unit: milliseconds},
	"duration_seconds":      {meaning: spanDuration, unit: seconds},
	"latency":               {meaning: spanDuration, unit: milliseconds},

	"traces_service_graph_request_total":               {meaning: graphTotal},
	"traces_service_graph_request_failed_total":        {meaning: graphFailed},
	"traces_service_graph_request_server_seconds":      {meaning: graphSeconds, unit: seconds},
	"traces_service_graph_request_server":              {meaning: graphSeconds, unit: milliseconds},
	"traces_service_graph_request_server_milliseconds": {meaning: graphSeconds, unit: milliseconds},

	"container.cpu.usage":          {meaning: saturation, name: "cpu"},
	"container.cpu.utilization":    {meaning: saturation, name: "cpu_utilization"},
	"container.cpu.time":           {meaning: saturation, name: "cpu_time", spent: true},
	"container.memory.usage":       {meaning: saturation, name: "memory"},
	"container.memory.working_set": {meaning: saturation, name: "memory_working_set"},
	"k8s.pod.cpu.usage":            {meaning: saturation, name: "pod_cpu"},
	"k8s.pod.memory.usage":         {meaning: saturation, name: "pod_memory"},
	"k8s.pod.memory.working_set":   {meaning: saturation, name: "pod_memory_working_set"},
	"process.cpu.utilization":      {meaning: saturation, name: "process_cpu_utilization"},
	"process.cpu.time":             {meaning: saturation, name: "process_cpu", spent: true},
	"process.memory.usage":         {meaning: saturation, name: "process_memory"},
	"process.memory.utilization":   {meaning: saturation, name: "process_memory_utilization"},
	"system.cpu.utilization":       {meaning: saturation, name: "system_cpu_utilization"},
	"system.memory.utilization":    {meaning: saturation, name: "system_memory_utilization"},
	"go.memory.used":               {meaning: saturation, name: "go_memory"},
	"jvm.memory.used":              {meaning: saturation, name: "jvm_memory"},
	"jvm.cpu.recent_utilization":   {meaning: saturation, name: "jvm_cpu_utilization"},
}

// meaningOf knows the span-metrics connector's names under any namespace, dotted or as Prometheus writes them. Whether
// they really are span metrics the attributes tell.
func meaningOf(name string) known {
	if row, ok := metrics[name]; ok {
		return row
	}
	for _, separator := range []string{".", "traces_span_metrics_", "spanmetrics_", "span_metrics_"} {
		if i := strings.LastIndex(name, separator); i >= 0 {
			row := metrics[name[i+len(separator):]]
			if row.meaning == spanCalls || row.meaning == spanDuration {
				return row
			}
		}
	}
	return known{}
}

// nanoseconds is how many of them make one of the metric's unit.
func (r *Reader) nanoseconds() float64 {
	switch r.metric.Unit {
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
	return r.row.unit
}
