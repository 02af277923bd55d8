package main

import "github.com/grafana/grafana-foundation-sdk/go/dashboard"

// operating answers whoever runs Shipwake: does it get what it needs, does it keep up, and does it keep its promise?
func operating() *dashboard.DashboardBuilder {
	b := board("operating", "Shipwake: operating", "Whether the daemon gets what it needs, keeps up, and keeps what it promises", "6h")
	operatingNow(b)
	operatingIn(b)
	operatingWork(b)
	operatingOut(b)
	return b
}

func operatingNow(b *dashboard.DashboardBuilder) {
	b.WithPanel(number(about{"Ready", "Daemons that are ready", "short", "no daemon is scraped"}, sixth, query{"", "sum(" + whole("shipwake_ready") + ")"})).
		WithPanel(number(about{"Watermark behind", "How far event time is behind the clock", "s", "no telemetry has come yet"}, sixth,
			query{"", "max(" + whole("shipwake_watermark_lag_seconds") + ")"}, step{120, "yellow"}, step{600, "red"})).
		WithPanel(number(about{"Facts that wait", "Changes and incidents that are acknowledged and not applied yet", "short", "no daemon is scraped"}, sixth,
			query{"", "sum(" + whole("shipwake_unapplied_facts") + ")"}, step{1000, "yellow"})).
		WithPanel(number(about{"Messages set aside", "Messages that a receiver refused for good", "short", "nothing sends messages: no such sink is configured"}, sixth,
			query{"", "sum(" + whole("shipwake_outbox_parked_messages") + ")"}, step{1, "red"})).
		WithPanel(number(about{"False alarms", "Services called regressed at a time when nothing near them changed, of all that were so looked at. The promise is 1 %", "percentunit", "none was looked at yet"}, sixth,
			query{"", "max(" + whole("shipwake_placebo_false_alarm_ratio") + ")"}, step{0.01, "yellow"}, step{0.03, "red"}).Decimals(2)).
		WithPanel(number(about{"Degraded", "1 while detail is dropped or telemetry refused for want of memory", "short", "no daemon is scraped"}, sixth,
			query{"", "max(" + whole("shipwake_degraded") + ")"}, step{1, "red"}))
}

func operatingIn(b *dashboard.DashboardBuilder) {
	b.WithRow(row("What comes in")).
		WithPanel(lines(about{"Deliveries", "By source and by what became of them, a minute", "cpm", "no source is configured"}, half,
			query{"{{source}} {{result}}", "60 * " + sum(rate(whole("shipwake_deliveries_total")), "source", "result") + " > 0"}).Min(0)).
		WithPanel(lines(about{"Facts", "Changes and incidents by source and by what became of them, a minute; quarantined ones are kept and not understood", "cpm", "no source has told anything in this time"}, half,
			query{"{{source}} {{result}}", "60 * " + sum(rate(whole("shipwake_facts_total")), "source", "result") + " > 0"}).Min(0)).
		WithPanel(lines(about{"Telemetry", "Spans, points and log records a second, by what became of them, and buckets of them that came too late: what is not accepted makes verdicts weaker, except spans that are no requests", "cps", "no telemetry in this time"}, half,
			query{"{{signal}} {{result}}", sum(rate(whole("shipwake_telemetry_total")), "signal", "result") + " > 0"},
			query{"cells {{result}}", sum(rate(whole("shipwake_cells_total")), "result") + " > 0"}).Min(0)).
		WithPanel(lines(about{"Watermark", "How far event time is behind the clock", "s", "no telemetry has come yet"}, half,
			query{"behind", "max(" + whole("shipwake_watermark_lag_seconds") + ")"}, query{"silent (1)", "max(" + whole("shipwake_telemetry_idle") + ")"}).Min(0)).
		WithPanel(lines(about{"Requests", "OTLP requests a second by what became of them", "reqps", "no OTLP receiver is configured"}, half,
			query{"{{signal}} {{result}}", sum(rate(whole("shipwake_otlp_requests_total")), "signal", "result") + " > 0"}).Min(0)).
		WithPanel(lines(about{"Read elsewhere", "What is read from Kafka, from the APIs of sources and from Kubernetes, a minute", "cpm", "nothing is read from Kafka, APIs or Kubernetes"}, half,
			query{"Kafka {{topic}} {{result}}", "60 * " + sum(rate(whole("shipwake_kafka_messages_total")), "topic", "result") + " > 0"},
			query{"{{source}} {{result}}", "60 * " + sum(rate(whole("shipwake_pull_pages_total")), "source", "result") + " > 0"},
			query{"{{source}} {{result}}", "60 * " + sum(rate(whole("shipwake_kubernetes_total")), "source", "result") + " > 0"}).Min(0))
}

