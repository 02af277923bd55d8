package alertmanager

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
)

// firing is a notification of one alert with these labels.
func firing(labels string) source.Request {
	return message(`[{"status":"firing","labels":{` + labels + `},"startsAt":"2026-03-01T10:09:00Z","fingerprint":"f"}]`)
}

func message(alerts string) source.Request {
	return source.Request{Header: http.Header{}, ReceivedAt: sourcetest.ReceivedAt,
		Body: []byte(`{"version":"4","groupKey":"{}:{}","alerts":` + alerts + `}`)}
}

func TestWhichAlertsAreIncidents(t *testing.T) {
	own := map[string]any{"severity_label": "priority", "severities": []any{"urgent", ""}}
	for name, c := range map[string]struct {
		keys   map[string]any
		labels string
		want   bool
	}{
		"critical":                         {nil, `"severity":"critical"`, true},
		"page":                             {nil, `"severity":"page"`, true},
		"error":                            {nil, `"severity":"error"`, true},
		"in capitals":                      {nil, `"severity":"CRITICAL"`, true},
		"the first of a scale":             {nil, `"severity":"P1"`, true},
		"warning":                          {nil, `"severity":"warning"`, false},
		"info":                             {nil, `"severity":"info"`, false},
		"none, as a watchdog has":          {nil, `"severity":"none"`, false},
		"no severity":                      {nil, `"alertname":"A"`, false},
		"an own word for it":               {own, `"priority":"urgent"`, true},
		"an own label that is below":       {own, `"priority":"low","severity":"critical"`, false},
		"no severity, where that is asked": {own, `"severity":"info"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := sourcetest.New(t, Source(), c.keys).Read(firing(c.labels))
			require.NoError(t, err)
			require.Equal(t, c.want, len(items[0].Facts) == 1)
			require.Equal(t, c.want, items[0].Ignored == "", "what is no incident is kept and ignored")
			require.Empty(t, items[0].Problem)
		})
	}
}

func TestTheJobIsAGuessOfTheService(t *testing.T) {
	for name, c := range map[string]struct {
		labels, service string
		guessed         bool
	}{
		"a service":          {`"service":"checkout","job":"pods"`, "checkout", false},
		"an app":             {`"app":"checkout","job":"pods"`, "checkout", false},
		"nothing but a job":  {`"job":"pods"`, "pods", true},
		"an empty service":   {`"service":"","job":"pods"`, "pods", true},
		"nothing whatsoever": {`"alertname":"A"`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			incident := sourcetest.Read(t, Source(), firing(`"severity":"page",`+c.labels))[0].Facts[0].Incident
			require.Equal(t, c.service, incident.Service)
			require.Equal(t, c.guessed, incident.ServiceGuessed)
		})
	}
}

func TestAnAlertDoesNotSpoilItsGroup(t *testing.T) {
	const good = `{"status":"firing","labels":{"severity":"page"},"startsAt":"2026-03-01T10:09:00Z","fingerprint":"a"}`
	for name, c := range map[string]struct{ beside, problem, ignored string }{
		"one without a time":   {`{"status":"firing","labels":{"severity":"page"},"fingerprint":"b"}`, "unreadable: $.alerts[0].startsAt: required", ""},
		"one without a name":   {`{"status":"firing","labels":{"severity":"page"},"startsAt":"2026-03-01T10:09:00Z"}`, "unreadable: $.alerts[0].fingerprint: required", ""},
		"one of another state": {`{"status":"odd","labels":{"severity":"page"},"startsAt":"2026-03-01T10:09:00Z","fingerprint":"b"}`, "unreadable: $.alerts[0].status: must be", ""},
		"a number":             {`7`, "unreadable: $.alerts[0]: must be an object", ""},
		"a warning":            {`{"labels":{"severity":"warning"}}`, "", "the alert's label severity is none of"},
	} {
		t.Run(name, func(t *testing.T) {
			items := sourcetest.Read(t, Source(), message("["+c.beside+","+good+"]"))
			require.Len(t, items, 2)
			require.Contains(t, items[0].Problem, c.problem)
			require.Contains(t, items[0].Ignored, c.ignored)
			require.Empty(t, items[0].Facts)
			require.Len(t, items[1].Facts, 1)
		})
	}
}

func TestAlertsThatWereLeftOutAreSaid(t *testing.T) {
	items := sourcetest.Read(t, Source(), sourcetest.Payload(t, "truncated"))
	require.Len(t, items, 3)
	require.Equal(t, 12, items[2].Left)
	require.Contains(t, items[2].Problem, "Alertmanager left 12 alerts out of the notification; raise max_alerts")
	whole := sourcetest.Read(t, Source(), sourcetest.Payload(t, "firing-group"))
	require.Equal(t, whole, items[:2], "the others are what they are in a whole notification")
	for name, left := range map[string]string{"none": "0", "less than none": "-3", "a word": `"many"`, "nothing": "null"} {
		t.Run(name, func(t *testing.T) {
			req := message(fmt.Sprintf(`[],"truncatedAlerts":%s`, left))
			require.Equal(t, "a notification without alerts", sourcetest.Read(t, Source(), req)[0].Ignored)
		})
	}
}
