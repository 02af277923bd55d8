package dora_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

var (
	asOf  = time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)
	month = dora.Query{From: asOf.AddDate(0, 0, -30), To: asOf}
	ten   = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
)

// at is ten o'clock plus some minutes.
func at(minutes int) time.Time { return ten.Add(time.Duration(minutes) * time.Minute) }

type edit func(*correlate.ChangeRecord)

// change is a deployment of checkout that took five minutes, whose window closed with a healthy verdict.
func change(id string, finished time.Time, edits ...edit) correlate.ChangeRecord {
	c := correlate.ChangeRecord{
		Change: correlate.Change{
			ID: id, Service: "checkout", StartedAt: finished.Add(-5 * time.Minute), FinishedAt: finished,
		}.WithDefaults(),
		Phase: correlate.PhaseClosed,
	}
	judged(correlate.Healthy)(&c)
	for _, e := range edits {
		e(&c)
	}
	return c
}

func judged(o correlate.Outcome) edit {
	return func(c *correlate.ChangeRecord) {
		c.Verdict = &correlate.Verdict{ChangeID: c.ID, Outcome: o, Revision: 1}
	}
}

func unjudged(c *correlate.ChangeRecord) { c.Phase, c.Verdict = correlate.PhaseHistory, nil }
func observing(c *correlate.ChangeRecord) {
	c.Phase = correlate.PhaseObserving
	c.Verdict = nil
}

func redeploy(c *correlate.ChangeRecord) { c.Redeploy = true }

func withoutVerdict(c *correlate.ChangeRecord) { c.Verdict = nil }

func overruled(c *correlate.ChangeRecord) {
	c.Notes = append(c.Notes, correlate.Note{Kind: correlate.NoteOverrule, Change: c.ID, By: "ada", At: c.FinishedAt})
}

// edited is a copy of a change.
func edited(c correlate.ChangeRecord, edits ...edit) correlate.ChangeRecord {
	for _, e := range edits {
		e(&c)
	}
	return c
}

func rollbackOf(bad *correlate.ChangeRecord, id string, finished time.Time) correlate.ChangeRecord {
	bad.RolledBackBy = id
	return change(id, finished, func(c *correlate.ChangeRecord) { c.Kind, c.Rollback = correlate.KindRollback, true })
}

func incident(id string, opened, resolved time.Time, cause string) correlate.IncidentRecord {
	return correlate.IncidentRecord{
		Incident:     correlate.Incident{ID: id, Service: "checkout", OpenedAt: opened, ResolvedAt: resolved}.WithDefaults(),
		AttributedTo: cause,
	}
}

func compute(changes []correlate.ChangeRecord, incidents ...correlate.IncidentRecord) dora.Numbers {
	return dora.Compute(month, dora.Data{Changes: changes, Incidents: incidents}, asOf).Total
}

type records = []correlate.ChangeRecord

// TestAnIncidentOfSeveralServicesCountsOnce: in the total and in what isn't split by service, and in each of its services; its
// failure is that of the deployment alone.
func TestAnIncidentOfSeveralServicesCountsOnce(t *testing.T) {
	of := func(service, team string) edit {
		return func(c *correlate.ChangeRecord) { c.Service, c.Team = service, team }
	}
	in := incident("i", at(1), at(31), "a")
	in.Incident = in.Of("checkout", "payments", "search")
	d := dora.Data{
		Changes:   records{change("a", at(0), of("checkout", "shop")), change("b", at(0), of("payments", "money")), change("c", at(0), of("mail", "post"))},
		Incidents: []correlate.IncidentRecord{in},
	}
	for by, want := range map[dora.GroupBy]map[string][2]int{ // failures and incidents of each group
		dora.ByNothing:            {},
		dora.ByService:            {"checkout": {1, 1}, "payments": {0, 1}, "search": {0, 1}, "mail": {0, 0}},
		dora.ByTeam:               {"shop": {1, 1}, "money": {0, 0}, "post": {0, 0}},
		dora.ByEnvironment:        {"production": {1, 1}},
		dora.ByServiceEnvironment: {"production": {1, 1}, "production/checkout": {1, 1}, "production/payments": {0, 1}, "production/search": {0, 1}, "production/mail": {0, 0}},
	} {
		t.Run(string(by), func(t *testing.T) {
			q := month
			q.By = by
			r := dora.Compute(q, d, asOf)
			require.Equal(t, 1, r.Total.IncidentRecovery.N)
			require.Equal(t, 1, r.Total.ChangeFailRate.Numerator)
			got := map[string][2]int{}
			for _, n := range r.Groups {
				counted := [2]int{}
				if n.ChangeFailRate != nil {
					counted[0] = n.ChangeFailRate.Numerator
				}
				if n.IncidentRecovery != nil {
					counted[1] = n.IncidentRecovery.N
				}
				got[n.Group] = counted
			}
			if by != dora.ByNothing {
				require.Equal(t, want, got)
			}
		})
	}
	q := month
	q.Service = "payments"
	require.Equal(t, 1, dora.Compute(q, d, asOf).Total.IncidentRecovery.N)
}

