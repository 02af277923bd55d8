package main

import (
	"fmt"
	"strings"
)

// of is a metric of what the reader has chosen, with more matchers.
func of(metric string, more ...string) string {
	return metric + "{" + strings.Join(append([]string{`job=~"$job"`, `environment=~"$environment"`, `service=~"$service"`}, more...), ", ") + "}"
}

// whole is a metric of the daemon as a whole.
func whole(metric string, more ...string) string {
	return metric + "{" + strings.Join(append([]string{`job=~"$job"`}, more...), ", ") + "}"
}

// dora is a DORA number over the chosen window.
func dora(metric string) string { return of("shipwake_dora_"+metric, `window="$window"`) }

// sum is a sum over what is chosen, by some labels.
func sum(of string, by ...string) string {
	if len(by) == 0 {
		return "sum(" + of + ")"
	}
	return fmt.Sprintf("sum by (%s) (%s)", strings.Join(by, ", "), of)
}

// byTeam gives a metric of services the label of their team.
func byTeam(metric string) string {
	return fmt.Sprintf("(%s * on (service, environment) group_left (team) max by (service, environment, team) (%s))", metric, of("shipwake_service_info", `team=~"$team"`))
}

// each keeps of the labels of a change those that tell it from others.
func each(metric string) string {
	return fmt.Sprintf("max by (service, environment, version, change_id) (%s)", metric)
}

// grown is by how much a counter grew between two points of the picture.
func grown(metric string) string { return "increase(" + metric + "[$__rate_interval])" }

// rate is per second.
func rate(metric string) string { return "rate(" + metric + "[$__rate_interval])" }

// inRange is by how much a counter grew in all the time that is shown.
func inRange(metric string) string { return "increase(" + metric + "[$__range])" }

// quantile of a histogram over all the time that is shown.
func quantile(q string, metric string, by ...string) string {
	return fmt.Sprintf("histogram_quantile(%s, %s)", q, sum(inRange(metric), append([]string{"le"}, by...)...))
}

// counted is how many series of a metric there are; 0 for none while a daemon is scraped, and no number while none is.
func counted(metric string) string {
	return "count(" + metric + ") or 0 * max(" + whole("shipwake_ready") + ")"
}
