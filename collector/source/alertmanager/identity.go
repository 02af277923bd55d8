package alertmanager

import (
	"strconv"
	"time"

	"github.com/shipwake/shipwake/collector/source"
)

// identity is the id of the incident that an alert is. The fingerprint is that of the labels, and an alert with the same
// labels that fires tomorrow is another incident, so the id has startsAt in it as well. But startsAt moves: of two Prometheus
// servers that watch the same, each has its own, and Alertmanager goes over to the earlier one; and a rule that flaps begins
// anew. So it is taken to the nearest quarter of an hour, and those that lie astride are put together by the fingerprint.
func identity(alert source.JSON, starts time.Time) string {
	const quarter = 15 * time.Minute
	return "am-" + fingerprint(alert) + "-" + strconv.FormatInt(starts.Round(quarter).Unix(), 10)
}

func fingerprint(alert source.JSON) string {
	v := alert.Get("fingerprint")
	text := v.Text()
	if text == "" {
		v.Fail("required: the fingerprint of the alert")
	}
	return text
}
