package alertmanager

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

func TestSource(t *testing.T) {
	sourcetest.Run(t, Factory(), sourcetest.Suite{
		Valid: "firing-group",
		Sign:  func(req *source.Request, secret string) { req.Header.Set("Authorization", "Bearer "+secret) },
	})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Factory(), source.ReaderConfig{}) }

func TestTheServiceIsTakenFromTheConfiguredLabels(t *testing.T) {
	for name, c := range map[string]struct {
		labels []string
		want   string
	}{
		"by default service before job":      {nil, "checkout"},
		"the first configured that is there": {[]string{"absent", "job", "service"}, "kubernetes-pods"},
		"none of them":                       {[]string{"absent"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sourcetest.New(t, Factory(), source.ReaderConfig{ServiceLabels: c.labels})
			deliveries, err := s.Parse(sourcetest.Payload(t, "firing-group"))
			require.NoError(t, err)
			require.Equal(t, c.want, deliveries[0].Facts[0].Incident.Service)
		})
	}
}

func TestARepeatedNotificationIsTheSameIncidents(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	firing, err := s.Parse(sourcetest.Payload(t, "firing-group"))
	require.NoError(t, err)
	resolved, err := s.Parse(sourcetest.Payload(t, "resolved"))
	require.NoError(t, err)
	require.Equal(t, firing[0].Facts[0].Incident.ID, resolved[0].Facts[0].Incident.ID)
	require.NotEqual(t, firing[0].ID, resolved[0].ID)
	require.False(t, firing[0].Facts[0].Incident.Merge(*resolved[0].Facts[0].Incident).ResolvedAt.IsZero())
}

func TestALargeGroupTakesTimeInProportion(t *testing.T) {
	alert := `{"status":"firing","labels":{"service":"checkout"},"startsAt":"2026-03-01T10:09:00Z","fingerprint":"ff00"}`
	s := sourcetest.New(t, Factory(), source.ReaderConfig{})
	began := time.Now()
	deliveries, err := s.Parse(source.Request{Header: http.Header{}, Body: []byte(
		`{"version":"4","alerts":[` + strings.Repeat(alert+",", source.MaxFacts-1) + alert + `]}`)})
	require.NoError(t, err)
	require.Len(t, deliveries[0].Facts, source.MaxFacts)
	require.Less(t, time.Since(began), 5*time.Second, "each alert must read its own bytes only")
}
