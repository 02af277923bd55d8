package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSamplesAreAddedUpByMetricAndLabels(t *testing.T) {
	m := ParseSamples(`# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{job="a{b}",kind="server"} 3
calls_total{kind="client",job="a"} 4 1700000000
calls_total_other 100
plain 2.5
calls_bucket{le="1.0"} 7 # {change_id="x"} 0.3
`)
	require.EqualValues(t, 7, m.Sum("calls_total"))
	require.EqualValues(t, 3, m.Sum("calls_total", `kind="server"`))
	require.EqualValues(t, 0, m.Sum("calls_total", `kind="server"`, `job="a"`))
	require.EqualValues(t, 2.5, m.Sum("plain"))
	require.EqualValues(t, 7, m.Sum("calls_bucket", `le="1.0"`))
}

func TestWhatIsMissingIsFound(t *testing.T) {
	m := ParseSamples(`shipwake_telemetry_total{result="accepted",signal="spans"} 8
shipwake_telemetry_total{result="ignored",signal="spans"} 1
shipwake_cells_total{result="late"} 0
traces_span_metrics_calls_total{x="1"} 9
`)
	require.NoError(t, CheckTelemetry(m, "spans", 9))
	require.ErrorContains(t, CheckTelemetry(m, "spans", 10), "used 9 of 10 spans")
	require.NoError(t, CheckCalls(m, 9))
	require.Error(t, CheckCalls(m, 10))
	require.Error(t, CheckRequests(m, 1))
	graph := ParseSamples(`traces_service_graph_request_total{client="user",server="a"} 5
traces_service_graph_request_total{client="a",server="b"} 7
`)
	require.NoError(t, CheckGraph(graph, 7))
	require.ErrorContains(t, CheckGraph(graph, 12), "7 of 12 calls")
	late := append(m, `shipwake_cells_total{result="late"} 1`)
	require.ErrorContains(t, CheckTelemetry(late, "spans", 9), "left out 1 cells")
}

func TestCPUTimeIsReadWhateverTheProgramIsCalled(t *testing.T) {
	spent, err := parseCPU("42 (a ) b) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 1 1 1")
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, spent)
	_, err = parseCPU("42 (a) S 1")
	require.Error(t, err)
}