func TestChangeFailRate(t *testing.T) {
	open := time.Time{}
	bad := change("bad", at(0))
	back := rollbackOf(&bad, "back", at(30))
	later := change("later", at(60))
	repaired := change("repaired", at(0))
	hotfix := change("hotfix", at(30), func(c *correlate.ChangeRecord) { c.Labels = map[string]string{"class": "hotfix"} })

	for name, c := range map[string]struct {
		changes                        records
		incidents                      []correlate.IncidentRecord
		failures, judged               int
		pending, inconclusive, unknown int
	}{
		"a regressed verdict is a failure": {
			changes: records{change("a", at(0), judged(correlate.Regressed)), change("b", at(9))}, failures: 1, judged: 2,
		},
		"one of one is one of one": {
			changes: records{change("a", at(0), judged(correlate.Regressed))}, failures: 1, judged: 1,
		},
		"a change that is regressed and has two incidents and was rolled back fails once": {
			changes: records{
				change("a", at(0), judged(correlate.Regressed), func(c *correlate.ChangeRecord) {
					c.RolledBackBy, c.Incidents = "back", []string{"i", "j"}
				}),
			},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a"), incident("j", at(2), open, "a")},
			failures:  1, judged: 1,
		},
		"an incident that was edited counts once": {
			changes:   records{change("a", at(0)), change("b", at(60))},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a"), incident("i", at(1), at(9), "a")},
			failures:  1, judged: 2,
		},
		"an incident that nobody caused is no failure": {
			changes: records{change("a", at(0))}, incidents: []correlate.IncidentRecord{incident("i", at(1), open, "")}, judged: 1,
		},
		"an incident that is held against somebody": {
			changes:   records{change("a", at(0)), change("b", at(60))},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a")}, failures: 1, judged: 2,
		},
		"and that is unlinked again lowers the rate": {
			changes:   records{change("a", at(0)), change("b", at(60))},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "")}, failures: 0, judged: 2,
		},
		"a redeploy of the live version is in neither part": {
			changes: records{change("a", at(0), judged(correlate.Regressed)), change("b", at(60), redeploy)}, failures: 1, judged: 1,
		},
		"a redeploy that an incident is held against has failed": {
			changes:   records{change("a", at(0)), change("b", at(60), redeploy)},
			incidents: []correlate.IncidentRecord{incident("i", at(61), open, "b")}, failures: 1, judged: 2,
		},
		"an incident counts against the change that its cause was merged into": {
			changes: records{change("a", at(0)), change("twin", at(0), func(c *correlate.ChangeRecord) {
				c.Phase, c.MergedInto = correlate.PhaseMerged, "a"
			})},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "twin")}, failures: 1, judged: 1,
		},
		"a change and an incident that nobody reports any more don't count": {
			changes: records{change("a", at(0)), change("gone", at(1), judged(correlate.Regressed), func(c *correlate.ChangeRecord) {
				c.Phase = correlate.PhaseRetracted
			})},
			incidents: []correlate.IncidentRecord{{
				Incident: correlate.Incident{ID: "i", Service: "checkout", Environment: "production", OpenedAt: at(1)}, AttributedTo: "a", Retracted: true,
			}}, failures: 0, judged: 1,
		},
		"a rollback is in neither part, what it took back has failed": {
			changes: records{bad, back, later}, failures: 1, judged: 2,
		},
		"a rollback that is itself regressed is in neither part": {
			changes: records{bad, func() correlate.ChangeRecord {
				b := back
				judged(correlate.Regressed)(&b)
				return b
			}()}, failures: 1, judged: 1,
		},
		"what was hot-fixed has failed": {
			changes: records{repaired, hotfix}, failures: 1, judged: 2,
		},
		"a hotfix after more than a day repairs nothing that we know": {
			changes: records{change("a", at(0)), func() correlate.ChangeRecord {
				late := hotfix
				late.StartedAt, late.FinishedAt = at(25*60), at(25*60)
				return late
			}()}, judged: 2,
		},
		"an open window is pending, whatever the verdict says so far": {
			changes: records{change("a", at(0), observing), change("b", at(1), observing, judged(correlate.Regressed))}, pending: 2,
		},
		"an inconclusive change is in the denominator and published beside": {
			changes: records{change("a", at(0), judged(correlate.Inconclusive))}, judged: 1, inconclusive: 1,
		},
		"an inconclusive change with an incident has failed": {
			changes:   records{change("a", at(0), judged(correlate.Inconclusive))},
			incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a")}, failures: 1, judged: 1,
		},
		"history counts, with its incidents as evidence": {
			changes:   records{change("a", at(0), unjudged), change("b", at(60), unjudged)},
			incidents: []correlate.IncidentRecord{incident("i", at(1), at(20), "a")}, failures: 1, judged: 2, unknown: 1,
		},
		"a flag flip, a cancelled, a failed, a running and a merged rollout are not deployments": {
			changes: records{
				change("flag", at(0), judged(correlate.Regressed), func(c *correlate.ChangeRecord) { c.Kind = correlate.KindFeatureFlag }),
				change("cancelled", at(1), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusCancelled }),
				change("failed", at(2), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed }),
				change("running", at(3), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusStarted }),
				change("merged", at(4), func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseMerged }),
			},
		},
		"other environments are not production": {
			changes: records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Environment = "staging" })},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes, c.incidents...)
			require.Equal(t, c.pending, n.Pending, "pending")
			require.Equal(t, c.inconclusive, n.Inconclusive, "inconclusive")
			require.Equal(t, c.unknown, n.Unjudged, "unjudged")
			if c.judged == 0 {
				require.Nil(t, n.ChangeFailRate, "no data is nil")
				return
			}
			require.NotNil(t, n.ChangeFailRate)
			require.Equal(t, c.failures, n.ChangeFailRate.Numerator, "failures")
			require.Equal(t, c.judged, n.ChangeFailRate.Denominator, "judged")
		})
	}
}

