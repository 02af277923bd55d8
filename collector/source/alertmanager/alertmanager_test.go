package alertmanager

import (
	"testing"

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

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Factory(), source.Config{}) }

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
			s := sourcetest.New(t, Factory(), source.Config{ServiceLabels: c.labels})
			deliveries, err := s.Parse(sourcetest.Payload(t, "firing-group"))
			require.NoError(t, err)
			require.Equal(t, c.want, deliveries[0].Facts[0].Incident.Service)
		})
	}
}

func TestARepeatedNotificationIsTheSameIncidents(t *testing.T) {
	s := sourcetest.New(t, Factory(), source.Config{})
	firing, err := s.Parse(sourcetest.Payload(t, "firing-group"))
	require.NoError(t, err)
	resolved, err := s.Parse(sourcetest.Payload(t, "resolved"))
	require.NoError(t, err)
	require.Equal(t, firing[0].Facts[0].Incident.ID, resolved[0].Facts[0].Incident.ID)
	require.NotEqual(t, firing[0].ID, resolved[0].ID)
	require.False(t, firing[0].Facts[0].Incident.Merge(*resolved[0].Facts[0].Incident).ResolvedAt.IsZero())
}
