package prometheus

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

var (
	byChange           = []string{"change_id", "service", "environment", "version"}
	byChangePercentile = []string{"change_id", "service", "environment", "version", "percentile"}
	byChangeSignal     = []string{"change_id", "service", "environment", "version", "signal"}
)

// observations are of the 1,000 newest changes while their window is open, and of those that regressed until they are proven
// to have recovered.
func observations() []Metric {
	return []Metric{
		{
			Name: "shipwake_change_info", Type: Gauge, Labels: []string{"change_id", "service", "environment", "version", "kind"},
			Help: "1 for each change under observation or unrecovered.",
			change: func(o *observation, l *lines) {
				l.sample(&o.labels, label{"kind", string(o.kind)}, label{}, 1)
			},
		},
		{
			Name: "shipwake_change_verdict", Type: Gauge,
			Labels: []string{"change_id", "service", "environment", "version", "verdict", "reason"},
			Help:   "1 for the current verdict of each change under observation; absent before the first verdict, and when people say of a regression that it was not this change.",
			change: func(o *observation, l *lines) {
				if o.verdict != nil && !(o.overruled && o.verdict.Outcome == correlate.Regressed) {
					l.verdict(&o.labels, o.verdict)
				}
			},
		},
		{
			Name: "shipwake_change_unrecovered", Type: Gauge, Labels: byChange,
			Help: "1 for each change that stands judged regressed and isn't proven to have recovered, also after its window closed; for 7 days at most. What proves it is telemetry back at its baseline while the window is open, a later change's telemetry, a rollback, or the resolution of its incidents.",
			change: func(o *observation, l *lines) {
				if o.unrecovered {
					l.sample(&o.labels, label{}, label{}, 1)
				}
			},
		},
		{
			Name: "shipwake_change_affected_services", Type: Gauge, Labels: byChange,
			Help: "Services that an unrecovered change is thought to have hurt: its own, and those with an ongoing regression that it most probably caused.",
			change: func(o *observation, l *lines) {
				if o.unrecovered {
					l.sample(&o.labels, label{}, label{}, float64(o.affected))
				}
			},
		},
		{
			Name: "shipwake_change_blame_ratio", Type: Gauge, Unit: "ratio", Labels: byChange,
			Help: "Probability that the change did it, among the candidates, for changes under observation that regressed.",
			change: func(o *observation, l *lines) {
				if o.verdict != nil && o.verdict.Outcome == correlate.Regressed {
					l.sample(&o.labels, label{}, label{}, o.verdict.Blame)
				}
			},
		},
		changeErrors("shipwake_change_baseline_error_ratio", "Error ratio that a change under observation is compared with.", baseline),
		changeErrors("shipwake_change_observed_error_ratio", "Error ratio since a change under observation began.", observed),
		changeLatency("shipwake_change_baseline_latency_seconds", "Latency that a change under observation is compared with, by percentile.", baseline),
		changeLatency("shipwake_change_observed_latency_seconds", "Latency since a change under observation began, by percentile.", observed),
		changeEffect("shipwake_change_effect_ratio", "Observed over baseline, as estimated, for each signal of a change under observation.",
			func(e *correlate.Evidence) float64 { return e.Ratio }),
		changeEffect("shipwake_change_effect_lower_ratio", "Lower end of the interval of shipwake_change_effect_ratio.",
			func(e *correlate.Evidence) float64 { return e.Interval[0] }),
		changeEffect("shipwake_change_effect_upper_ratio", "Upper end of the interval of shipwake_change_effect_ratio.",
			func(e *correlate.Evidence) float64 { return e.Interval[1] }),
		{
			Name: "shipwake_changes_under_observation", Type: Gauge,
			Help: "Changes whose observation window is open.",
			read: func(v *view, l *lines) { l.count(int64(v.observed)) },
		},
		{
			Name: "shipwake_changes_without_series", Type: Gauge,
			Help: "Changes under observation beyond the 1,000 newest, which have no shipwake_change_* series.",
			read: func(v *view, l *lines) { l.count(int64(max(0, v.observed-maxShown))) },
		},
	}
}

// latest are the same numbers for the newest judged change of each service, without its id, until a day after its
// window closed.
func latest() []Metric {
	return []Metric{
		{
			Name: "shipwake_service_verdict", Type: Gauge, Labels: []string{"service", "environment", "verdict", "reason"},
			Help: "1 for the verdict of the newest judged change of a service, until a day after its window closed.",
			place: func(s *site, l *lines) {
				if s.newest != nil {
					l.verdict(&s.labels, s.newest.verdict)
				}
			},
		},
		serviceErrors("shipwake_service_baseline_error_ratio", "Error ratio before the newest judged change of a service.", baseline),
		serviceErrors("shipwake_service_observed_error_ratio", "Error ratio after the newest judged change of a service.", observed),
		serviceLatency("shipwake_service_baseline_latency_seconds", "Latency before the newest judged change of a service, by percentile.", baseline),
		serviceLatency("shipwake_service_observed_latency_seconds", "Latency after the newest judged change of a service, by percentile.", observed),
	}
}

func baseline(e *correlate.Evidence) float64 { return e.Baseline }
func observed(e *correlate.Evidence) float64 { return e.Observed }

func changeErrors(name, help string, side func(*correlate.Evidence) float64) Metric {
	return Metric{Name: name, Help: help, Type: Gauge, Unit: "ratio", Labels: byChange, change: func(o *observation, l *lines) {
		l.errors(&o.labels, o, side)
	}}
}

func changeLatency(name, help string, side func(*correlate.Evidence) float64) Metric {
	return Metric{Name: name, Help: help, Type: Gauge, Unit: "seconds", Labels: byChangePercentile, change: func(o *observation, l *lines) {
		l.latencies(&o.labels, o, side)
	}}
}

func changeEffect(name, help string, value func(*correlate.Evidence) float64) Metric {
	return Metric{Name: name, Help: help, Type: Gauge, Unit: "ratio", Labels: byChangeSignal, change: func(o *observation, l *lines) {
		for e := range o.own {
			l.sample(&o.labels, label{}, label{"signal", clean(e.Signal)}, value(e))
		}
	}}
}

func serviceErrors(name, help string, side func(*correlate.Evidence) float64) Metric {
	return Metric{Name: name, Help: help, Type: Gauge, Unit: "ratio", Labels: byPlace, place: func(s *site, l *lines) {
		if s.newest != nil {
			l.errors(&s.labels, s.newest, side)
		}
	}}
}

func serviceLatency(name, help string, side func(*correlate.Evidence) float64) Metric {
	labels := []string{"service", "environment", "percentile"}
	return Metric{Name: name, Help: help, Type: Gauge, Unit: "seconds", Labels: labels, place: func(s *site, l *lines) {
		if s.newest != nil {
			l.latencies(&s.labels, s.newest, side)
		}
	}}
}

func (l *lines) verdict(of *labels, v *correlate.Verdict) {
	l.sample(of, label{"reason", string(v.Reason)}, label{"verdict", string(v.Outcome)}, 1)
}

func (l *lines) errors(of *labels, o *observation, side func(*correlate.Evidence) float64) {
	for e := range o.own {
		if e.Signal == errorRatio {
			l.sample(of, label{}, label{}, side(e))
			return
		}
	}
}

func (l *lines) latencies(of *labels, o *observation, side func(*correlate.Evidence) float64) {
	for e := range o.own {
		if percentile, ok := strings.CutPrefix(e.Signal, latencyPrefix); ok {
			l.sample(of, label{"percentile", clean(percentile)}, label{}, side(e))
		}
	}
}