func TestDeployments(t *testing.T) {
	for name, c := range map[string]struct {
		changes                               records
		deployments, redeployments, pipelines int
		perDay                                float64
		from, to                              time.Time
		service, environment, team            string
	}{
		"a redeployed SHA that had been superseded counts: it is the rollback": {
			changes: records{
				change("a", at(0), func(c *correlate.ChangeRecord) { c.Commit = "9fceb02" }),
				change("b", at(30)),
				change("c", at(60), func(c *correlate.ChangeRecord) { c.Commit, c.Rollback = "9fceb02", true }),
			}, deployments: 3, perDay: 3.0 / 30,
		},
		"a redeploy of the live version is kept out and counted apart": {
			changes: records{change("a", at(0)), change("b", at(60), redeploy)}, deployments: 1, redeployments: 1, perDay: 1.0 / 30,
		},
		"redeploys alone are no deployments": {
			changes: records{change("a", at(0), redeploy), change("b", at(60), redeploy, observing)}, redeployments: 2,
		},
		"a redeploy that hurt brought something, and counts": {
			changes: records{change("a", at(0)), change("b", at(60), redeploy, judged(correlate.Regressed))}, deployments: 2, perDay: 2.0 / 30,
		},
		"a rollout that was cancelled isn't deployed, and hasn't failed": {
			changes: records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusCancelled })},
		},
		"a rollout that was started and not finished counts for nothing": {
			changes: records{change("a", at(0), func(c *correlate.ChangeRecord) {
				c.Status, c.FinishedAt = correlate.StatusStarted, time.Time{}
			})},
		},
		"a rollout that was started counts when it has finished, by its finish": {
			changes: records{change("a", at(1500), func(c *correlate.ChangeRecord) { c.StartedAt = at(-5) })},
			from:    at(1440), to: at(2880), deployments: 1, perDay: 1,
		},
		"a report that was merged into another counts once, with it": {
			changes: records{change("a", at(0)), change("twin", at(0), func(c *correlate.ChangeRecord) {
				c.Phase, c.MergedInto = correlate.PhaseMerged, "a"
			})}, deployments: 1, perDay: 1.0 / 30,
		},
		"two services in the same second both count": {
			changes:     records{change("a", at(0)), change("b", at(0), func(c *correlate.ChangeRecord) { c.Service = "cart" })},
			deployments: 2, perDay: 2.0 / 30,
		},
		"a record given twice counts once": {
			changes: records{change("a", at(0)), change("a", at(0))}, deployments: 1, perDay: 1.0 / 30,
		},
		"a rollback is a deployment": {
			changes:     records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Kind = correlate.KindRollback })},
			deployments: 1, perDay: 1.0 / 30,
		},
		"a pipeline that failed before it reached users is apart": {
			changes:   records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })},
			pipelines: 1,
		},
		"a rollout that failed after it had reached users is a deployment": {
			changes:     records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Status, c.Served = correlate.StatusFailed, true })},
			deployments: 1, perDay: 1.0 / 30,
		},
		"a canary that was found to hurt, and failed, is a deployment": {
			changes:     records{change("a", at(0), judged(correlate.Regressed), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })},
			deployments: 1, perDay: 1.0 / 30,
		},
		"the window holds its beginning and not its end": {
			changes: records{change("a", at(0)), change("b", at(1440)), change("c", at(2880))},
			from:    at(0), to: at(2880), deployments: 2, perDay: 1,
		},
		"a completion that nobody told is taken from the start": {
			changes: records{change("a", at(0), func(c *correlate.ChangeRecord) { c.FinishedAt = time.Time{} })},
			from:    at(-5), to: at(1435), deployments: 1, perDay: 1,
		},
		"only the team asked for": {
			changes: records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Team = "payments" }), change("b", at(1))},
			team:    "payments", deployments: 1, perDay: 1.0 / 30,
		},
		"only the service asked for": {
			changes: records{change("a", at(0)), change("b", at(0), func(c *correlate.ChangeRecord) { c.Service = "cart" })},
			service: "cart", deployments: 1, perDay: 1.0 / 30,
		},
		"only the environment asked for": {
			changes:     records{change("a", at(0)), change("b", at(0), func(c *correlate.ChangeRecord) { c.Environment = "staging" })},
			environment: "staging", deployments: 1, perDay: 1.0 / 30,
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := month
			if !c.from.IsZero() {
				q.From, q.To = c.from, c.to
			}
			q.Service, q.Environment, q.Team = c.service, c.environment, c.team
			n := dora.Compute(q, dora.Data{Changes: c.changes}, asOf).Total
			require.Equal(t, c.deployments, n.Deployments)
			require.Equal(t, c.redeployments, n.Redeployments)
			require.Equal(t, c.pipelines, n.DeployFailed)
			if c.deployments == 0 {
				require.Nil(t, n.DeploymentsPerDay, "no data is nil")
				return
			}
			require.InEpsilon(t, c.perDay, *n.DeploymentsPerDay, 1e-5)
		})
	}
}

