package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// year is a year of changes of several services, teams, systems, classes, kinds and regions, some of which hurt.
func year() *sinktest.Reader {
	pick := func(i int, of ...string) string { return of[i%len(of)] }
	var effects []correlate.Effect
	for i := range 120 {
		finished := sinktest.Noon.Add(-time.Hour - time.Duration(i)*73*time.Hour)
		c := correlate.ChangeRecord{Phase: correlate.PhaseHistory, Change: correlate.Change{
			ID: fmt.Sprint("c", i), Service: pick(i, "cart", "checkout", "search"), Team: pick(i, "shop", "", "find & sell"),
			Environment: pick(i, "production", "production", "production", "staging"), StartedAt: finished, FinishedAt: finished,
			Status: correlate.Status(pick(i, "succeeded", "succeeded", "succeeded", "succeeded", "failed")),
			Labels: map[string]string{"region": pick(i, "", "eu", "us"), dora.LabelSystem: pick(i, "store", ""), dora.LabelClass: pick(i, "", "normal", "hotfix")},
			Kind:   correlate.Kind(pick(i, "deployment", "deployment", "deployment", "deployment", "deployment", "deployment", "rollback")),
		}.WithDefaults()}
		effects = append(effects, correlate.Effect{Change: &c})
		if i%8 == 0 {
			effects = append(effects, correlate.Effect{Incident: &correlate.IncidentRecord{AttributedTo: c.ID, Incident: correlate.Incident{
				ID: fmt.Sprint("i", i), Service: c.Service, Environment: c.Environment, OpenedAt: finished.Add(time.Minute),
			}}})
		}
	}
	return sinktest.NewReader(sinktest.Noon, effects...)
}

// requireListed follows the link of a cell, and holds what is listed against what was counted.
func requireListed(t *testing.T, h http.Handler, n *dora.Numbers) {
	require.NotEmpty(t, n.Changes)
	require.Len(t, read[Changes](t, h, n.Changes+"&limit=1000").Changes, n.Deployments, n.Changes)
	failures := read[Changes](t, h, strings.Replace(n.Changes, "counted=deployments", "counted=failures", 1)+"&limit=1000").Changes
	if n.ChangeFailRate == nil {
		require.Empty(t, failures)
		return
	}
	require.Len(t, failures, n.ChangeFailRate.Numerator, n.Changes)
}

func TestEachCellLeadsToWhatItCounts(t *testing.T) {
	h := serve(t, year())
	for _, query := range []string{
		"?", "?by=service", "?by=team", "?by=system&series=month", "?by=environment", "?by=class&series=quarter", "?by=kind",
		"?by=label:region&series=month&zone=Pacific/Auckland&trend=true", "?by=service_environment", "?since=200d&by=team&series=week&trend=true",
		"?by=team&series=month&policy=middleware", "?system=store&class=normal&label.region=(none)&series=month",
		"?environment=staging&by=kind&from=2025-06-01T00:00:00Z&to=2025-12-01T00:00:00Z",
	} {
		t.Run(query, func(t *testing.T) {
			r := read[DORA](t, h, "/api/v1/dora"+query)
			requireListed(t, h, &r.Total)
			for i := range r.Groups {
				requireListed(t, h, &r.Groups[i])
			}
			for _, p := range r.Periods {
				if p.Total != nil {
					requireListed(t, h, p.Total)
				}
				for i := range p.Groups {
					requireListed(t, h, &p.Groups[i])
				}
			}
			if r.Before != nil {
				requireListed(t, h, &r.Before.Total)
			}
		})
	}
}

func TestASeriesIsOneAnswer(t *testing.T) {
	h := serve(t, year())
	r := read[DORA](t, h, "/api/v1/dora?series=month&zone=Europe/Berlin&by=team&trend=true")
	require.Equal(t, "Europe/Berlin", r.Zone)
	require.Len(t, r.Periods, 12)
	require.Equal(t, "2025-04", r.Periods[0].Name)
	require.Equal(t, "2025-03-31T22:00:00Z", r.Periods[0].From.Format(time.RFC3339), "summer time")
	require.Equal(t, "2025-10-31T23:00:00Z", r.Periods[7].From.Format(time.RFC3339), "winter time")
	require.True(t, r.Periods[11].Partial)
	require.False(t, r.Periods[10].Partial)
	require.Equal(t, "2024-03-31T22:00:00Z", r.Before.From.Format(time.RFC3339))
	require.Equal(t, "2025-03-01T12:00:00Z", r.Before.To.Format(time.RFC3339), "the last month is cut as this one is")
	deployments := 0
	for _, p := range r.Periods {
		deployments += p.Total.Deployments
	}
	require.Equal(t, r.Total.Deployments, deployments)
	require.Len(t, r.BucketBounds, 12)
}

func TestAPeriodWithoutAnythingHasNoNumbers(t *testing.T) {
	h := serve(t, year())
	w := ask(h, http.MethodGet, "/api/v1/dora?series=day&from=2026-02-28T00:00:00Z&to=2026-03-02T00:00:00Z")
	require.Contains(t, w.Body.String(), `{"period":"2026-02-28","from":"2026-02-28T00:00:00Z","to":"2026-03-01T00:00:00Z","total":null}`)
	require.Contains(t, w.Body.String(), `"period":"2026-03-01"`)
}

func TestWhatIsCountedIsPaged(t *testing.T) {
	h := serve(t, year())
	all := read[Changes](t, h, "/api/v1/changes?counted=deployments&since=300d&limit=1000").Changes
	var paged []correlate.ChangeRecord
	for target := "/api/v1/changes?counted=deployments&since=300d&limit=7"; target != ""; {
		page := read[Changes](t, h, target)
		paged, target = append(paged, page.Changes...), page.Next
	}
	require.Equal(t, all, paged)
}
