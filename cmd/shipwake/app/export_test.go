package app

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/export"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestWholeStepsAreExported(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 34, 56, 0, time.UTC)
	o, err := (&exportCommand{since: "36h", step: "1d", job: "j"}).options(now)
	require.NoError(t, err)
	require.Equal(t, export.Options{From: now.Truncate(24*time.Hour).AddDate(0, 0, -1), To: now.Truncate(24 * time.Hour), Step: 24 * time.Hour, Job: "j"}, o)
	for name, c := range map[string]struct{ since, step, want string }{
		"no duration":             {"long", "1h", "--since long: want a duration"},
		"nothing":                 {"0s", "1h", "--since 0s: want a duration"},
		"no step":                 {"1d", "x", "--step x: want a duration"},
		"a short step":            {"1d", "59s", "--step 59s: want a duration such as 1h or 1d, at least 1m"},
		"a step longer than that": {"1d", "2d", "and at most --since"},
	} {
		_, err := (&exportCommand{since: c.since, step: c.step}).options(now)
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestTheRecordIsExported(t *testing.T) {
	server := httptest.NewServer(apiOf(t, sinktest.NewReader(time.Now(), aYear(time.Now().Add(-24*time.Hour))...)))
	defer server.Close()
	code, out, said := shipwake(t, "export", "openmetrics", "--since", "30d", "--step", "30m", "--api", server.URL)
	require.Zero(t, code, said)
	require.Contains(t, out, `shipwake_history_deployments_total{environment="production",job="shipwake",service="checkout"} `)
	require.Contains(t, said, "1000 of 1440 steps")
}