// TestARepairThatWasRepairedMendedNothing: v1 hurts, a first hotfix doesn't help, and a second one does.
func TestARepairThatWasRepairedMendedNothing(t *testing.T) {
	hotfix := func(c *correlate.ChangeRecord) { c.Labels = map[string]string{"class": "hotfix"} }
	bad := func(c *correlate.ChangeRecord) { c.Incidents = []string{"i"} }
	for name, c := range map[string]struct {
		changes    records
		resolved   time.Time
		failed     int
		recoveries []float64 // in minutes: the median and the mean
	}{
		"the second one is what mended it": {
			records{change("a", at(0), bad), change("b", at(25), hotfix), change("c", at(233), hotfix)}, at(235), 2, []float64{220.5, 220.5}},
		"the first one by itself, and the incident is over soon": {
			records{change("a", at(0), bad), change("b", at(25), hotfix)}, at(30), 1, []float64{25, 25}},
		"the second one, and the incident goes on": {
			records{change("a", at(0), bad), change("b", at(25), hotfix), change("c", at(233), hotfix)}, at(400), 2, []float64{304, 304}},
		"the first one was taken back": {
			records{change("a", at(0), bad), change("b", at(25), hotfix, func(c *correlate.ChangeRecord) { c.RolledBackBy = "c" }),
				change("c", at(60), func(c *correlate.ChangeRecord) { c.Kind, c.Rollback = correlate.KindRollback, true })}, at(62), 2, []float64{47.5, 47.5}},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes, incident("i", at(5), c.resolved, "a"))
			require.Equal(t, c.failed, n.ChangeFailRate.Numerator)
			require.Equal(t, c.failed, n.Recovery.N)
			require.InDeltaSlice(t, []float64{c.recoveries[0] * 60, c.recoveries[1] * 60}, []float64{n.Recovery.Median, n.Recovery.Mean}, 1e-9)
		})
	}
}

