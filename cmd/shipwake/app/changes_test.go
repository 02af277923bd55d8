package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/api"
)

func TestChangesAreListedWithWhatIsSaidOfThem(t *testing.T) {
	unfinished := checkout(nil).Change
	unfinished.ID, unfinished.FinishedAt = "cart-12", time.Time{}
	unfinished.Size = &correlate.Size{Commits: 3, Files: 6, Added: 120, Removed: 14, Caveats: []correlate.Caveat{correlate.CaveatRewritten}}
	answer := api.Changes{Changes: []correlate.ChangeRecord{unfinished, checkout(regressed()).Change}, Next: "/api/v1/changes?before=x"}
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	code, stdout, stderr := shipwake(t, "changes", "--api", server.URL, "--service", "checkout", "--verdict", "regressed")
	require.Zero(t, code, stderr)
	require.Equal(t, "/api/v1/changes?service=checkout&since=7d&verdict=regressed", asked)
	golden(t, "changes.txt", stdout)

	_, stdout, _ = shipwake(t, "changes", "--api", server.URL, "--output", "json")
	var read api.Changes
	require.NoError(t, json.Unmarshal([]byte(stdout), &read))
	require.Equal(t, answer, read)

	answer = api.Changes{Changes: []correlate.ChangeRecord{}}
	_, stdout, _ = shipwake(t, "changes", "--api", server.URL)
	require.Equal(t, "No change.\n", stdout)
	code, _, stderr = shipwake(t, "changes", "--api", server.URL, "--output", "csv")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "want text or json")
}
