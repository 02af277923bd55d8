package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// onCall answers whoever is woken: what changed, did it hurt, who is suspected, and what to do now.
func onCall() *dashboard.DashboardBuilder {
	b := marked(scoped(board("on-call", "Shipwake: on call",
		"What changed in the last hours, what it did, how sure that is, and what to do", "3h")).
		WithVariable(choice("percentile", "Percentile", "Of the latencies that are shown", "50,90,99", "90")).
		WithVariable(address()))
	nowRow(b)
	changedRow(b)
	effectRow(b)
	return b
}

func nowRow(b *dashboard.DashboardBuilder) {
	bad := step{1, "red"}
	b.WithPanel(number(about{"Hurting now", "Changes that made things worse and are not proven to be over, also after their observation ended", "short", "no daemon is scraped"},
		quarter, query{"", counted(of("shipwake_change_unrecovered"))}, bad)).
		WithPanel(number(about{"Services hurt", "Services on which a regression is seen, whether they changed themselves or not", "short", "no daemon is scraped"},
			quarter, query{"", counted(of("shipwake_ongoing_regressions") + " > 0")}, bad)).
		WithPanel(number(about{"Watched", "Changes whose observation window is open, and those that hurt and have not recovered: their verdict may still become another", "short", "no daemon is scraped"},
			quarter, query{"", counted(of("shipwake_change_info"))})).
		WithPanel(number(about{"Telemetry behind", "How far what is known of the services lags behind the clock: a verdict is as old as that", "s", "no telemetry has come yet: no verdict is possible"},
			quarter, query{"", "max(" + whole("shipwake_watermark_lag_seconds") + ")"}, step{120, "yellow"}, step{600, "red"}))
}

func changedRow(b *dashboard.DashboardBuilder) {
	suspect := "max by (service, environment, signal, change_id) (" + of("shipwake_regression_suspect_ratio") + ") > 0.01"
	b.WithRow(row("What changed")).
		WithPanel(rows(about{"Changes under observation, and those that hurt", "The verdict of each, why, and how probable it is that this change did it rather than another; the id leads to its evidence", "short", "no change is under observation and none hurts"}, full,
			column{name: "Change", label: "change_id", link: true},
			column{name: "Service", label: "service"}, column{name: "Version", label: "version"}, column{name: "Kind", label: "kind"},
			column{name: "Verdict", label: "verdict"}, column{name: "Reason", label: "reason"},
			column{name: "Environment", label: "environment"},
			column{name: "Watched for", query: "sum by (service, environment, version, change_id) (count_over_time(" + of("shipwake_change_info") + "[24h:1m]) and on (change_id) " + of("shipwake_change_info") + ") * 60", unit: "s"},
			column{name: "Present", hidden: true, query: "max by (service, environment, version, kind, change_id) (" + of("shipwake_change_info") + ")"},
			column{name: "Told", hidden: true, query: "max by (service, environment, version, change_id, verdict, reason) (" + of("shipwake_change_verdict") + ")"},
			column{name: "It was this one", query: each(of("shipwake_change_blame_ratio")), unit: "percentunit"},
			column{name: "Services hurt", query: each(of("shipwake_change_affected_services"))},
		).SortBy(descending("It was this one"))).
		WithPanel(states(about{"Verdicts", "The worst verdict on each service's changes while they are observed: a row begins when the change does", "short", "nothing was under observation in this time"}, full,
			query{"{{service}}", `max by (service) (` + of("shipwake_change_verdict", `verdict="regressed"`) + ` * 3 or ` + of("shipwake_change_verdict", `verdict="inconclusive"`) + ` * 2 or ` + of("shipwake_change_verdict", `verdict="healthy"`) + ` or ` + of("shipwake_change_info") + ` * 0)`},
			[2]string{"watched, no verdict yet", "blue"}, [2]string{"healthy", "green"}, [2]string{"inconclusive", "yellow"}, [2]string{"regressed", "red"})).
		WithPanel(rows(about{"Suspects", "Where it hurts, by which signal, and the changes that may have done it with the probability of each", "percentunit", "nothing hurts: there are no suspects"}, half,
			column{name: "Hurts", label: "service"}, column{name: "Signal", label: "signal"}, column{name: "Environment", label: "environment"},
			column{name: "Suspect", label: "change_id", link: true}, column{name: "Probability", query: suspect, unit: "percentunit"}).SortBy(descending("Probability"))).
		WithPanel(note("What to do", whatToDo, half))
}

// whatToDo is for 03:00.
const whatToDo = `1. **A row is red, and "It was this one" is above 80 %:** roll that change back. It is the cheapest try, and you see within minutes whether it was right: the row ends when the service has recovered.
2. **Several suspects with like probabilities:** they came at the same time. Roll back the one with the largest effect first; "Before and after" shows it.
3. **Nothing is red and something hurts:** no change is held responsible. Look at what the services depend on, not at deploys.
4. **"Telemetry behind" is red:** verdicts are old. See [Shipwake: operating](/d/shipwake-operating).
5. The id of a change opens its evidence: each signal before and after, how sure that is, who else was suspected and why not.

After a rollback wait for the green row; a rollback is judged like any other change.`

func effectRow(b *dashboard.DashboardBuilder) {
	before := "before {{service}} {{version}}"
	b.WithRow(row("Before and after")).
		WithPanel(reference(lines(about{"Error ratio", "Since each change began, and dashed what it is compared with", "percentunit", "no change is under observation, or none of them has requests"}, half,
			query{"since {{service}} {{version}}", "max by (service, version) (" + of("shipwake_change_observed_error_ratio") + ")"},
			query{before, "max by (service, version) (" + of("shipwake_change_baseline_error_ratio") + ")"}).Min(0), "/^before/")).
		WithPanel(reference(lines(about{"Latency", "At the chosen percentile since each change began, and dashed what it is compared with; only of changes of which latency is judged", "s", "no change under observation is judged by its latency"}, half,
			query{"since {{service}} {{version}}", "max by (service, version) (" + of("shipwake_change_observed_latency_seconds", `percentile="$percentile"`) + ")"},
			query{before, "max by (service, version) (" + of("shipwake_change_baseline_latency_seconds", `percentile="$percentile"`) + ")"}).Min(0), "/^before/")).
		WithPanel(rows(about{"Effect", "How many times as much as before, with the ends of its interval: an interval that does not hold 1 is an effect", "short", "no change under observation has evidence yet"}, full,
			column{name: "Service", label: "service"}, column{name: "Version", label: "version"}, column{name: "Signal", label: "signal"},
			column{name: "Change", label: "change_id", link: true}, column{name: "Environment", label: "environment"},
			column{name: "Effect", query: bySignal("shipwake_change_effect_ratio"), unit: "suffix:×"},
			column{name: "At least", query: bySignal("shipwake_change_effect_lower_ratio"), unit: "suffix:×"},
			column{name: "At most", query: bySignal("shipwake_change_effect_upper_ratio"), unit: "suffix:×"}).SortBy(descending("At least")))
}

func bySignal(metric string) string {
	return "max by (service, environment, version, change_id, signal) (" + of(metric) + ")"
}