func TestWhatIsRolledOutElsewhereIsSaid(t *testing.T) {
	in := func(environment string) edit {
		return func(c *correlate.ChangeRecord) { c.Environment = environment }
	}
	d := dora.Data{Changes: records{
		change("a", at(0), in("staging")), change("b", at(1), in("eu")), change("c", at(2), in("eu")), change("d", at(3)),
		change("e", at(4), in("other"), func(c *correlate.ChangeRecord) { c.Service = "cart" }),
		change("f", at(5), in("flags"), func(c *correlate.ChangeRecord) { c.Kind = correlate.KindFeatureFlag }),
	}}
	for name, c := range map[string]struct {
		q    dora.Query
		want []string
	}{
		"no environment is named":          {dora.Query{Scope: dora.Scope{Service: "checkout"}}, []string{"eu", "staging"}},
		"one is named":                     {dora.Query{Scope: dora.Scope{Service: "checkout", Environment: "eu"}}, nil},
		"split by environment, all counts": {dora.Query{Scope: dora.Scope{Service: "checkout"}, By: dora.ByEnvironment}, nil},
		"of another service":               {dora.Query{Scope: dora.Scope{Service: "cart"}}, []string{"other"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.From, c.q.To = month.From, month.To
			require.Equal(t, c.want, dora.Compute(c.q, d, asOf).OtherEnvironments)
		})
	}
}

