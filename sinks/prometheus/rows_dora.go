package prometheus

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/dora"
)

// windows are the DORA numbers, exact over the last 7, 30 and 90 days of event time. Every ratio comes with its
// numerator and denominator, so that a roll-up is a sum over a sum; medians, which can't be rolled up, are there for
// each environment too.
func windows() []Metric {
	return slices.Concat(failures(), recoveriesAndLeadTimes(), ofEnvironments(), computation())
}

func failures() []Metric {
	return []Metric{
		perService("shipwake_dora_deployments", "",
			"Successful rollouts, rollbacks included. Divided by the window it is the deployment frequency; denominator of the rework rate.",
			func(n dora.Numbers) *float64 { return number(n.Deployments) }),
		perService("shipwake_dora_failed_rollouts", "",
			"Rollouts that failed before they reached users; not part of the change fail rate.",
			func(n dora.Numbers) *float64 { return number(n.DeployFailed) }),
		perService("shipwake_dora_change_failures", "",
			"Deployments that regressed, caused an incident, or were rolled back or hot-fixed: numerator of the change fail rate.",
			func(n dora.Numbers) *float64 { return numerator(n.ChangeFailRate) }),
		perService("shipwake_dora_completed_changes", "",
			"Deployments whose observation window has closed, rollbacks left out: denominator of the change fail rate.",
			func(n dora.Numbers) *float64 { return denominator(n.ChangeFailRate) }),
		perService("shipwake_dora_change_fail_ratio", "ratio",
			"Change fail rate: shipwake_dora_change_failures over shipwake_dora_completed_changes.",
			func(n dora.Numbers) *float64 { return value(n.ChangeFailRate) }),
		perService("shipwake_dora_change_fail_lower_ratio", "ratio",
			"Lower end of the 95 % Wilson interval of the change fail rate.",
			func(n dora.Numbers) *float64 { return bound(n.ChangeFailRate, 0) }),
		perService("shipwake_dora_change_fail_upper_ratio", "ratio",
			"Upper end of the 95 % Wilson interval of the change fail rate.",
			func(n dora.Numbers) *float64 { return bound(n.ChangeFailRate, 1) }),
		perService("shipwake_dora_pending_changes", "",
			"Deployments whose observation window is open: not yet in the change fail rate.",
			func(n dora.Numbers) *float64 { return number(n.Pending) }),
		perService("shipwake_dora_inconclusive_changes", "",
			"Deployments whose observation window closed without an answer; in the denominator of the change fail rate.",
			func(n dora.Numbers) *float64 { return number(n.Inconclusive) }),
		perService("shipwake_dora_unjudged_changes", "",
			"Deployments told as history, after their window, that no incident or rollback speaks against; in the denominator of the change fail rate.",
			func(n dora.Numbers) *float64 { return number(n.Unjudged) }),
	}
}

func recoveriesAndLeadTimes() []Metric {
	return []Metric{
		perService("shipwake_dora_recovered_failures", "",
			"Failed deployments with a proven recovery: the number of recovery times.",
			func(n dora.Numbers) *float64 { return samples(n.Recovery) }),
		perService("shipwake_dora_recovery_median_seconds", "seconds",
			"Median failed deployment recovery time: completion to first proven recovery.",
			func(n dora.Numbers) *float64 { return median(n.Recovery) }),
		perService("shipwake_dora_recovery_mean_seconds", "seconds",
			"Mean failed deployment recovery time; weighted by shipwake_dora_recovered_failures it rolls up.",
			func(n dora.Numbers) *float64 { return mean(n.Recovery) }),
		perService("shipwake_dora_open_failures", "",
			"Failed deployments without a proven recovery, which are outside the recovery time.",
			func(n dora.Numbers) *float64 { return number(n.OpenFailures) }),
		perService("shipwake_dora_oldest_open_failure_seconds", "seconds",
			"Age of the oldest failed deployment without a proven recovery.",
			func(n dora.Numbers) *float64 { return n.OldestOpenFailure }),
		perService("shipwake_dora_lead_times", "",
			"Commits that arrived: the number of lead times.",
			func(n dora.Numbers) *float64 { return samples(n.LeadTime) }),
		perService("shipwake_dora_lead_time_median_seconds", "seconds",
			"Median change lead time: commit authored to its first arrival.",
			func(n dora.Numbers) *float64 { return median(n.LeadTime) }),
		perService("shipwake_dora_rework_deployments", "",
			"Rollbacks, hotfixes and deployments driven by an incident: numerator of the rework rate.",
			func(n dora.Numbers) *float64 { return numerator(n.ReworkRate) }),
	}
}

