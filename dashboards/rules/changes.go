package rules

import "time"

// Alerts are the groups of alerts.
func Alerts(p Parameters) []Group {
	return []Group{
		{Name: "shipwake-changes", Rules: append(p.regressions(), p.afterwards()...)},
		{Name: "shipwake-judging", Rules: p.judging()},
		{Name: "shipwake-health", Rules: p.health()},
	}
}

// severe says when a regression is critical: it is sure who did it, or many services are hurt.
func (p Parameters) severe() string {
	return fill("(shipwake_change_blame_ratio >= <confidence> or shipwake_change_affected_services >= <radius>)",
		"<confidence>", number(p.Confidence), "<radius>", number(float64(p.Radius)))
}

// regressions is one alert with two severities. It reads whether a change has recovered, so that it lasts as long as the
// regression and doesn't end with the observation window.
func (p Parameters) regressions() []Rule {
	of := alert{
		name: "PostDeployRegression", wait: 30 * time.Second,
		summary: "{{ $labels.service }} {{ $labels.version }} regressed in {{ $labels.environment }}",
		description: `
			Change {{ $labels.change_id }} of {{ $labels.service }} is judged regressed
			{{- with printf "shipwake_change_verdict{change_id=%q,service=%q}" $labels.change_id $labels.service | query }} ({{ . | first | label "reason" }}){{ end }}
			{{- with printf "shipwake_change_blame_ratio{change_id=%q,service=%q}" $labels.change_id $labels.service | query }},
			with a probability of {{ . | first | value | humanizePercentage }} that it was this change{{ end }}
			{{- with printf "shipwake_change_affected_services{change_id=%q,service=%q} > 1" $labels.change_id $labels.service | query }};
			it is thought to have hurt {{ . | first | value }} services{{ end }}.
			The alert ends when it is proven to have recovered or the verdict is revised, not because the observation window closes.`,
		link: "/changes/{{ $labels.change_id }}",
	}
	sure, unsure := of, of
	sure.severity, sure.expr = critical, owned("shipwake_change_unrecovered and "+p.severe())
	unsure.severity, unsure.expr = warning, owned("shipwake_change_unrecovered unless "+p.severe())
	return []Rule{p.alert(sure), p.alert(unsure)}
}

func (p Parameters) afterwards() []Rule {
	return []Rule{
		p.alert(alert{
			name: "ErrorBudgetAtRiskAfterChange", severity: warning, wait: time.Minute,
			expr: owned(fill(`
				(shipwake_change_observed_error_ratio > <most> and shipwake_change_observed_error_ratio > 2 * shipwake_change_baseline_error_ratio)
				unless on (job, instance, change_id)
				(shipwake_change_verdict{verdict="regressed"} unless on (job, instance, change_id) shipwake_change_unrecovered)`,
				"<most>", number(p.BurnRate*(1-p.Objective)))),
			summary: "{{ $labels.service }} {{ $labels.version }} burns its error budget in {{ $labels.environment }}",
			description: fill(`
				{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} have failed since change {{ $labels.change_id }} began, more than twice as many as
				before it and <rate> times what an objective of <objective> allows.`,
				"<rate>", number(p.BurnRate), "<objective>", number(p.Objective*100)+" %"),
			link: "/changes/{{ $labels.change_id }}",
		}),
		p.alert(alert{
			name: "RecoveryOverdue", severity: warning, wait: 5 * time.Minute,
			expr:    owned(`shipwake_dora_oldest_open_failure_seconds{window="7d"} > ` + seconds(p.RecoveryWithin)),
			summary: "A failed deployment of {{ $labels.service }} in {{ $labels.environment }} has not recovered",
			description: `
				A deployment of {{ $labels.service }} that failed has had no proven recovery for {{ $value | humanizeDuration }}. It counts as an open failure, outside the
				recovery time.`,
			link: "/changes?service={{ $labels.service }}",
		}),
		p.alert(alert{
			name: "ChangeFailRateAboveOwnPast", severity: warning, wait: time.Hour,
			expr: owned(fill(`
				shipwake_dora_change_fail_lower_ratio{window="7d"} > ignoring (window) shipwake_dora_change_fail_ratio{window="90d"}
				and on (<place>) shipwake_dora_completed_changes{window="7d"} >= <least>`,
				"<place>", place, "<least>", number(float64(p.LeastChanges)))),
			summary: "More changes of {{ $labels.service }} in {{ $labels.environment }} fail than used to",
			description: `
				At least {{ $value | humanizePercentage }} of the changes of the last 7 days failed (the lower end of the 95 % interval), more than the change fail rate of the
				last 90 days.`,
			link: "/changes?service={{ $labels.service }}",
		}),
	}
}