func TestRecovery(t *testing.T) {
	regressed := judged(correlate.Regressed)
	recoveredAt := func(minute int) edit {
		return func(c *correlate.ChangeRecord) { c.RecoveredAt = at(minute) }
	}
	rolledBack := change("a", at(0), regressed)
	back := rollbackOf(&rolledBack, "back", at(20))
	badBack, failedBack := back, back
	judged(correlate.Regressed)(&badBack)
	failedBack.Status, failedBack.Served = correlate.StatusFailed, true
	claimed, undone := rolledBack, back
	claimed.RecoveredAt, undone.RolledBackBy = at(20), "later"
	errors := func(c correlate.ChangeRecord, baseline, observed float64) correlate.ChangeRecord {
		v := *c.Verdict
		v.Evidence = []correlate.Evidence{{Signal: "error_ratio", Baseline: baseline, Observed: observed}, {Signal: "latency_p90"}}
		c.Verdict = &v
		return c
	}
	seenBad, badAfter, goodAfter := errors(rolledBack, 0.001, 0.2), errors(back, 0.05, 0.127), errors(back, 0.05, 0.02)
	seen := change("a", at(0), func(c *correlate.ChangeRecord) {
		regressed(c)
		recovered := at(7)
		c.Verdict.RecoveredAt = &recovered
	})

	for name, c := range map[string]struct {
		changes   records
		incidents []correlate.IncidentRecord
		minutes   float64 // the one recovery time; -1: none
		open      int
		age       time.Duration
	}{
		"telemetry back in the baseline":      {changes: records{change("a", at(0), regressed, recoveredAt(12))}, minutes: 12},
		"telemetry back, said by the verdict": {changes: records{seen}, minutes: 7},
		"a rollback restores":                 {changes: records{rolledBack, back}, minutes: 20},
		"a rollback that hurts doesn't restore": {
			changes: records{rolledBack, badBack}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a rollback that failed doesn't restore": {
			changes: records{rolledBack, failedBack}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a rollback while an incident stays open for hours": {
			changes: records{rolledBack, back}, incidents: []correlate.IncidentRecord{incident("i", at(2), at(240), "a")}, minutes: 240,
		},
		"a rollback after which an incident is resolved": {
			changes: records{rolledBack, back}, incidents: []correlate.IncidentRecord{incident("i", at(2), at(34), "a")}, minutes: 20,
		},
		"a rollback whose record says that it was the recovery": {
			changes: records{claimed, back}, incidents: []correlate.IncidentRecord{incident("i", at(2), at(240), "a")}, minutes: 240,
		},
		"a rollback after which telemetry is as bad": {
			changes: records{seenBad, badAfter}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a rollback after which telemetry is back": {changes: records{seenBad, goodAfter}, minutes: 20},
		"a rollback that was taken back doesn't restore": {
			changes: records{rolledBack, undone}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"the rollback is known only by name": {
			changes: records{rolledBack}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"an incident resolved": {
			changes: records{change("a", at(0))}, incidents: []correlate.IncidentRecord{incident("i", at(2), at(40), "a")}, minutes: 40,
		},
		"the last of two incidents resolved": {
			changes:   records{change("a", at(0))},
			incidents: []correlate.IncidentRecord{incident("i", at(2), at(40), "a"), incident("j", at(3), at(50), "a")}, minutes: 50,
		},
		"one of two incidents is still open": {
			changes:   records{change("a", at(0))},
			incidents: []correlate.IncidentRecord{incident("i", at(2), at(40), "a"), incident("j", at(3), time.Time{}, "a")},
			minutes:   -1, open: 1, age: asOf.Sub(at(0)),
		},
		"whichever comes first": {
			changes:   records{rolledBack, back},
			incidents: []correlate.IncidentRecord{incident("i", at(2), at(15), "a")}, minutes: 15,
		},
		"an incident resolved after asOf is open": {
			changes:   records{change("a", at(0))},
			incidents: []correlate.IncidentRecord{incident("i", at(2), asOf.Add(time.Hour), "a")},
			minutes:   -1, open: 1, age: asOf.Sub(at(0)),
		},
		"an acknowledged incident is not a resolved one": {
			changes: records{change("a", at(0))},
			incidents: func() []correlate.IncidentRecord {
				i := incident("i", at(2), time.Time{}, "a")
				i.AcknowledgedAt = at(4)
				return []correlate.IncidentRecord{i}
			}(),
			minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a recovery while the rollout still ran took no time": {
			changes: records{change("a", at(0), regressed, recoveredAt(-1))}, minutes: 0,
		},
		"a recovery before the change began is no recovery": {
			changes: records{change("a", at(0), regressed, recoveredAt(-10))}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a failure is open while its window is": {
			changes: records{change("a", at(0), observing, regressed)}, minutes: -1, open: 1, age: asOf.Sub(at(0)),
		},
		"a healthy change has nothing to recover from": {
			changes: records{change("a", at(0), recoveredAt(3))}, minutes: -1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes, c.incidents...)
			require.Equal(t, c.open, n.OpenFailures)
			if c.open > 0 {
				require.InEpsilon(t, c.age.Seconds(), *n.OldestOpenFailure, 1e-5)
			} else {
				require.Nil(t, n.OldestOpenFailure)
			}
			if c.minutes < 0 {
				require.Nil(t, n.Recovery, "no data is nil")
				return
			}
			require.NotNil(t, n.Recovery)
			require.Equal(t, 1, n.Recovery.N)
			require.InDelta(t, c.minutes*60, n.Recovery.Median, 1e-9)
		})
	}
}

func TestAnIncidentOfWhichOnlyTheEndIsKnownHasNoDuration(t *testing.T) {
	alone := compute(nil, incident("i", at(40), at(40), ""))
	require.Nil(t, alone.IncidentRecovery, "no data is nil, never 0 s")
	require.Equal(t, 1, alone.Unattributed, "it is an incident all the same")
	beside := compute(nil, incident("i", at(40), at(40), ""), incident("j", at(10), at(30), ""))
	require.Equal(t, 1, beside.IncidentRecovery.N)
	require.InDelta(t, 20*60, beside.IncidentRecovery.Median, 1e-9)
}

func TestLeadTime(t *testing.T) {
	carries := func(sha string, authored time.Time) edit {
		return func(c *correlate.ChangeRecord) {
			c.Commits = append(c.Commits, correlate.Commit{SHA: sha, AuthoredAt: authored})
		}
	}
	cart := func(c *correlate.ChangeRecord) { c.Service = "cart" }

	for name, c := range map[string]struct {
		changes     records
		n, negative int
		median      float64 // minutes
	}{
		"each commit from its authoring to the completion": {
			changes: records{change("a", at(0), carries("x", at(-60)), carries("y", at(-20)))}, n: 2, median: 40,
		},
		"only a commit's first arrival counts": {
			changes: records{change("a", at(0), carries("x", at(-60))), change("b", at(90), carries("x", at(-60)))}, n: 1, median: 60,
		},
		"an arrival before the window isn't repeated in it": {
			changes: records{
				change("a", month.From.Add(-time.Hour), carries("x", month.From.Add(-2*time.Hour))),
				change("b", at(0), carries("x", month.From.Add(-2*time.Hour))),
			},
		},
		"two images of one commit both count": {
			changes: records{change("a", at(0), carries("x", at(-60))), change("b", at(0), cart, carries("x", at(-60)))}, n: 2, median: 60,
		},
		"a negative span is an error in the data": {
			changes: records{change("a", at(0), carries("x", at(30)))}, negative: 1,
		},
		"a failed rollout brings nothing": {
			changes: records{
				change("a", at(0), carries("x", at(-60)), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed }),
				change("b", at(40), carries("x", at(-60))),
			}, n: 1, median: 100,
		},
		"a commit without a time says nothing": {changes: records{change("a", at(0), carries("x", time.Time{}))}},
		"a redeploy of the live version brings nothing new, also to the next": {
			changes: records{
				change("a", at(0), carries("x", at(-60)), redeploy), change("b", at(40), carries("x", at(-60)), carries("y", at(10))),
			}, n: 1, median: 30,
		},
		"a commit arrives in staging first, and counts when it is in production": {
			changes: records{
				change("a", at(0), carries("x", at(-60)), func(c *correlate.ChangeRecord) { c.Environment = "staging" }),
				change("b", at(30), carries("x", at(-60))),
			}, n: 1, median: 90,
		},
		"after a rollback a commit that had arrived doesn't arrive again": {
			changes: records{
				change("a", at(0), carries("x", at(-60))),
				change("back", at(10), func(c *correlate.ChangeRecord) { c.Rollback = true }),
				change("b", at(60), carries("x", at(-60)), carries("revert of x", at(20)), carries("x once more", at(50))),
			}, n: 3, median: 40,
		},
		"the commits behind a squash count where they are told": {
			changes: records{change("a", at(0), carries("first", at(-600)), carries("second", at(-300)))}, n: 2, median: 450,
		},
		"a rollback brings nothing new": {
			changes: records{change("a", at(0), carries("x", at(-60)), func(c *correlate.ChangeRecord) { c.Kind = correlate.KindRollback })},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes)
			require.Equal(t, c.negative, n.NegativeLeadTimes)
			if c.n == 0 {
				require.Nil(t, n.LeadTime)
				return
			}
			require.Equal(t, c.n, n.LeadTime.N)
			require.InDelta(t, c.median*60, n.LeadTime.Median, 1e-9)
		})
	}
}

