package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// ofTeam answers a team: how healthy are our releases, what is still open, and can we trust these numbers?
func ofTeam() *dashboard.DashboardBuilder {
	b := marked(scoped(board("team", "Shipwake: team", "How a team's releases go: failures, recovery, rework, and how much of it is known", "30d")).
		WithVariable(window("30d")))
	teamNumbers(b)
	teamCourse(b)
	teamQuality(b)
	return b
}

func teamNumbers(b *dashboard.DashboardBuilder) {
	b.WithPanel(number(about{"Deployments", "Per day over the window, rollbacks included", "short", "no deployment in the window"}, sixth,
		query{"", sum(dora("deployments")) + ` / ` + days}).Decimals(1)).
		WithPanel(number(about{"Change fail rate", "Deployments that regressed, caused an incident, or were rolled back or hot-fixed, of those whose observation has ended", "percentunit", "no deployment has been observed to its end"}, sixth,
			query{"", sum(dora("change_failures")) + " / " + sum(dora("completed_changes"))}, step{0.15, "yellow"}, step{0.3, "red"}).Decimals(1)).
		WithPanel(number(about{"Rework rate", "Rollbacks, hotfixes and deployments driven by an incident, of all deployments", "percentunit", "no deployment in the window"}, sixth,
			query{"", sum(dora("rework_deployments")) + " / " + sum(dora("deployments"))}, step{0.15, "yellow"}, step{0.3, "red"}).Decimals(1)).
		WithPanel(number(about{"Mean recovery", "Time from a failed deployment to its first proven recovery", "s", "no failed deployment has recovered in the window"}, sixth,
			query{"", sum(dora("recovery_mean_seconds")+" * "+dora("recovered_failures")) + " / " + sum(dora("recovered_failures"))})).
		WithPanel(number(about{"Not recovered", "Failed deployments without a proven recovery, which are outside the recovery time", "short", "nothing failed in the window"}, sixth,
			query{"", sum(dora("open_failures"))}, step{1, "red"})).
		WithPanel(number(about{"Pending", "Deployments under observation, which are not yet in the change fail rate", "short", "no deployment in the window"}, sixth,
			query{"", sum(dora("pending_changes"))}))
}

// days is how many there are in the chosen window. Not every Prometheus reads a duration as a number.
const days = `scalar(count_over_time(vector(1)[$window:1d]))`

func teamCourse(b *dashboard.DashboardBuilder) {
	b.WithRow(row("Release health")).
		WithPanel(byVerdict(stacked(about{"Verdicts", "Changes whose observation ended, by the verdict that stood then", "short", "no observation ended in this time"}, half,
			query{"{{verdict}}", sum(grown(of("shipwake_judged_changes_total")), "verdict")}))).
		WithPanel(stacked(about{"Regressions", "Seen on a service, whether it changed itself or not", "short", "no regression was seen in this time"}, half,
			query{"seen", sum(grown(of("shipwake_regressions_total")))})).
		WithPanel(lines(about{"Change fail rate and rework rate", "Over the window up to each point in time", "percentunit", "no deployment in the window"}, half,
			query{"change fail rate", sum(dora("change_failures")) + " / " + sum(dora("completed_changes"))},
			query{"rework rate", sum(dora("rework_deployments")) + " / " + sum(dora("deployments"))}).Min(0)).
		WithPanel(lines(about{"Open", "Failed deployments without a proven recovery, deployments under observation, and regressions that last", "short", "nothing is known yet"}, half,
			query{"not recovered", sum(dora("open_failures"))}, query{"pending", sum(dora("pending_changes"))},
			query{"ongoing regressions", sum(of("shipwake_ongoing_regressions"))}).Min(0)).
		WithPanel(rows(about{"Services", "Over the window; what a service has no data for stays empty", "short", "no service is known yet"}, full,
			column{name: "Service", label: "service"}, column{name: "Environment", label: "environment"},
			column{name: "Deployments", query: perService(dora("deployments"))},
			column{name: "Change fail rate", query: perService(dora("change_fail_ratio")), unit: "percentunit"},
			column{name: "At least", query: perService(dora("change_fail_lower_ratio")), unit: "percentunit"},
			column{name: "At most", query: perService(dora("change_fail_upper_ratio")), unit: "percentunit"},
			column{name: "Median recovery", query: perService(dora("recovery_median_seconds")), unit: "s"},
			column{name: "Median lead time", query: perService(dora("lead_time_median_seconds")), unit: "s"},
			column{name: "Rework", query: perService(dora("rework_deployments"))},
			column{name: "Not recovered", query: perService(dora("open_failures"))}).SortBy(descending("At least")))
}

func perService(metric string) string { return "max by (service, environment) (" + metric + ")" }

func teamQuality(b *dashboard.DashboardBuilder) {
	b.WithRow(row("How much of it is known")).
		WithPanel(number(about{"Without an answer", "Deployments whose observation ended inconclusive, of those in the change fail rate: they count as not failed", "percentunit", "no deployment has been observed to its end"}, quarter,
			query{"", sum(dora("inconclusive_changes")) + " / " + sum(dora("completed_changes"))}, step{0.2, "yellow"}, step{0.5, "red"}).Decimals(1).Height(high)).
		WithPanel(bars(about{"Why there was no answer", "Changes whose observation ended inconclusive in this time, by the reason", "short", "every observation ended with an answer"}, quarter,
			query{"{{reason}}", sum(inRange(of("shipwake_verdict_reasons_total", `verdict="inconclusive"`)), "reason") + " > 0.5"}).Decimals(0)).
		WithPanel(bars(about{"Incidents without a change", "Incidents of this time that no change is held responsible for, by the reason", "short", "every incident has its change, or there was none"}, quarter,
			query{"{{reason}}", sum(inRange(of("shipwake_unattributed_incidents_total")), "reason") + " > 0.5"}).Decimals(0)).
		WithPanel(bars(about{"Corrections", "What may have moved numbers that were shown before, by the reason", "short", "nothing was corrected"}, quarter,
			query{"{{reason}}", sum(inRange(of("shipwake_corrections_total")), "reason") + " > 0.5"}).Decimals(0))
}
