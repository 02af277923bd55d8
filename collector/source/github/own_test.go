package github

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

// TestWhatTheOutputWritesIsNoOutcome: GitHub's webhook for each status that the output github-deployment writes.
func TestWhatTheOutputWritesIsNoOutcome(t *testing.T) {
	for _, kind := range []string{"regressed", "corrected"} {
		t.Run(kind, func(t *testing.T) {
			sent, err := os.ReadFile("../../../sinks/vendors/github-deployment/testdata/sent/" + kind + ".txt")
			require.NoError(t, err)
			_, body, found := strings.Cut(string(sent), "\n\n")
			require.True(t, found)
			var written struct{ State, Description string }
			require.NoError(t, json.Unmarshal([]byte(body), &written))
			require.True(t, strings.HasPrefix(written.Description, OwnStatus))

			req := sourcetest.Payload(t, "status-success")
			var webhook map[string]any
			require.NoError(t, json.Unmarshal(req.Body, &webhook))
			status := webhook["deployment_status"].(map[string]any)
			status["state"], status["description"] = written.State, written.Description
			req.Body, err = json.Marshal(webhook)
			require.NoError(t, err)
			items := sourcetest.Read(t, Source(), req)
			require.Len(t, items, 1)
			require.Empty(t, items[0].Facts)
			require.Equal(t, "a status that Shipwake wrote itself; it says nothing of how the deployment went", items[0].Ignored)
		})
	}
}
