package pull

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestOnceTakesWhatThereIsAndReturns(t *testing.T) {
	api := githubtest.New("octo/shop")
	for range 45 { // three pages
		id, _ := api.Deploy("production", "v2", "a")
		api.Report(id, "success")
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	intake := &sourcetest.Intake{}
	cfg := SourceConfig{Allow: []string{"loopback"}, Keys: map[string]any{"repositories": []any{"octo/shop"}, "api_url": server.URL}}
	once := func() error {
		return Once(t.Context(), sources(), "github", cfg, time.Now().AddDate(-1, 0, 0), intake, zap.NewNop())
	}
	require.NoError(t, once())
	cursor, err := intake.Cursor(t.Context(), "pull/github/octo/shop")
	require.NoError(t, err)
	require.NotEmpty(t, cursor)
	require.NoError(t, once(), "and goes on from there")

	id, _ := api.Deploy("production", "v3", "b")
	api.Report(id, "success")
	away := errors.New("away")
	intake.FailWith(func([]correlate.Entry, *correlate.Move) error { return away })
	require.ErrorIs(t, once(), away, "who can't take it isn't tried again")
	cfg.Keys["repositories"] = []any{"octo/none"}
	require.ErrorContains(t, once(), "pull/github/octo/none: GET /repos/octo/none/deployments: 404")
	cfg.Keys["repos"] = "x"
	require.ErrorContains(t, once(), "repos: there is no such key")
}