// ofEnvironments are those that can't be rolled up from services.
func ofEnvironments() []Metric {
	return []Metric{
		perEnvironment("shipwake_dora_environment_recovery_median_seconds", "seconds",
			"Median failed deployment recovery time over all services of an environment.",
			func(n dora.Numbers) *float64 { return median(n.Recovery) }),
		perEnvironment("shipwake_dora_environment_lead_time_median_seconds", "seconds",
			"Median change lead time over all services of an environment.",
			func(n dora.Numbers) *float64 { return median(n.LeadTime) }),
		perEnvironment("shipwake_dora_environment_change_fail_lower_ratio", "ratio",
			"Lower end of the 95 % Wilson interval of the change fail rate over all services of an environment.",
			func(n dora.Numbers) *float64 { return bound(n.ChangeFailRate, 0) }),
		perEnvironment("shipwake_dora_environment_change_fail_upper_ratio", "ratio",
			"Upper end of the 95 % Wilson interval of the change fail rate over all services of an environment.",
			func(n dora.Numbers) *float64 { return bound(n.ChangeFailRate, 1) }),
		perEnvironment("shipwake_dora_environment_detection_delay_median_seconds", "seconds",
			"Median from the completion of a failed deployment to the first sign that somebody noticed, over all services of an environment.",
			func(n dora.Numbers) *float64 { return median(n.DetectionDelay) }),
		perEnvironment("shipwake_dora_environment_detection_to_recovery_median_seconds", "seconds",
			"Median from that sign to the first proven recovery, over all services of an environment.",
			func(n dora.Numbers) *float64 { return median(n.DetectionRecovery) }),
		perEnvironment("shipwake_dora_environment_detected_failures", "",
			"Failed deployments that anybody noticed, those told as history left out: denominator of the defect escape rate.",
			func(n dora.Numbers) *float64 { return denominator(n.DefectEscapeRate) }),
		perEnvironment("shipwake_dora_environment_escaped_failures", "",
			"Failed deployments that people noticed before telemetry did, or alone: numerator of the defect escape rate.",
			func(n dora.Numbers) *float64 { return numerator(n.DefectEscapeRate) }),
		perEnvironment("shipwake_dora_environment_successful_changes", "",
			"Deployments whose window has closed and that didn't fail: numerator of the change success rate.",
			func(n dora.Numbers) *float64 { return numerator(n.SuccessRate) }),
		perEnvironment("shipwake_dora_environment_attempted_changes", "",
			"Deployments whose window has closed, and rollouts that failed before they reached users: denominator of the change success rate.",
			func(n dora.Numbers) *float64 { return denominator(n.SuccessRate) }),
		perEnvironment("shipwake_dora_environment_rollouts", "",
			"Rollouts that came to an end, those that failed before they reached users and redeployments with them: denominator of the failed rollout rate, whose numerator is shipwake_dora_failed_rollouts.",
			func(n dora.Numbers) *float64 { return denominator(n.FailedRolloutRate) }),
		perEnvironment("shipwake_dora_environment_rollbacks", "",
			"Rollbacks: numerator of the rollback rate, whose denominator is shipwake_dora_deployments.",
			func(n dora.Numbers) *float64 { return numerator(n.RollbackRate) }),
		perEnvironment("shipwake_dora_environment_queue_time_median_seconds", "seconds",
			"Median from approval to beginning, of deployments that tell their approval (label approved_at).",
			func(n dora.Numbers) *float64 { return median(n.QueueTime) }),
		perEnvironment("shipwake_dora_unattributed_incidents", "",
			"Incidents that no change is held responsible for, by when they opened.",
			func(n dora.Numbers) *float64 { return number(n.Unattributed) }),
	}
}

func computation() []Metric {
	return []Metric{
		{
			Name: "shipwake_dora_age_seconds", Type: Gauge, Unit: "seconds",
			Help: "Time since the shipwake_dora_* numbers were computed.",
			read: func(v *view, w *lines) {
				if !v.dora.asOf.IsZero() {
					w.put(max(0, v.status.Now.Sub(v.dora.asOf).Seconds()))
				}
			},
		},
		{
			Name: "shipwake_dora_compute_seconds", Type: Gauge, Unit: "seconds",
			Help: "Time that the latest computation of the shipwake_dora_* numbers took.",
			read: func(v *view, w *lines) {
				if !v.dora.asOf.IsZero() {
					w.put(v.dora.cost.Seconds())
				}
			},
		},
		{
			Name: "shipwake_dora_compute_failures_total", Type: Counter,
			Help: "Computations of the shipwake_dora_* numbers that failed; the numbers from before are shown.",
			read: func(v *view, w *lines) { w.count(v.dora.failures) },
		},
	}
}

func perService(name, unit, help string, of func(dora.Numbers) *float64) Metric {
	return Metric{Name: name, Help: help, Type: Gauge, Unit: unit, Labels: byWindow, group: of, level: ofService}
}

func perEnvironment(name, unit, help string, of func(dora.Numbers) *float64) Metric {
	return Metric{
		Name: name, Help: help, Type: Gauge, Unit: unit, Labels: []string{"window", "environment"}, group: of, level: ofEnvironment,
	}
}

// number is a count of a service that the window has something of, so that 0 means 0.
func number(n int) *float64 {
	f := float64(n)
	return &f
}

func numerator(r *dora.Ratio) *float64 {
	if r == nil {
		return nil
	}
	return number(r.Numerator)
}

func denominator(r *dora.Ratio) *float64 {
	if r == nil {
		return nil
	}
	return number(r.Denominator)
}

func value(r *dora.Ratio) *float64 {
	if r == nil {
		return nil
	}
	return &r.Value
}

func bound(r *dora.Ratio, i int) *float64 {
	if r == nil {
		return nil
	}
	return &r.Interval[i]
}

func samples(d *dora.Duration) *float64 {
	if d == nil {
		return nil
	}
	return number(d.N)
}

func median(d *dora.Duration) *float64 {
	if d == nil {
		return nil
	}
	return &d.Median
}

func mean(d *dora.Duration) *float64 {
	if d == nil {
		return nil
	}
	return &d.Mean
}
