package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

// incident is one of checkout that opened at ten o'clock.
func incident(id string, edit func(*correlate.IncidentRecord)) api.Incident {
	record := correlate.IncidentRecord{Incident: correlate.Incident{
		ID: id, Service: "checkout", Environment: "production", Severity: "critical", OpenedAt: at("10:00:00"), ResolvedAt: at("10:25:03"),
	}}
	edit(&record)
	return api.Incident{IncidentRecord: record, Unlinked: words.Unlinked(record)}
}

func TestIncidentsSayWhoseTheyAre(t *testing.T) {
	answer := api.Incidents{Incidents: []api.Incident{
		incident("PD-1", func(i *correlate.IncidentRecord) {
			i.AttributedTo, i.Inferred, i.Title = "checkout-4711", true, "checkout answers with errors"
		}),
		incident("PD-2", func(i *correlate.IncidentRecord) { i.AttributedTo, i.ResolvedAt = "checkout-4711", time.Time{} }),
		incident("PD-3", func(i *correlate.IncidentRecord) { i.CausedBy = correlate.CausedByNone }),
		incident("PD-4", func(i *correlate.IncidentRecord) { i.Environment, i.ResolvedAt = "prod-eu", i.OpenedAt }),
		incident("PD-5", func(i *correlate.IncidentRecord) { i.Service, i.Severity = "", "" }),
		incident("PD-6", func(i *correlate.IncidentRecord) { i.ServiceGuessed = true }),
		incident("PD-7", func(i *correlate.IncidentRecord) { i.Retracted = true }),
	}}
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	code, stdout, stderr := shipwake(t, "incidents", "--api", server.URL, "--since", "7d", "--service", "checkout", "--open")
	require.Zero(t, code, stderr)
	require.Equal(t, "/api/v1/incidents?open=true&service=checkout&since=7d", asked)
	golden(t, "incidents.txt", stdout)

	code, stdout, _ = shipwake(t, "incidents", "--api", server.URL, "--output", "json")
	require.Zero(t, code)
	var read api.Incidents
	require.NoError(t, json.Unmarshal([]byte(stdout), &read))
	require.Equal(t, answer, read)

	answer.Incidents = []api.Incident{}
	_, stdout, _ = shipwake(t, "incidents", "--api", server.URL)
	require.Equal(t, "No incident.\n", stdout)
	code, _, stderr = shipwake(t, "incidents", "--api", server.URL, "--output", "csv")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "want text or json")
}
