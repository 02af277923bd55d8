package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// leaders answers who leads: do we deliver better than we did, and where not?
func leaders() *dashboard.DashboardBuilder {
	b := scoped(board("leaders", "Shipwake: leaders", "The five DORA metrics with their intervals, their own past, and by team", "30d")).
		WithVariable(window("7d"))
	leaderNumbers(b)
	leaderTrends(b)
	leaderTeams(b)
	leaderTrust(b)
	return b
}

const (
	leadHistogram = "shipwake_change_lead_time_seconds_bucket"
	failRate      = "change fail rate"
	leadTime      = `max(shipwake_dora_environment_lead_time_median_seconds{job=~"$job", environment=~"$environment", window="$window"})`
)

func leaderNumbers(b *dashboard.DashboardBuilder) {
	const fifth = 4
	b.WithPanel(number(about{"Deployment frequency", "Successful rollouts per day over the window, rollbacks included", "short", "no deployment in the window"}, fifth,
		query{"", sum(dora("deployments")) + " / " + days}).Decimals(1)).
		WithPanel(number(about{"Change lead time", "Median from commit to production over the window, of the slowest chosen environment", "s", "no commit with its time has arrived"}, fifth,
			query{"", leadTime})).
		WithPanel(number(about{"Change fail rate", "Deployments that regressed, caused an incident, or were rolled back or hot-fixed, of those whose observation has ended", "percentunit", "no deployment has been observed to its end"}, fifth,
			query{"", sum(dora("change_failures")) + " / " + sum(dora("completed_changes"))}).Decimals(1)).
		WithPanel(number(about{"Recovery time", "Median over the environments' failed deployments: completion to first proven recovery", "s", "no failed deployment has recovered in the window"}, fifth,
			query{"", `max(shipwake_dora_environment_recovery_median_seconds{job=~"$job", environment=~"$environment", window="$window"})`})).
		WithPanel(number(about{"Rework rate", "Rollbacks, hotfixes and deployments driven by an incident, of all deployments", "percentunit", "no deployment in the window"}, fifth,
			query{"", sum(dora("rework_deployments")) + " / " + sum(dora("deployments"))}).Decimals(1)).
		WithPanel(number(about{"Still pending", "Deployments under observation: not in the change fail rate yet", "short", "no deployment in the window"}, fifth,
			query{"", sum(dora("pending_changes"))}))
}

// own adds to a course the reference line: its own mean over the time that is shown.
func own(expr string) query {
	return query{"own mean", "avg_over_time((" + expr + ")[$__range:$__interval])"}
}

func leaderTrends(b *dashboard.DashboardBuilder) {
	frequency := sum(dora("deployments")) + " / " + days
	fails := sum(dora("change_failures")) + " / " + sum(dora("completed_changes"))
	rework := sum(dora("rework_deployments")) + " / " + sum(dora("deployments"))
	recovery := `max(shipwake_dora_environment_recovery_median_seconds{job=~"$job", environment=~"$environment", window="$window"})`
	b.WithRow(row("Against their own past")).
		WithPanel(reference(lines(about{"Deployment frequency, course", "Per day over the window up to each point, and dashed its own mean", "short", "no deployment in the window"}, third,
			query{"per day", frequency}, own(frequency)).Min(0), "own mean")).
		WithPanel(reference(lines(about{"Change lead time, course", "Median over the window up to each point, of the slowest chosen environment", "s", "no commit with its time has arrived"}, third,
			query{"median", leadTime}, own(leadTime)).Min(0), "own mean")).
		WithPanel(reference(lines(about{"Change fail rate, course", "Over the window up to each point, of all services of the environments, with its 95 % interval: a move within it is no move", "percentunit", "no deployment has been observed to its end"}, third,
			query{failRate, fails}, query{"at least", environmentBound("lower")}, query{"at most", environmentBound("upper")}, own(fails)).Min(0), "/own mean|at least|at most/")).
		WithPanel(reference(lines(about{"Recovery time, course", "Median over the window up to each point", "s", "no failed deployment has recovered in the window"}, third,
			query{"median", recovery}, own(recovery)).Min(0), "own mean")).
		WithPanel(reference(lines(about{"Rework rate, course", "Over the window up to each point, and dashed its own mean", "percentunit", "no deployment in the window"}, third,
			query{"rework rate", rework}, own(rework)).Min(0), "own mean")).
		WithPanel(stacked(about{"Changes by class", "What reached users, by its kind", "short", "no change in this time"}, third,
			query{"{{kind}}", sum(grown(of("shipwake_changes_total", `status="succeeded"`)), "kind") + " > 0"}))
}

func environmentBound(end string) string {
	return `max(shipwake_dora_environment_change_fail_` + end + `_ratio{job=~"$job", environment=~"$environment", window="$window"})`
}

func leaderTeams(b *dashboard.DashboardBuilder) {
	team := func(metric string) string { return sum(byTeam(dora(metric)), "team") }
	b.WithRow(row("By team")).
		WithPanel(rows(about{"Teams", "Over the window. Few deployments make a rate that says little: see how many failed of how many", "short", "no team is known: changes tell it in their field team"}, full,
			column{name: "Team", label: "team"},
			column{name: "Deployments per day", query: team("deployments") + " / " + days},
			column{name: "Median lead time", query: "histogram_quantile(0.5, " + sum(byTeam(inRange(of(leadHistogram))), "team", "le") + ")", unit: "s"},
			column{name: "Failed", query: team("change_failures")}, column{name: "Of", query: team("completed_changes")},
			column{name: "Change fail rate", query: team("change_failures") + " / " + team("completed_changes"), unit: "percentunit"},
			column{name: "Mean recovery", query: sum(byTeam(dora("recovery_mean_seconds")+" * "+dora("recovered_failures")), "team") + " / " + team("recovered_failures"), unit: "s"},
			column{name: "Rework rate", query: team("rework_deployments") + " / " + team("deployments"), unit: "percentunit"},
			column{name: "Not recovered", query: team("open_failures")}, column{name: "Pending", query: team("pending_changes")}).
			SortBy(descending("Change fail rate")))
}

func leaderTrust(b *dashboard.DashboardBuilder) {
	b.WithRow(row("What these numbers rest on")).
		WithPanel(stacked(about{"Restatements", "What may move numbers of the past: told late, merged, judged anew, or held against another change", "short", "nothing was corrected in this time"}, third,
			query{"{{reason}}", sum(grown(of("shipwake_corrections_total")), "reason") + " > 0"})).
		WithPanel(lines(about{"Without an answer", "Deployments in the change fail rate whose observation ended inconclusive: they count as not failed", "percentunit", "no deployment has been observed to its end"}, third,
			query{"inconclusive", sum(dora("inconclusive_changes")) + " / " + sum(dora("completed_changes"))}).Min(0)).
		WithPanel(lines(about{"Incidents without a change", "Over the window up to each point, of all services of the environments", "short", "no incident in the window"}, third,
			query{"incidents", `sum(shipwake_dora_unattributed_incidents{job=~"$job", environment=~"$environment", window="$window"})`}).Min(0))
}
