package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// releaseRisk answers who is about to release: how do changes of this service usually end, and is now a bad time?
func releaseRisk() *dashboard.DashboardBuilder {
	b := marked(scoped(board("release-risk", "Shipwake: release risk", "How changes of a service usually go, and what is open now", "30d")).
		WithVariable(window("30d")).WithVariable(address()))
	b.WithPanel(number(about{"Open regressions", "Regressions seen on the chosen services that last: a release on top of them is hard to judge", "short", "no service is known yet"}, quarter,
		query{"", sum(of("shipwake_ongoing_regressions"))}, step{1, "red"})).
		WithPanel(number(about{"Watched", "Changes whose observation is open or that have not recovered: two at a time are hard to tell apart", "short", "no daemon is scraped"}, quarter,
			query{"", counted(of("shipwake_change_info"))}, step{3, "yellow"})).
		WithPanel(number(about{"Oldest open failure", "Age of the oldest failed deployment without a proven recovery", "s", "every failed deployment has recovered"}, quarter,
			query{"", "max(" + dora("oldest_open_failure_seconds") + ")"}, step{86400, "red"})).
		WithPanel(number(about{"Time until it is noticed", "Median from the onset of what a change broke to the first verdict that says so", "s", "no regression was detected in this time"}, quarter,
			query{"", quantile("0.5", of("shipwake_regression_detection_seconds_bucket"))})).
		WithRow(row("How changes go")).
		WithPanel(bars(about{"Change fail rate, at most", "The upper end of the 95 % interval: what must be reckoned with, also where there were few deployments", "percentunit", "no deployment has been observed to its end"}, half,
			query{"{{service}}", "topk(15, max by (service) (" + dora("change_fail_upper_ratio") + "))"}, step{0.3, "yellow"}, step{0.5, "red"})).
		WithPanel(bars(about{"Rolled back", "Rollbacks in relation to deployments that reached users, in the time that is shown", "percentunit", "nothing was rolled back in this time"}, half,
			query{"{{service}}", "topk(15, " + sum(inRange(of("shipwake_changes_total", `kind="rollback"`, `status="succeeded"`)), "service") + " / " + sum(inRange(of("shipwake_changes_total", `kind="deployment"`, `status="succeeded"`)), "service") + " > 0)"}, step{0.15, "yellow"}, step{0.3, "red"})).
		WithPanel(rows(about{"Duration", "Start to finish of changes that succeeded, where both were told, in the time that is shown", "s", "no change told its start and its finish"}, half,
			column{name: "Service", label: "service"},
			column{name: "Median", query: quantile("0.5", of("shipwake_change_duration_seconds_bucket"), "service"), unit: "s"},
			column{name: "90 % take at most", query: quantile("0.9", of("shipwake_change_duration_seconds_bucket"), "service"), unit: "s"})).
		WithPanel(rows(about{"Not recovered", "Changes that made things worse and are not proven to be over", "short", "every change that hurt has recovered"}, half,
			column{name: "Change", label: "change_id", link: true}, column{name: "Service", label: "service"}, column{name: "Version", label: "version"}, column{name: "Environment", label: "environment"},
			column{name: "Present", hidden: true, query: each(of("shipwake_change_unrecovered"))},
			column{name: "Services hurt", query: each(of("shipwake_change_affected_services"))})).
		WithRow(row("History of failures")).
		WithPanel(lines(about{"Failed deployments", "Over the window up to each point, by service", "short", "nothing failed in the window"}, half,
			query{"{{service}}", "sum by (service) (" + dora("change_failures") + ") > 0"}).Min(0)).
		WithPanel(stacked(about{"Rollouts that never arrived", "Deployments that failed or were cancelled before they reached users", "short", "every rollout reached users"}, half,
			query{"{{status}}", sum(grown(of("shipwake_changes_total", `status=~"failed|cancelled"`)), "status") + " > 0"}))
	return b
}
