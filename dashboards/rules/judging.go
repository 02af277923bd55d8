package rules

import "time"

// judging is how good the judging is: of what nothing can be said, and how often it is wrong.
func (p Parameters) judging() []Rule {
	least := number(float64(p.LeastChanges))
	return []Rule{
		p.alert(alert{
			name: "ChangesWithoutTelemetry", severity: warning, wait: 5 * time.Minute,
			expr:    owned(`shipwake_service_verdict{reason="no_telemetry"} == 1`),
			summary: "Changes of {{ $labels.service }} in {{ $labels.environment }} meet no telemetry",
			description: `
				No telemetry came of {{ $labels.service }} in {{ $labels.environment }} when its newest change was judged. Most often telemetry has another name for the service or
				the environment than the pipeline that reports its changes.`,
			link: "/changes?service={{ $labels.service }}",
		}),
		p.alert(alert{
			name: "VerdictsMostlyInconclusive", severity: warning, wait: time.Hour,
			expr: fill(`
				sum without (service) (shipwake_dora_inconclusive_changes{window="7d"})
				/ (sum without (service) (shipwake_dora_completed_changes{window="7d"} - shipwake_dora_unjudged_changes{window="7d"}) >= <least>)
				> <most>`, "<least>", least, "<most>", number(p.Inconclusive)),
			summary:     "Most changes in {{ $labels.environment }} can't be judged",
			description: "{{ $value | humanizePercentage }} of the changes of the last 7 days that were judged are inconclusive.",
		}),
		p.alert(alert{
			name: "UnattributedIncidentsRising", severity: warning, wait: time.Hour,
			expr: fill(`
				shipwake_dora_unattributed_incidents{window="7d"} >= <least>
				and ignoring (window)
				shipwake_dora_unattributed_incidents{window="7d"} / 7
				> ignoring (window) 2 * (shipwake_dora_unattributed_incidents{window="30d"} - ignoring (window) shipwake_dora_unattributed_incidents{window="7d"}) / 23
				and ignoring (window)
				sum without (service) (shipwake_dora_deployments{window="30d"}) > ignoring (window) sum without (service) (shipwake_dora_deployments{window="7d"})`,
				"<least>", number(float64(p.LeastIncidents))),
			summary: "More incidents in {{ $labels.environment }} are no change's",
			description: `
				No change is held responsible for {{ $value }} incidents of the last 7 days, more than twice as many a day as in the weeks before. Either changes are not reported, or
				something else breaks.`,
			link: "/api/v1/incidents",
		}),
		p.alert(alert{
			name: "FalseAlarmsAbovePromise", severity: warning, wait: time.Hour,
			expr: fill(`
				increase(shipwake_placebo_false_alarms_total[7d]) >= 3
				and
				increase(shipwake_placebo_false_alarms_total[7d])
				> <most> * increase(shipwake_placebo_changes_total[7d]) + 2 * sqrt(<most> * increase(shipwake_placebo_changes_total[7d]))`,
				"<most>", number(p.FalseAlarms)),
			summary: "Shipwake {{ $labels.instance }} raises more false alarms than it should",
			description: fill(`
				{{ $value | humanize }} pseudo-changes of the last 7 days would have been called regressed, more than the <most> that are promised, and more than chance explains.`,
				"<most>", number(p.FalseAlarms*100)+" %"),
		}),
	}
}
