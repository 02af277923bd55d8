package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestNamesThatDontMeetAreListedWithTheRuleThatWouldMergeThem(t *testing.T) {
	reader := sinktest.NewReader(sinktest.Noon)
	finished := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for i, p := range []correlate.Place{
		{Service: "shop", Environment: "production"}, {Service: "acme/checkout", Environment: "production"},
		{Service: "search", Environment: "prod-eu"}, {Service: "Kasse – neu", Environment: "production"}, {Service: "zebra", Environment: "production"},
	} {
		reader.Put(correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{
			ID: string(rune('a' + i)), Service: p.Service, Environment: p.Environment, FinishedAt: finished,
		}}})
	}
	reader.SetHeard(
		correlate.Place{Service: "shop", Environment: "production"}, correlate.Place{Service: "checkout", Environment: "production"},
		correlate.Place{Service: "search", Environment: "production"}, correlate.Place{Service: "Kasse - neu", Environment: "production"},
		correlate.Place{Service: correlate.Overflow, Environment: "production"},
	)
	s := &sink{reader: reader}
	answer, err := s.names(t.Context(), nil)
	require.NoError(t, err)
	got, err := json.MarshalIndent(answer, "", " ")
	require.NoError(t, err)
	require.JSONEq(t, `{"met": 1,
		"told": [
			{"service": "Kasse – neu", "environment": "production", "near": [{"service": "Kasse - neu", "environment": "production", "rule": "services: [{is: ['Kasse – neu'], name: 'Kasse - neu'}]"}]},
			{"service": "acme/checkout", "environment": "production", "near": [{"service": "checkout", "environment": "production", "rule": "services: [{is: [acme/checkout], name: checkout}]"}]},
			{"service": "search", "environment": "prod-eu", "near": [{"service": "search", "environment": "production", "rule": "environments: [{is: [prod-eu], name: production}]"}]},
			{"service": "zebra", "environment": "production"}],
		"heard": [
			{"service": "Kasse - neu", "environment": "production", "near": [{"service": "Kasse – neu", "environment": "production", "rule": "services: [{is: ['Kasse – neu'], name: 'Kasse - neu'}]"}]},
			{"service": "checkout", "environment": "production", "near": [{"service": "acme/checkout", "environment": "production", "rule": "services: [{is: [acme/checkout], name: checkout}]"}]},
			{"service": "search", "environment": "production", "near": [{"service": "search", "environment": "prod-eu", "rule": "environments: [{is: [prod-eu], name: production}]"}]}]}`,
		string(got))
}

func TestNamesAreUnknownWhileTheEngineIsBusy(t *testing.T) {
	answer, err := (&sink{reader: sinktest.NewReader(sinktest.Noon)}).names(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, Names{Names: meet.Names{Told: []meet.Unmet{}, Heard: []meet.Unmet{}}, Unknown: true}, answer)
}
