package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestQualityOfTheRecords(t *testing.T) {
	bare := correlate.Effect{Change: &correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "bare", Service: "bare", Environment: "production", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded,
			StartedAt: sinktest.Noon.AddDate(0, 0, -1), FinishedAt: sinktest.Noon.AddDate(0, 0, -1),
		},
		Phase: correlate.PhaseHistory, ReceivedAt: sinktest.Noon,
	}}
	r := sinktest.NewReader(sinktest.Noon, append(sinktest.Story(), bare)...)
	h := serve(t, r)
	all := read[Quality](t, h, "/api/v1/quality")
	require.Equal(t, sinktest.Noon.AddDate(0, 0, -30), all.From)
	require.Len(t, all.Checks, len(quality.Names()))
	one := read[Quality](t, h, "/api/v1/quality?service=bare&since=7d")
	require.Equal(t, 1, one.Changes)
	for _, c := range one.Checks {
		if c.Share != nil {
			require.Equal(t, 1, c.Share.Numerator, c.Name)
		}
	}
	require.Equal(t, []string{"bare"}, one.Checks[0].Examples)
	require.Equal(t, http.StatusNotFound, ask(h, http.MethodGet, "/api/v1/quality?service=nobody").Code)
}
