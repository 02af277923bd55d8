package rules

import (
	"slices"
	"time"
)

// health is whether Shipwake itself is well.
func (p Parameters) health() []Rule { return slices.Concat(p.running(), p.telemetry(), p.facts()) }

func (p Parameters) running() []Rule {
	return []Rule{
		p.alert(alert{
			name: "ShipwakeAbsent", severity: critical, wait: 5 * time.Minute, expr: "absent(shipwake_build_info)",
			summary:     "Shipwake is not scraped",
			description: "No daemon has been scraped for 5 minutes; nobody watches what changes do.",
		}),
		p.alert(alert{
			name: "ShipwakeNotReady", severity: warning, wait: 5 * time.Minute, expr: "shipwake_ready == 0",
			summary:     "Shipwake {{ $labels.instance }} is not ready",
			description: "The daemon has not been ready for 5 minutes.",
		}),
		p.alert(alert{
			name: "ShipwakeDegraded", severity: warning, wait: 5 * time.Minute, expr: "shipwake_degraded == 1",
			summary:     "Shipwake {{ $labels.instance }} drops telemetry to keep within its memory",
			description: "For 5 minutes something has been dropped. Changes of the services concerned can't be called healthy.",
			link:        "/api/v1/limits",
		}),
		p.alert(alert{
			name: "ShipwakeMessagesWait", severity: warning, wait: 5 * time.Minute, expr: "shipwake_outbox_oldest_message_seconds > 900",
			summary:     "Shipwake {{ $labels.instance }} can't reach {{ $labels.queue }}",
			description: "The oldest message has been waiting for {{ $value | humanizeDuration }}. Messages are kept for 30 days.",
		}),
		p.alert(alert{
			name: "ShipwakeMessagesParked", severity: warning, wait: 5 * time.Minute, expr: "shipwake_outbox_parked_messages > 0",
			summary: "{{ $labels.queue }} refuses messages of Shipwake {{ $labels.instance }}",
			description: `
				{{ $value }} messages were set aside because the receiver would not take them. They are tried again at the next start within 7 days.`,
		}),
	}
}

func (p Parameters) telemetry() []Rule {
	return []Rule{
		p.alert(alert{
			name: "ShipwakeIngestStalled", severity: warning, wait: 5 * time.Minute,
			expr: `
				sum without (signal, result) (increase(shipwake_telemetry_total{result="accepted"}[10m])) == 0
				and
				sum without (signal, result) (increase(shipwake_telemetry_total{result="accepted"}[6h])) > 0`,
			summary: "No telemetry reaches Shipwake {{ $labels.instance }}",
			description: `
				Telemetry came within the last 6 hours and has stopped for 10 minutes. Changes that are observed now will be inconclusive.`,
		}),
		p.alert(alert{
			name: "ShipwakeWatermarkBehind", severity: warning, wait: 5 * time.Minute,
			expr:    "shipwake_watermark_lag_seconds > " + seconds(p.Lag) + " and shipwake_telemetry_idle == 0",
			summary: "Shipwake {{ $labels.instance }} judges late",
			description: `
				The watermark is {{ $value | humanizeDuration }} behind the clock while telemetry flows; verdicts wait for it.`,
		}),
		p.alert(alert{
			name: "ShipwakeTelemetryLost", severity: warning, wait: 15 * time.Minute,
			expr: `
				(
				  sum without (signal, result) (rate(shipwake_telemetry_total{result="overflow"}[15m]))
				  + sum without (result) (rate(shipwake_cells_total{result="late"}[15m]))
				)
				/ sum without (signal, result) (rate(shipwake_telemetry_total{result="accepted"}[15m]))
				> 0.01`,
			summary: "Shipwake {{ $labels.instance }} loses telemetry",
			description: `
				{{ $value | humanizePercentage }} of the telemetry is too late or over a bound. Every loss makes verdicts weaker.`,
		}),
	}
}

func (p Parameters) facts() []Rule {
	return []Rule{
		p.alert(alert{
			name: "ShipwakeSourceSilent", severity: warning, wait: time.Hour,
			expr: fill(`
				count_over_time((sum without (result) (increase(shipwake_deliveries_total[1d])) > 0)[10d:1d]) >= 4
				unless
				sum without (result) (increase(shipwake_deliveries_total[<silence>])) > 0`, "<silence>", span(p.Silence)),
			summary: "{{ $labels.source }} has fallen silent",
			description: `
				{{ $labels.source }} delivered on {{ $value }} of the last 10 days, and nothing of late. Changes or incidents may be missing.`,
		}),
		p.alert(alert{
			name: "ShipwakeFactsWait", severity: warning, wait: 2 * time.Minute, expr: "shipwake_oldest_unapplied_fact_seconds > 600",
			summary: "Shipwake {{ $labels.instance }} is behind with changes and incidents",
			description: `
				What was received {{ $value | humanizeDuration }} ago is acknowledged and not applied yet. Verdicts and DORA numbers come late by as much.`,
		}),
		p.alert(alert{
			name: "ShipwakeLedgerFailing", severity: critical, wait: time.Minute, expr: "increase(shipwake_ledger_failures_total[5m]) > 0",
			summary: "The ledger of Shipwake {{ $labels.instance }} can't commit",
			description: `
				{{ $value | humanize }} commits failed within 5 minutes. Senders of changes and incidents are answered with 503 and must try again.`,
		}),
	}
}
