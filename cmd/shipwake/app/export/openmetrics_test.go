package export

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks"
)

var start = time.Unix(1_699_999_200, 0).UTC()

// hours are how many deployments a service had in each hour.
type hours struct {
	service string
	counts  []int
	failure error
}

func (h hours) DORA(_ context.Context, q dora.Query) (r dora.Report, err error) {
	if n := h.counts[int(q.From.Sub(start)/time.Hour)]; n > 0 {
		r.Groups = []dora.Numbers{
			{Group: "production", Environment: "production", Deployments: n},
			{Group: "production/" + h.service, Environment: "production", Service: h.service, Deployments: n},
		}
	}
	return r, h.failure
}

func (h hours) Incidents(context.Context, sinks.IncidentQuery) ([]correlate.IncidentRecord, error) {
	return nil, nil
}

func TestASampleForEachStepSinceTheFirst(t *testing.T) {
	var out bytes.Buffer
	told := 0
	require.NoError(t, OpenMetrics(t.Context(), &out, hours{"a\"b\\c\n\xff", []int{0, 2, 0, 1}, nil},
		Options{From: start, To: start.Add(4 * time.Hour), Step: time.Hour, Job: "shipwake"}, func(n int) { told = n }))
	require.Equal(t, 4, told)
	var lines []string
	for line := range bytes.Lines(out.Bytes()) {
		if bytes.HasPrefix(line, []byte("shipwake_history_deployments_total")) {
			lines = append(lines, string(line))
		}
	}
	series := `shipwake_history_deployments_total{environment="production",job="shipwake",service="a\"b\\c\n"} `
	require.Equal(t, []string{series + "0 1700002800\n", series + "2 1700006400\n", series + "2 1700010000\n", series + "3 1700013600\n"}, lines)
	require.True(t, bytes.HasPrefix(out.Bytes(), []byte("# HELP shipwake_history_deployments Deployments, ")))
	require.Contains(t, out.String(), "\n# TYPE shipwake_history_incidents counter\n")
	require.True(t, bytes.HasSuffix(out.Bytes(), []byte("\n# EOF\n")))
}

func TestWhatCannotBeReadOrWrittenIsAnError(t *testing.T) {
	o := Options{From: start, To: start.Add(time.Hour), Step: time.Hour}
	away := errors.New("away")
	require.ErrorIs(t, OpenMetrics(t.Context(), &bytes.Buffer{}, hours{"a", []int{1}, away}, o, func(int) {}), away)
	require.ErrorIs(t, OpenMetrics(t.Context(), full{}, hours{"a", []int{1}, nil}, o, func(int) {}), errFull)
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
