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
	return source.Split{
		List: "alerts", Keep: []string{"version", "externalURL"}, Left: "truncatedAlerts", LeftKeep: []string{"version", "groupKey"},
	}.Deliveries(req.Body)
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