func operatingWork(b *dashboard.DashboardBuilder) {
	b.WithRow(row("How it works")).
		WithPanel(lines(about{"Waiting", "Facts that are not applied yet, and inputs that wait for the engine", "short", "no daemon is scraped"}, third,
			query{"facts", "sum(" + whole("shipwake_unapplied_facts") + ")"}, query{"inputs", "sum(" + whole("shipwake_queued_inputs") + ")"}).Min(0)).
		WithPanel(lines(about{"Commits", "Mean time of a commit of the ledger", "s", "nothing was committed in this time"}, third,
			query{"mean", sum(rate(whole("shipwake_ledger_commit_seconds_total"))) + " / " + sum(rate(whole("shipwake_ledger_commits_total")))}).Min(0)).
		WithPanel(lines(about{"Failures", "Commits and computations that failed, a minute", "cpm", "no daemon is scraped"}, third,
			query{"ledger", "60 * " + sum(rate(whole("shipwake_ledger_failures_total")))}, query{"DORA numbers", "60 * " + sum(rate(whole("shipwake_dora_compute_failures_total")))}).Min(0)).
		WithPanel(reference(lines(about{"Memory", "Resident, and dashed the limit that is configured", "bytes", "this system doesn't tell its memory"}, third,
			query{"resident", "max(" + whole("shipwake_memory_resident_bytes") + ")"}, query{"limit", "max(" + whole("shipwake_memory_limit_bytes") + ")"}).Min(0), "limit")).
		WithPanel(reference(lines(about{"Disk", "The ledger, and the measurements of the last days beside it with their limit", "bytes", "no daemon is scraped"}, third,
			query{"ledger", "max(" + whole("shipwake_ledger_size_bytes") + ")"}, query{"measurements", "max(" + whole("shipwake_archive_size_bytes") + ")"},
			query{"limit of measurements", "max(" + whole("shipwake_archive_limit_bytes") + ")"}).Min(0), "limit of measurements")).
		WithPanel(lines(about{"Watched", "Measurement series that are tracked, and observation windows that are open", "short", "no daemon is scraped"}, third,
			query{"series", "sum(" + whole("shipwake_tracked_series") + ")"}, query{"windows", "sum(" + whole("shipwake_open_windows") + ")"}).Min(0))
}

func operatingOut(b *dashboard.DashboardBuilder) {
	b.WithRow(row("What goes out")).
		WithPanel(lines(about{"Messages", "Messages a minute by queue and by what became of them", "cpm", "nothing sends messages: no such sink is configured"}, third,
			query{"{{queue}} {{result}}", "60 * " + sum(rate(whole("shipwake_outbox_messages_total")), "queue", "result")}).Min(0)).
		WithPanel(lines(about{"Messages that wait", "By queue", "short", "nothing sends messages: no such sink is configured"}, third,
			query{"{{queue}}", sum(whole("shipwake_outbox_waiting_messages"), "queue")}).Min(0)).
		WithPanel(lines(about{"DORA numbers", "Their age, and how long the latest computation took", "s", "they are not computed yet"}, third,
			query{"age", "max(" + whole("shipwake_dora_age_seconds") + ")"}, query{"computation", "max(" + whole("shipwake_dora_compute_seconds") + ")"}).Min(0))
}
