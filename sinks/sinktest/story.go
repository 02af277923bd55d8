package sinktest

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Noon is the instant at which the story is told.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Story is a morning at a shop, as effects in the order they were committed: a healthy deployment of cart, a bad one
// of checkout that was rolled back, a rollout of payments that is still observed and looks bad, and an incident.
func Story() []correlate.Effect {
	healthy := deployment("cart-7", "cart", "v7", -150)
	healthy.Phase, healthy.Verdict = correlate.PhaseClosed, verdict(healthy, correlate.Healthy, correlate.ReasonWithinMargin, 1)
	healthy.Verdict.Final = true

	bad := deployment("checkout-4711", "checkout", "v2", -120)
	bad.Commits = []correlate.Commit{{SHA: "9fceb02", AuthoredAt: Noon.Add(-6 * time.Hour)}}
	observed := bad
	bad.Phase, bad.Verdict = correlate.PhaseClosed, verdict(bad, correlate.Regressed, correlate.ReasonErrorRatio, 2)
	onset, recovered := Noon.Add(-115*time.Minute), Noon.Add(-91*time.Minute)
	bad.Verdict.Final, bad.Verdict.Blame = true, 0.93
	bad.Verdict.OnsetAt, bad.Verdict.RecoveredAt = &onset, &recovered
	bad.RolledBackBy, bad.RecoveredAt, bad.Incidents = "checkout-4712", recovered, []string{"PD-88"}

	back := deployment("checkout-4712", "checkout", "v1", -91)
	back.Kind, back.Rollback, back.Phase = correlate.KindRollback, true, correlate.PhaseClosed
	back.Verdict = verdict(back, correlate.Inconclusive, correlate.ReasonUnderpowered, 1)
	back.Verdict.Final = true

	running := deployment("payments-31", "payments", "v31", -10)
	first := verdict(running, correlate.Regressed, correlate.ReasonLatency, 1)
	first.Blame = 0.88
	running.Verdict = first

	incident := correlate.IncidentRecord{
		Incident: correlate.Incident{
			ID: "PD-88", Service: "checkout", Severity: "critical", Title: "Checkout fails",
			OpenedAt: Noon.Add(-110 * time.Minute), ResolvedAt: Noon.Add(-80 * time.Minute),
		}.WithDefaults(),
		AttributedTo: bad.ID, Inferred: true,
	}
	regression := correlate.Regression{
		ID: "r-1", Service: "payments", Environment: correlate.DefaultEnvironment, Signal: "latency_p99",
		OnsetAt: Noon.Add(-8 * time.Minute), DecidedAt: Noon.Add(-6 * time.Minute),
		Suspects: []correlate.Suspect{{ChangeID: running.ID, Probability: 0.88, Terms: map[string]float64{"lag": 1.2}}},
	}
	return []correlate.Effect{
		{Change: &healthy}, {Verdict: healthy.Verdict},
		{Change: &observed}, {Incident: &incident}, {Verdict: bad.Verdict}, {Change: &bad},
		{Change: &back}, {Verdict: back.Verdict},
		{Change: &running}, {Verdict: first}, {Regression: &regression},
		{Idle: &correlate.Idle{From: Noon}}, {Rollup: &correlate.Rollup{Start: Noon.Unix()}}, {},
	}
}

// deployment finished some minutes from noon, after five minutes, and is observed for an hour.
func deployment(id, service, version string, minutes int) correlate.ChangeRecord {
	finished := Noon.Add(time.Duration(minutes) * time.Minute)
	return correlate.ChangeRecord{
		Change: correlate.Change{
			ID: id, Service: service, Version: version, Team: "shop", Source: "github",
			StartedAt: finished.Add(-5 * time.Minute), FinishedAt: finished,
		}.WithDefaults(),
		Phase: correlate.PhaseObserving, WindowStart: finished.Add(-5 * time.Minute), WindowEnd: finished.Add(time.Hour),
	}
}

func verdict(c correlate.ChangeRecord, o correlate.Outcome, why correlate.Reason, revision int) *correlate.Verdict {
	return &correlate.Verdict{
		ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Version: c.Version,
		Outcome: o, Reason: why, Revision: revision, DecidedAt: c.FinishedAt.Add(5 * time.Minute), Grade: correlate.GradeA,
		Evidence: []correlate.Evidence{
			{
				Signal: "error_ratio", Baseline: 0.004, Observed: 0.031, Ratio: 7.75, Interval: [2]float64{4.9, 11.8},
				EValue: 8100, N: 12000, Events: 372, Grade: correlate.GradeA,
			},
			{
				Signal: "latency_p90", Baseline: 0.12, Observed: 0.31, Ratio: 2.6, Interval: [2]float64{2.1, 3.2},
				EValue: 950, N: 12000, Events: 3100, Grade: correlate.GradeA,
			},
		},
	}
}

// request is one that a change be taken back.
func request(c correlate.ChangeRecord) correlate.Rollback {
	return correlate.Rollback{
		ID: correlate.RollbackID(c.ID, 1), ChangeID: c.ID, Revision: 1, Service: c.Service, Environment: c.Environment, Version: c.Version, To: "v1",
		Mode: correlate.RollbackOn, Result: correlate.RollbackRequested, DecidedAt: Noon, Grade: correlate.GradeA, Blame: 0.9,
	}
}
