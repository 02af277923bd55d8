package prometheus

import "slices"

func outcomes() []Metric { return slices.Concat(changesAndVerdicts(), incidentsAndRegressions()) }

func changesAndVerdicts() []Metric {
	ofKind, ofStatus, ofVerdict := named("kind", kinds), named("status", statuses), named("verdict", answers)
	return []Metric{
		{
			Name: "shipwake_changes_total", Type: Counter, Labels: []string{"service", "environment", "kind", "status"},
			Help: "Changes that were told, once for each status they reached. A report that is merged into another later stays counted.",
			place: func(s *site, l *lines) {
				for k := range s.changes {
					l.counts(&s.labels, ofKind[k], ofStatus, s.changes[k][:])
				}
			},
		},
		{
			Name: "shipwake_verdicts_total", Type: Counter, Labels: byVerdict,
			Help:  "Revisions of verdicts issued; a change gets at least one, and one more whenever its verdict is revised.",
			place: func(s *site, l *lines) { l.counts(&s.labels, label{}, ofVerdict, s.verdicts[:]) },
		},
		{
			Name: "shipwake_judged_changes_total", Type: Counter, Labels: []string{"service", "environment", "kind", "verdict"},
			Help: "Changes whose observation window closed, by the verdict that stood then.",
			place: func(s *site, l *lines) {
				for k := range s.judged {
					l.counts(&s.labels, ofKind[k], ofVerdict, s.judged[k][:])
				}
			},
		},
		{
			Name: "shipwake_failed_deployment_recovery_seconds", Type: Histogram, Unit: "seconds", Labels: byPlace,
			Help: "Completion of a failed deployment to its first proven recovery, counted when the recovery became known. Exemplars name the change.",
			place: func(s *site, l *lines) {
				if s.recoveries != nil {
					l.histogram(&s.labels, s.recoveries)
				}
			},
		},
	}
}

func incidentsAndRegressions() []Metric {
	states, reasons := named("state", incidentStates), named("reason", corrections)
	return []Metric{
		{
			Name: "shipwake_incidents_total", Type: Counter, Labels: []string{"service", "environment", "state"},
			Help:  "Incidents that were opened and resolved, by the state they reached.",
			place: func(s *site, l *lines) { l.counts(&s.labels, label{}, states, s.incidents[:]) },
		},
		{
			Name: "shipwake_corrections_total", Type: Counter, Labels: []string{"service", "environment", "reason"},
			Help: "What may move numbers that were published before, by reason: a change told after its time (late_fact), merged into another, with a final verdict that was revised (verdict), an incident held against another change (relinked) or no longer against any (unlinked).",
			place: func(s *site, l *lines) {
				for i, n := range s.corrections {
					l.sample(&s.labels, reasons[i], label{}, float64(n))
				}
			},
		},
		{
			Name: "shipwake_regressions_total", Type: Counter, Labels: byPlace,
			Help:  "Regressions seen on a service, whether or not the service itself changed.",
			place: func(s *site, l *lines) { l.sample(&s.labels, label{}, label{}, float64(s.regressions)) },
		},
		{
			Name: "shipwake_ongoing_regressions", Type: Gauge, Labels: byPlace,
			Help:  "Regressions seen on a service that have not recovered.",
			place: func(s *site, l *lines) { l.sample(&s.labels, label{}, label{}, float64(s.ongoing)) },
		},
	}
}

// named are the labels of a name with each of the values.
func named[T ~string](name string, values []T) []label {
	all := make([]label, len(values))
	for i, v := range values {
		all[i] = label{name, string(v)}
	}
	return all
}

// counts writes those counts that are known.
func (l *lines) counts(of *labels, before label, after []label, counts []count) {
	for i, n := range counts {
		if n.known {
			l.sample(of, before, after[i], float64(n.n))
		}
	}
}
