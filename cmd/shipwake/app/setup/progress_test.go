package setup

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// said is a daemon that answers each path with a text.
type said map[string]string

func (s said) Optional(_ context.Context, path string, _ url.Values, into any) (bool, error) {
	text, ok := s[path]
	if !ok {
		return false, errors.New("asking the daemon (is it running?): connection refused")
	}
	return true, json.Unmarshal([]byte(text), into)
}

func TestStepsAreDoneWhenTheDaemonSaysSo(t *testing.T) {
	const (
		status, changes, incidents, names = "/api/v1/status", "/api/v1/changes", "/api/v1/incidents", "/api/v1/names"
		fresh                             = `{"ready":true,"version":"v1.2.3","watermark":null,"counts":[]}`
		measured                          = `{"ready":true,"version":"v1.2.3","watermark":"2026-03-01T10:00:00Z","counts":[]}`
		nothing                           = `{"met":0,"told":[],"heard":[]}`
		one                               = `{"changes":[{"id":"c-1","service":"checkout","version":"v2","environment":"production","source":"github"}]}`
		judged                            = `{"changes":[{"id":"c-1","service":"checkout","environment":"production","source":"github","verdict":{"verdict":"healthy"}}]}`
	)
	for name, c := range map[string]struct {
		daemon   said
		done     []string
		says     map[string]string
		complete bool
	}{
		"nobody answers": {said{}, nil, map[string]string{"daemon up": "connection refused"}, false},
		"it starts": {
			said{status: `{"ready":false,"not_ready":"reading the ledger","counts":[]}`, changes: `{}`, incidents: `{}`, names: nothing}, nil,
			map[string]string{"daemon up": "reading the ledger", "names meet": "known once there are a change and telemetry"}, false,
		},
		"nothing has come": {
			said{status: fresh, changes: `{}`, incidents: `{}`, names: nothing}, []string{"daemon up"},
			map[string]string{"daemon up": "version v1.2.3", "first telemetry": "no request has been measured yet", "first change": "none has been reported yet"}, false,
		},
		"a change and telemetry that call it otherwise": {
			said{status: measured, changes: one, incidents: `{}`, names: `{"met":0,"told":[{"service":"checkout","environment":"production",
				"near":[{"service":"checkout-api","environment":"production","rule":"services: [{is: [checkout], name: checkout-api}]"}]}],
				"heard":[{"service":"checkout-api","environment":"production"}]}`},
			[]string{"daemon up", "first telemetry", "first change"},
			map[string]string{
				"first telemetry": "from checkout-api", "first change": "checkout v2 in production, from github",
				"names meet": "no telemetry is of checkout in production, which changes name; if that is checkout-api in production, say under extensions::correlate::names: services: [{is: [checkout], name: checkout-api}]",
			}, false,
		},
		"all but what takes its time": {
			said{status: `{"ready":true,"version":"v1","watermark":"2026-03-01T10:00:00Z","counts":[{"what":"scraped","source":"prometheus","result":"served","value":4}]}`,
				changes: one, incidents: `{}`, names: `{"met":1,"told":[],"heard":[{"service":"cart","environment":"production"}]}`},
			[]string{"daemon up", "first telemetry", "first change", "names meet", "scraped by Prometheus"},
			map[string]string{"first telemetry": "from cart, checkout", "scraped by Prometheus": "by prometheus, since the daemon started: 4", "first verdict": "comes some minutes after a change"}, true,
		},
		"everything": {
			said{status: `{"ready":true,"version":"v1","watermark":"2026-03-01T10:00:00Z","counts":[{"what":"scraped","source":"vmagent","result":"served","value":1}]}`,
				changes: judged, incidents: `{"incidents":[{"id":"INC-42","source":"alertmanager"}]}`, names: `{"met":1,"told":[],"heard":[]}`},
			[]string{"daemon up", "first telemetry", "first change", "names meet", "scraped by Prometheus", "first incident", "first verdict"},
			map[string]string{"first incident": "INC-42 from alertmanager", "first verdict": "healthy of checkout: shipwake verdict c-1"}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			steps := Look(t.Context(), c.daemon)
			var done []string
			details := map[string]string{}
			for _, s := range steps {
				details[s.Name] = s.Detail
				if s.Done {
					done = append(done, s.Name)
				}
			}
			require.Equal(t, c.done, done)
			for step, detail := range c.says {
				require.Contains(t, details[step], detail)
			}
			require.Equal(t, c.complete, Complete(steps))
		})
	}
}
