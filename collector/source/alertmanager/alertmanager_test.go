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

func TestSource(t *testing.T) { sourcetest.Run(t, Source(), sourcetest.Suite{Valid: "firing-group"}) }

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

func TestTheServiceIsTakenFromTheConfiguredLabels(t *testing.T) {
	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"by default service before job":      {nil, "checkout"},
		"the first configured that is there": {labels("absent", "job", "service"), "kubernetes-pods"},
		"none of them":                       {labels("absent"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sourcetest.New(t, Source(), c.keys)
			items, err := s.Read(sourcetest.Payload(t, "firing-group"))
			require.NoError(t, err)
			require.Equal(t, c.want, items[0].Facts[0].Incident.Service)
		})
	}
}

func labels(names ...any) map[string]any { return map[string]any{"service_labels": names} }

func TestAWrongKeyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"an unknown key": {map[string]any{"labels": nil}, "labels: there is no such key; the known ones are service_labels, severities, severity_label"},
		"an empty name":  {labels("app", ""), "service_labels: must name labels"},
		"a number":       {map[string]any{"service_labels": 7}, "service_labels"},
		"no severity":    {map[string]any{"severities": []any{}}, "severities: must name at least one"},
		"no label":       {map[string]any{"severity_label": ""}, "severity_label: must name a label"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Source().Configure("am", c.keys)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOtherLabelsReadAgainWhatIsKept(t *testing.T) {
	digest := func(keys map[string]any) string { return sourcetest.New(t, Source(), keys).Projector().Digest }
	require.NotEqual(t, digest(nil), digest(labels("app")))
	require.Equal(t, digest(nil), digest(labels("service", "service_name", "app", "job")), "the default, in words")
}

func TestARepeatedNotificationIsTheSameIncidents(t *testing.T) {
	firing := sourcetest.Read(t, Source(), sourcetest.Payload(t, "firing-group"))[0]
	resolved := sourcetest.Read(t, Source(), sourcetest.Payload(t, "resolved"))[0]
	require.Equal(t, firing.Facts[0].Incident.ID, resolved.Facts[0].Incident.ID)
	require.NotEqual(t, firing.ID, resolved.ID)
	require.False(t, firing.Facts[0].Incident.Merge(*resolved.Facts[0].Incident).ResolvedAt.IsZero())
}

func TestALargeGroupTakesTimeInProportion(t *testing.T) {
	alert := `{"status":"firing","labels":{"service":"checkout","severity":"page"},"startsAt":"2026-03-01T10:09:00Z","fingerprint":"ff00"}`
	began := time.Now()
	items := sourcetest.Read(t, Source(), source.Request{Header: http.Header{}, ReceivedAt: sourcetest.ReceivedAt, Body: []byte(
		`{"version":"4","alerts":[` + strings.Repeat(alert+",", source.MaxFacts-1) + alert + `]}`)})
	require.Len(t, items, source.MaxFacts)
	require.Less(t, time.Since(began), 5*time.Second, "each alert must read its own bytes only")
}
