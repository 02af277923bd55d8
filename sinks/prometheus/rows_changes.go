package prometheus

import "slices"

func outcomes() []Metric { return slices.Concat(changesAndVerdicts(), incidentsAndRegressions()) }

func changesAndVerdicts() []Metric {
	return []Metric{
		{
			Name: "shipwake_changes_total", Type: Counter, Labels: []string{"service", "environment", "kind", "status"},
			Help: "Changes that were told, once for each status they reached. A report that is merged into another later stays counted.",
			read: func(v *view, w *writer) {
				for k, n := range v.changes {
					w.count(n, k.service, k.environment, string(k.kind), string(k.status))
				}
			},
		},
		{
			Name: "shipwake_verdicts_total", Type: Counter, Labels: byVerdict,
			Help: "Revisions of verdicts issued; a change gets at least one, and one more whenever its verdict is revised.",
			read: func(v *view, w *writer) {
				for k, n := range v.verdicts {
					w.count(n, k.service, k.environment, string(k.outcome))
				}
			},
		},
		{
			Name: "shipwake_judged_changes_total", Type: Counter, Labels: []string{"service", "environment", "kind", "verdict"},
			Help: "Changes whose observation window closed, by the verdict that stood then.",
			read: func(v *view, w *writer) {
				for k, n := range v.judged {
					w.count(n, k.service, k.environment, string(k.kind), string(k.outcome))
				}
			},
		},
		{
			Name: "shipwake_failed_deployment_recovery_seconds", Type: Histogram, Unit: "seconds", Labels: byPlace,
			Help: "Completion of a failed deployment to its first proven recovery, counted when the recovery became known. Exemplars name the change.",
			read: func(v *view, w *writer) {
				for p, r := range v.recoveries {
					w.histogram(r, p.service, p.environment)
				}
			},
		},
	}
}

func incidentsAndRegressions() []Metric {
	return []Metric{
		{
			Name: "shipwake_incidents_total", Type: Counter, Labels: []string{"service", "environment", "state"},
			Help: "Incidents that were opened and resolved, by the state they reached.",
			read: func(v *view, w *writer) {
				for k, n := range v.incidents {
					w.count(n, k.service, k.environment, k.state)
				}
			},
		},
		{
			Name: "shipwake_corrections_total", Type: Counter, Labels: []string{"service", "environment", "reason"},
			Help: "What may move numbers that were published before, by reason: a change told after its time (late_fact), merged into another, with a final verdict that was revised (verdict), an incident held against another change (relinked) or no longer against any (unlinked).",
			read: func(v *view, w *writer) {
				for k, n := range v.corrections {
					w.count(n, k.service, k.environment, string(k.reason))
				}
			},
		},
		{
			Name: "shipwake_regressions_total", Type: Counter, Labels: byPlace,
			Help: "Regressions seen on a service, whether or not the service itself changed.",
			read: func(v *view, w *writer) { perPlace(v.regressions, w) },
		},
		{
			Name: "shipwake_ongoing_regressions", Type: Gauge, Labels: byPlace,
			Help: "Regressions seen on a service that have not recovered.",
			read: func(v *view, w *writer) { perPlace(v.ongoing, w) },
		},
	}
}

func perPlace(counts map[place]int64, w *writer) {
	for p, n := range counts {
		w.count(n, p.service, p.environment)
	}
}
