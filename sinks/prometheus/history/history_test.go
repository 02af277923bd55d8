package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// reader holds changes and incidents of ten hours before noon.
func reader(t *rapid.T) *sinktest.Reader {
	var all []correlate.Effect
	when := func() time.Time {
		return sinktest.Noon.Add(-time.Duration(rapid.IntRange(1, 600).Draw(t, "minutes")) * time.Minute)
	}
	where := func() (string, string) {
		return rapid.SampledFrom([]string{"cart", "pay"}).Draw(t, "service"), rapid.SampledFrom([]string{"production", "staging"}).Draw(t, "environment")
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "changes") {
		c := &correlate.ChangeRecord{Phase: correlate.PhaseHistory}
		c.ID, c.Kind, c.FinishedAt = fmt.Sprint("c", i), correlate.KindDeployment, when()
		c.Service, c.Environment = where()
		c.Status = rapid.SampledFrom([]correlate.Status{correlate.StatusSucceeded, correlate.StatusFailed}).Draw(t, "status")
		if rapid.Bool().Draw(t, "harmful") {
			c.RolledBackBy = "later"
		}
		all = append(all, correlate.Effect{Change: c})
	}
	for i := range rapid.IntRange(0, 20).Draw(t, "incidents") {
		in := &correlate.IncidentRecord{Retracted: rapid.Bool().Draw(t, "retracted")}
		in.ID, in.OpenedAt = fmt.Sprint("i", i), when()
		in.Service, in.Environment = where()
		all = append(all, correlate.Effect{Incident: in})
	}
	return sinktest.NewReader(sinktest.Noon, all...)
}

func counted(totals *Totals) map[correlate.Place]Counts {
	all := map[correlate.Place]Counts{}
	for _, p := range totals.Places() {
		all[p.Place] = p.Counts
	}
	return all
}

func TestStepsAddUpToWhatOneReportCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := reader(rt)
		from := sinktest.Noon.Add(-10 * time.Hour)
		step := time.Duration(rapid.SampledFrom([]int{7, 60, 300}).Draw(rt, "step")) * time.Minute
		totals := New(r)
		for at := from; at.Before(sinktest.Noon); at = at.Add(step) {
			require.NoError(rt, totals.Add(t.Context(), at, at.Add(step)))
		}
		at := func(p *Place) string { return p.Service + p.Environment }
		for i, p := range totals.Places() {
			require.True(rt, i == 0 || at(totals.Places()[i-1]) < at(p), "sorted")
		}
		whole := New(r)
		require.NoError(rt, whole.Add(t.Context(), from, sinktest.Noon.Add(step)))
		require.Equal(rt, counted(whole), counted(totals))
		report, err := r.DORA(t.Context(), dora.Query{From: from, To: sinktest.Noon, Scope: dora.Scope{Environment: "production"}})
		require.NoError(rt, err)
		deployments, failures := 0, 0
		for at, c := range counted(totals) {
			if at.Environment == "production" {
				deployments, failures = deployments+c[0], failures+c[2]
			}
		}
		require.Equal(rt, report.Total.Deployments, deployments)
		require.Equal(rt, numerator(report.Total.ChangeFailRate), failures)
	})
}

func TestMoreIncidentsThanFitIntoAnAnswer(t *testing.T) {
	var all []correlate.Effect
	for i := range 3*atOnce + 1 {
		in := &correlate.IncidentRecord{}
		in.ID, in.Environment, in.OpenedAt = fmt.Sprint(i), "production", sinktest.Noon.Add(-time.Duration(i)*time.Second-1)
		in.Services = []string{"cart", "pay"}
		all = append(all, correlate.Effect{Incident: in})
	}
	totals := New(sinktest.NewReader(sinktest.Noon, all...))
	require.NoError(t, totals.Add(t.Context(), sinktest.Noon.Add(-10*time.Hour), sinktest.Noon))
	for _, service := range []string{"cart", "pay"} {
		require.Equal(t, 3*atOnce+1, counted(totals)[correlate.Place{Service: service, Environment: "production"}][incidents])
	}

	for _, e := range all {
		e.Incident.OpenedAt = sinktest.Noon.Add(-time.Hour)
	}
	err := New(sinktest.NewReader(sinktest.Noon, all...)).Add(t.Context(), sinktest.Noon.Add(-10*time.Hour), sinktest.Noon)
	require.ErrorContains(t, err, "1000 incidents or more opened at 2026-")
}