func TestRework(t *testing.T) {
	label := func(k, v string) edit {
		return func(c *correlate.ChangeRecord) { c.Labels = map[string]string{k: v} }
	}
	bad := change("a", at(0))
	back := rollbackOf(&bad, "back", at(30))
	for name, c := range map[string]struct {
		changes             records
		incidents           []correlate.IncidentRecord
		rework, deployments int
	}{
		"a rollback":                {changes: records{bad, back}, rework: 1, deployments: 2},
		"a hotfix":                  {changes: records{change("a", at(0)), change("b", at(9), label("class", "hotfix"))}, rework: 1, deployments: 2},
		"the answer to an incident": {changes: records{change("a", at(0), label("incident", "PD-88"))}, rework: 1, deployments: 1},
		"begun while an incident of an earlier deployment was open": {
			changes:   records{change("a", at(0)), change("b", at(30)), change("c", at(90))},
			incidents: []correlate.IncidentRecord{incident("i", at(2), at(40), "a")}, rework: 1, deployments: 3,
		},
		"an incident that has been open for more than a day drives nothing": {
			changes:   records{change("a", at(0)), change("b", at(1500))},
			incidents: []correlate.IncidentRecord{incident("i", at(2), time.Time{}, "a")}, deployments: 2,
		},
		"an incident doesn't drive the deployment that caused it": {
			changes: records{change("a", at(0))}, incidents: []correlate.IncidentRecord{incident("i", at(-5), at(9), "a")}, deployments: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes, c.incidents...)
			require.Equal(t, c.rework, n.ReworkRate.Numerator)
			require.Equal(t, c.deployments, n.ReworkRate.Denominator)
		})
	}
}

func TestIncidentsCountByTheirOpening(t *testing.T) {
	n := compute(nil,
		incident("before", month.From.Add(-time.Second), at(0), ""),
		incident("at the beginning", month.From, month.From.Add(time.Hour), ""),
		incident("open", at(0), time.Time{}, ""),
		incident("attributed", at(0), at(10), "a"),
		incident("at the end", month.To, month.To.Add(time.Hour), ""))
	require.Equal(t, 2, n.Unattributed)
	require.Equal(t, &dora.Duration{N: 2, Median: 2100, P90: 3300, Mean: 2100, Buckets: [13]int{2: 1, 4: 1}}, n.IncidentRecovery)
}

