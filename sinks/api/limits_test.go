package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

func TestLimits(t *testing.T) {
	r := story()
	h := serve(t, r)
	require.Contains(t, ask(h, http.MethodGet, "/api/v1/limits").Body.String(), `"losses":[]`, "a list is never null")
	l := read[Limits](t, h, "/api/v1/limits")
	require.False(t, l.Degraded)
	require.Nil(t, l.DegradedSince)
	require.Nil(t, l.Memory.Resident)

	now := r.Status().Now
	loss := sinks.Loss{Service: "checkout", Environment: "production", What: correlate.LostOperations, Count: 7, Since: now, Last: now}
	r.SetStatus(func(s *sinks.Status) {
		s.Limits = sinks.Limits{
			Limit: 512 << 20, Resident: 100 << 20, Heap: 50 << 20, HeapMost: 340 << 20, Store: 1, StoreMost: 2, Full: true,
			Uses: []correlate.Use{{Class: "services", Used: 3}, {Class: "intake_series", Used: 4, Most: 5}}, DegradedSince: now,
			Dropped: map[string]int64{correlate.LostOperations: 7}, Losses: []sinks.Loss{loss}, Unlisted: 1,
		}
	})
	l = read[Limits](t, h, "/api/v1/limits")
	require.True(t, l.Degraded)
	require.True(t, l.Full)
	require.Equal(t, now, *l.DegradedSince)
	require.EqualValues(t, 512<<20, l.Memory.Limit)
	require.EqualValues(t, 100<<20, *l.Memory.Resident)
	require.Nil(t, l.Usage[0].Limit)
	require.EqualValues(t, 5, *l.Usage[1].Limit)
	require.Equal(t, map[string]int64{"operations": 7}, l.Dropped)
	require.Equal(t, []sinks.Loss{loss}, l.Losses)
}
