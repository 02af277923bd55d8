package prometheus

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate/dora"
)

func outcomes() []Metric {
	return slices.Concat(changesAndVerdicts(), timings(), incidentsAndRegressions())
}

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
			Name: "shipwake_verdict_reasons_total", Type: Counter, Labels: []string{"service", "environment", "verdict", "reason"},
			Help: "Changes whose observation window closed, by the verdict that stood then and its reason.",
			place: func(s *site, l *lines) {
				for _, c := range s.reasons {
					l.sample(&s.labels, label{"reason", clean(c.by[1])}, label{"verdict", clean(c.by[0])}, float64(c.n))
				}
			},
		},
		{
			Name: "shipwake_service_info", Type: Gauge, Labels: []string{"service", "environment", "team"},
			Help: "1 for each service, with the team that its newest change names, " + dora.NoGroup + " when none did. Joined on service and environment it gives any other metric its team.",
			place: func(s *site, l *lines) {
				l.sample(&s.labels, label{}, label{"team", cmp.Or(s.team, dora.NoGroup)}, 1)
			},
		},
	}
}

// timings are histograms. Exemplars, which OpenMetrics and protobuf have, name the change.
func timings() []Metric {
	durations := func(name, help string, of func(*site) *histogram) Metric {
		return Metric{
			Name: name, Type: Histogram, Unit: "seconds", Labels: byPlace, Help: help + " Exemplars name the change.",
			place: func(s *site, l *lines) { l.histogram(&s.labels, of(s)) },
		}
	}
	return []Metric{
		durations("shipwake_failed_deployment_recovery_seconds",
			"Completion of a failed deployment to its first proven recovery, counted when the recovery became known.",
			func(s *site) *histogram { return s.recoveries }),
		durations("shipwake_regression_detection_seconds",
			"Onset of what a change broke to the first verdict that says so.",
			func(s *site) *histogram { return s.detections }),
		durations("shipwake_change_lead_time_seconds",
			"Commit authored to its first arrival at the service and environment, as far as the latest 100,000 commits tell.",
			func(s *site) *histogram { return s.leadTimes }),
		durations("shipwake_change_duration_seconds",
			"Start to finish of changes that succeeded, where both were told.",
			func(s *site) *histogram { return s.durations }),
	}
}

func incidentsAndRegressions() []Metric {
	states, reasons := named("state", incidentStates), named("reason", corrections)
	return []Metric{
		{
			Name: "shipwake_incidents_total", Type: Counter, Labels: []string{"service", "environment", "state"},
			Help:  "Incidents that were opened and resolved, by the state they reached; one of several services at the first.",
			place: func(s *site, l *lines) { l.counts(&s.labels, label{}, states, s.incidents[:]) },
		},
		{
			Name: "shipwake_unattributed_incidents_total", Type: Counter, Labels: []string{"service", "environment", "reason"},
			Help: "Incidents that no change was held responsible for, once for each reason why: somebody said so (said_none), it names no service (no_service) or a guess (guessed_service), only its end is known (opening_unknown), what rolled out reached nobody (not_deployed) or was judged healthy (judged_healthy), or nothing rolled out before it (no_change).",
			place: func(s *site, l *lines) {
				for _, c := range s.unlinked {
					l.sample(&s.labels, label{"reason", clean(c.by[0])}, label{}, float64(c.n))
				}
			},
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
			Help:  "Regressions seen on a service that have not recovered; for 7 days at most.",
			place: func(s *site, l *lines) { l.sample(&s.labels, label{}, label{}, float64(s.ongoing)) },
		},
		{
			Name: "shipwake_regression_suspect_ratio", Type: Gauge, Unit: "ratio", Labels: []string{"service", "environment", "signal", "change_id"},
			Help: "Probability that a change caused an ongoing regression, for its five most probable suspects and the 1,000 newest regressions.",
			read: func(v *view, l *lines) {
				for _, r := range v.regressions {
					for _, s := range r.suspects {
						l.put(s.Probability, r.service, r.environment, r.signal, clean(s.ChangeID))
					}
				}
			},
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