func TestGroups(t *testing.T) {
	put := func(service, environment, team string) edit {
		return func(c *correlate.ChangeRecord) { c.Service, c.Environment, c.Team = service, environment, team }
	}
	d := dora.Data{Changes: records{
		change("a", at(0), put("checkout", "production", "payments"), judged(correlate.Regressed)),
		change("b", at(1), put("checkout", "staging", "payments")),
		change("c", at(2), put("cart", "production", "")),
	}, Incidents: []correlate.IncidentRecord{incident("i", at(5), at(9), "")}}

	type row struct {
		Group, Service, Environment       string
		Deployments, Judged, Unattributed int
	}
	for name, c := range map[string]struct {
		by          dora.GroupBy
		environment string
		groups      []row
		total       int
	}{
		"by nothing, production": {environment: "production", total: 2},
		"by service, production": {by: dora.ByService, environment: "production", total: 2, groups: []row{
			{"cart", "cart", "", 1, 1, 0}, {"checkout", "checkout", "", 1, 1, 1},
		}},
		"by team; an incident belongs to the team that has the service": {by: dora.ByTeam, environment: "production", total: 2, groups: []row{
			{"(none)", "", "", 1, 1, 0}, {"payments", "", "", 1, 1, 1},
		}},
		"by environment, all of them": {by: dora.ByEnvironment, total: 3, groups: []row{
			{"production", "", "production", 2, 2, 1}, {"staging", "", "staging", 1, 1, 0},
		}},
		"by service and environment, with the environments": {by: dora.ByServiceEnvironment, total: 3, groups: []row{
			{"production", "", "production", 2, 2, 1},
			{"production/cart", "cart", "production", 1, 1, 0},
			{"production/checkout", "checkout", "production", 1, 1, 1},
			{"staging", "", "staging", 1, 1, 0},
			{"staging/checkout", "checkout", "staging", 1, 1, 0},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			q := month
			q.By = c.by
			r := dora.Compute(q, d, asOf)
			require.Equal(t, dora.PolicyShipwake, r.Policy)
			require.Equal(t, c.environment, r.Environment)
			require.Equal(t, asOf, r.AsOf)
			require.Equal(t, c.total, r.Total.Deployments)
			var got []row
			for _, g := range r.Groups {
				got = append(got, row{g.Group, g.Service, g.Environment, g.Deployments, g.ChangeFailRate.Denominator, g.Unattributed})
			}
			require.Equal(t, c.groups, got)
		})
	}
}

func TestNoDataIsNil(t *testing.T) {
	require.Equal(t, dora.Numbers{}, compute(nil))
}

func TestNumbersAreRoundedAndInterpolated(t *testing.T) {
	var changes records
	for i, id := range []string{"a", "b", "c", "d"} {
		changes = append(changes, change(id, at(i), judged(correlate.Regressed), func(c *correlate.ChangeRecord) {
			c.RecoveredAt = c.FinishedAt.Add(time.Duration(10*(i+1)) * time.Minute)
		}))
	}
	changes = append(changes, change("e", at(9)), change("f", at(10)), change("g", at(11)))
	n := compute(changes)
	require.Equal(t, &dora.Duration{N: 4, Median: 1500, P90: 2220, Mean: 1500, Buckets: [13]int{2: 1, 3: 2, 4: 1}}, n.Recovery)
	// 4 of 7: Wilson's interval is (0.2504…, 0.8417…).
	require.Equal(t, &dora.Ratio{Value: 0.571429, Numerator: 4, Denominator: 7, Interval: [2]float64{0.250458, 0.84178}}, n.ChangeFailRate)
}

func TestWilsonAtTheEnds(t *testing.T) {
	one := compute(records{change("a", at(0), judged(correlate.Regressed))}).ChangeFailRate
	require.Equal(t, &dora.Ratio{Value: 1, Numerator: 1, Denominator: 1, Interval: [2]float64{0.206549, 1}}, one)
	none := compute(records{change("a", at(0))}).ChangeFailRate
	require.Equal(t, &dora.Ratio{Value: 0, Numerator: 0, Denominator: 1, Interval: [2]float64{0, 0.793451}}, none)
}
