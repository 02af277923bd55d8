package prometheus

import (
	"runtime"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// catalogued are the groups of the tally that have a row of their own.
var catalogued = map[string]bool{"deliveries": true, "facts": true, "telemetry": true, "cells": true, "scrapes": true, "scraped": true,
	"otlp": true, "kafka_messages": true, "kafka_faults": true, "pull_requests": true, "pull_pages": true, "kubernetes": true, "outbox": true, "rollbacks": true}

func intake() []Metric {
	return []Metric{
		tallied("shipwake_deliveries_total", "deliveries", "source",
			"Messages that senders handed over, by source and by what became of them; truncated are the events that a sender says it left out."),
		tallied("shipwake_facts_total", "facts", "source",
			"Deliveries that reached the ledger, by source: accepted, duplicate, quarantined because nobody maps them, or ignored by the naming rules; those reprojected (read again) and released from quarantine by that; and facts retracted by it."),
		tallied("shipwake_telemetry_total", "telemetry", "signal",
			"Spans, points and log records by what became of them."),
		tallied("shipwake_cells_total", "cells", "",
			"Buckets made of telemetry that were of no use: too late for their window, or dated in the future."),
		tallied("shipwake_scrapes_total", "scrapes", "",
			"Scrapes that a Prometheus didn't get an answer to (missed), of processes whose services are judged by it."),
		tallied("shipwake_scraped_total", "scraped", "by",
			"Times that these metrics were read by what reads them again and again: prometheus, vmagent, alloy, grafana-agent."),
		tallied("shipwake_otlp_requests_total", "otlp", "signal",
			"OTLP requests by what became of them: accepted; put off, to be sent again (busy, unavailable); or refused (malformed, too_large, too_deep, too_costly, too_slow, error). Also connections that were closed at once (busy)."),
		tallied("shipwake_kafka_messages_total", "kafka_messages", "topic",
			"Messages of a Kafka topic that were passed, by what became of them: read, or quarantined because something in them can't be read or mapped; lost to retention; or a hole in the offsets that holds none."),
		tallied("shipwake_kafka_faults_total", "kafka_faults", "topic",
			"How often reading a Kafka topic was held up: a commit to be repeated (retried), one that another reader had been ahead of (fenced), one that the ledger refuses for good (refused), and a log that ended before where it was read to (rewound)."),
		tallied("shipwake_pull_requests_total", "pull_requests", "source",
			"Requests to a source's API: answered, unchanged since the last time, or unanswered."),
		tallied("shipwake_pull_pages_total", "pull_pages", "source",
			"Attempts to read a page of a source's API: stored; put off because the system is busy; failed, to be asked for again; retried because it could not be stored; or fenced because another reader had been ahead."),
		tallied("shipwake_kubernetes_total", "kubernetes", "source",
			"What a Kubernetes cluster was watched for: rollouts reported, a count for each step (report), and new revisions that are mere restarts (restart); lists and watches (list, watch, gone); and what happened while watching (failed, retried, fenced)."),
		{
			Name: "shipwake_uncatalogued_total", Type: Counter, Labels: []string{"what", "source", "result"},
			Help: "Counts of the daemon that have no metric of their own.",
			read: func(v *view, w *lines) {
				for _, c := range v.status.Counts {
					if !catalogued[c.What] {
						w.count(c.Value, clean(c.What), clean(c.Source), clean(c.Result))
					}
				}
			},
		},
		{
			Name: "shipwake_watermark_lag_seconds", Type: Gauge, Unit: "seconds",
			Help: "How far the watermark of event time is behind the clock; absent before the first telemetry.",
			read: func(v *view, w *lines) {
				if !v.status.Watermark.IsZero() {
					w.put(max(0, v.status.Now.Sub(v.status.Watermark).Seconds()))
				}
			},
		},
		{
			Name: "shipwake_telemetry_idle", Type: Gauge,
			Help: "1 while telemetry is recorded as silent, 0 while it flows.",
			read: func(v *view, w *lines) { w.flag(v.status.TelemetryIdle) },
		},
	}
}

// tallied is a counter that some door of the daemon keeps, with a label for its source unless that is "".
func tallied(name, what, label, help string) Metric {
	labels := []string{label, "result"}
	sources := func(c correlate.CountValue) []string { return []string{clean(c.Source)} }
	if label == "" {
		labels, sources = labels[1:], func(correlate.CountValue) []string { return nil }
	}
	return Metric{
		Name: name, Help: help, Type: Counter, Labels: labels,
		read: func(v *view, w *lines) {
			for _, c := range v.status.Counts {
				if c.What == what {
					w.count(c.Value, append(sources(c), clean(c.Result))...)
				}
			}
		},
	}
}

// calibration is how often the daemon is wrong by its own measure.
func calibration() []Metric {
	return []Metric{
		reading("shipwake_placebo_changes_total", Counter, "",
			"Pseudo-changes judged: services that were looked at as if they had changed, at a time when nothing near them did.",
			func(s sinks.Status) float64 { return float64(s.Placebos) }),
		reading("shipwake_placebo_false_alarms_total", Counter, "",
			"Pseudo-changes that would have been called regressed. Faults that no change brought are among them.",
			func(s sinks.Status) float64 { return float64(s.FalseAlarms) }),
		{
			Name: "shipwake_placebo_false_alarm_ratio", Type: Gauge, Unit: "ratio",
			Help: "False alarms in relation to pseudo-changes, since the start; absent before the first one.",
			read: func(v *view, w *lines) {
				if n := v.status.Placebos; n > 0 {
					w.put(float64(v.status.FalseAlarms) / float64(n))
				}
			},
		},
	}
}

func daemon() []Metric {
	return []Metric{
		{
			Name: "shipwake_build_info", Type: Gauge, Labels: []string{"version", "goversion"},
			Help: "1, with the version of the daemon and of Go.",
			read: func(v *view, w *lines) { w.put(1, clean(v.status.Version), runtime.Version()) },
		},
		{
			Name: "shipwake_ready", Type: Gauge,
			Help: "1 while the daemon is ready.",
			read: func(v *view, w *lines) { w.flag(v.status.Ready) },
		},
		reading("shipwake_open_windows", Gauge, "", "Observation windows that are open.",
			func(s sinks.Status) float64 { return float64(s.OpenWindows) }),
		reading("shipwake_tracked_series", Gauge, "", "Measurement series that are tracked.",
			func(s sinks.Status) float64 { return float64(s.Series) }),
		reading("shipwake_queued_inputs", Gauge, "", "Inputs that wait for the engine.",
			func(s sinks.Status) float64 { return float64(s.QueuedInputs) }),
		reading("shipwake_unapplied_facts", Gauge, "", "Changes and incidents that are acknowledged and not applied yet.",
			func(s sinks.Status) float64 { return float64(s.Unapplied) }),
		reading("shipwake_oldest_unapplied_fact_seconds", Gauge, "seconds",
			"Time since the first fact that is not applied yet was received; 0 without any.", unappliedFor),
		reading("shipwake_ledger_size_bytes", Gauge, "bytes", "Size of the ledger's files.",
			func(s sinks.Status) float64 { return float64(s.LedgerBytes) }),
		reading("shipwake_ledger_commits_total", Counter, "", "Transactions that the ledger committed and synced.",
			func(s sinks.Status) float64 { return float64(s.LedgerCommits) }),
		reading("shipwake_ledger_failures_total", Counter, "", "Transactions that the ledger could not commit.",
			func(s sinks.Status) float64 { return float64(s.LedgerFailures) }),
		reading("shipwake_ledger_commit_seconds_total", Counter, "seconds", "Time spent in commits of the ledger.",
			func(s sinks.Status) float64 { return s.LedgerSeconds }),
		reading("shipwake_ledger_checkpoints_total", Counter, "", "Checkpoints of measurements that were written.",
			func(s sinks.Status) float64 { return float64(s.Checkpoints) }),
		{
			Name: "shipwake_ledger_idle_seconds", Type: Gauge, Unit: "seconds",
			Help: "Time since the last commit of the ledger; absent before the first.",
			read: func(v *view, w *lines) {
				if !v.status.LastCommit.IsZero() {
					w.put(max(0, v.status.Now.Sub(v.status.LastCommit).Seconds()))
				}
			},
		},
	}
}

// archive is how far back a change that is reported late can be judged.
func archive() []Metric {
	return []Metric{
		reading("shipwake_archive_size_bytes", Gauge, "bytes", "What the measurements of the last days take on disk, beside the ledger.",
			func(s sinks.Status) float64 { return float64(s.Archive.Bytes) }),
		reading("shipwake_archive_limit_bytes", Gauge, "bytes", "What they may take; 0 when none are kept.",
			func(s sinks.Status) float64 { return float64(s.Archive.Limit) }),
		{
			Name: "shipwake_archive_reach_seconds", Type: Gauge, Unit: "seconds",
			Help: "How far back the measurements on disk reach without a hole: a change that is reported later than that isn't judged. Absent while nothing is kept.",
			read: func(v *view, w *lines) {
				if from := v.status.Archive.From; !from.IsZero() {
					w.put(max(0, v.status.Now.Sub(from).Seconds()))
				}
			},
		},
		{
			Name: "shipwake_archive_failing", Type: Gauge,
			Help: "1 while measurements can't be archived, because the disk is full or fails.",
			read: func(v *view, w *lines) { w.flag(v.status.Archive.Failing) },
		},
		reading("shipwake_archive_judged_total", Counter, "", "How often a change that was reported late was judged from the measurements on disk, or could not be for want of them.",
			func(s sinks.Status) float64 { return float64(s.Archive.Judged) }),
	}
}

func reading(name string, t Type, unit, help string, of func(sinks.Status) float64) Metric {
	return Metric{Name: name, Help: help, Type: t, Unit: unit, read: func(v *view, w *lines) { w.put(of(v.status)) }}
}

// unappliedFor is the age of the first fact that waits, in seconds.
func unappliedFor(s sinks.Status) float64 {
	if s.OldestUnapplied.IsZero() {
		return 0
	}
	return max(0, s.Now.Sub(s.OldestUnapplied).Seconds())
}
