package alertmanager

import (
	"fmt"
	"strconv"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// open makes a delivery of each alert of a notification, in the form of a notification with that alert alone, and one of how
// many alerts were left out. What is no group of alerts is one delivery, as it came.
func open(req source.Request) ([]correlate.Raw, error) {
	doc, err := source.ParseJSON(req.Body, "$")
	if err != nil {
		return nil, err
	}
	alerts, left := partsOf(doc)
	if len(alerts) < 2 && left == 0 {
		return []correlate.Raw{{Body: req.Body}}, doc.Err()
	}
	var raws []correlate.Raw
	head := members(doc, "version", "externalURL")
	for _, alert := range alerts {
		raws = append(raws, correlate.Raw{Body: fmt.Appendf(nil, `{%s"alerts":[%s]}`, head, alert)})
	}
	if left > 0 {
		head := members(doc, "version", "groupKey", "truncatedAlerts")
		raws = append(raws, correlate.Raw{Body: fmt.Appendf(nil, `{%s"alerts":[]}`, head)})
	}
	return raws, doc.Err()
}

// members are some members of a notification as they came, each with a comma after it.
func members(doc source.JSON, keys ...string) []byte {
	var b []byte
	for _, key := range keys {
		if value := doc.Get(key).Raw(); value != nil {
			b = fmt.Appendf(b, "%q:%s,", key, value)
		}
	}
	return b
}

// partsOf are the alerts of a notification, and how many it says were left out of it.
func partsOf(doc source.JSON) (alerts [][]byte, left int) {
	if !doc.IsObject() || !doc.Get("alerts").IsArray() {
		return nil, 0
	}
	for _, alert := range doc.Get("alerts").Items() {
		alerts = append(alerts, alert.Raw())
	}
	return alerts, truncated(doc)
}

// truncated is how many alerts a notification says were left out of it.
func truncated(doc source.JSON) int {
	left, err := strconv.Atoi(string(doc.Get("truncatedAlerts").Raw()))
	if err != nil {
		return 0
	}
	return max(0, left)
}

// withoutIncidents reads a notification none of whose alerts is an incident.
func withoutIncidents(doc source.JSON, below string) source.Reading {
	if left := truncated(doc); left > 0 {
		return source.Reading{Left: left, Unmapped: fmt.Sprintf(
			"Alertmanager left %d alerts out of the notification; raise max_alerts of its webhook_config, or group by more labels", left)}
	}
	for range doc.Get("alerts").Items() {
		return source.Reading{Ignored: below}
	}
	return source.Reading{Ignored: "a notification without alerts"}
}
