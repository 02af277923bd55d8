package api

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

var update = flag.Bool("update", false, "accept what is answered as golden")

// monday is the beginning of an ISO week.
var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func on(day, hour int) time.Time {
	return monday.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
}

// corrected is a week of checkout, ten deployments of which three had an incident, as it was told; and nine days later
// somebody finds that one of the incidents was the provider's, and that another was caused by an earlier deployment.
func corrected() *sinktest.Reader {
	r := sinktest.NewReader(on(0, 0))
	at := func(t time.Time, effects ...correlate.Effect) {
		r.SetStatus(func(s *sinks.Status) { s.Now = t })
		r.Put(effects...)
	}
	deploy := func(n int, incidents ...string) correlate.Effect {
		finished := on(n/2, 8+6*(n%2))
		v := &correlate.Verdict{
			ChangeID: "checkout-" + string(rune('0'+n)), Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin, Revision: 1, Final: true,
		}
		return correlate.Effect{Change: &correlate.ChangeRecord{
			Change: correlate.Change{
				ID: v.ChangeID, Service: "checkout", StartedAt: finished.Add(-5 * time.Minute), FinishedAt: finished,
			}.WithDefaults(),
			Phase: correlate.PhaseClosed, Verdict: v, Incidents: incidents,
		}}
	}
	incident := func(id string, n int, cause string) correlate.Effect {
		opened := on(n/2, 9+6*(n%2))
		return correlate.Effect{Incident: &correlate.IncidentRecord{
			Incident: correlate.Incident{
				ID: id, Service: "checkout", OpenedAt: opened, ResolvedAt: opened.Add(30 * time.Minute),
			}.WithDefaults(),
			AttributedTo: cause, Inferred: cause != "",
		}}
	}
	for n := range 10 {
		at(on(n/2, 10+6*(n%2)), deploy(n))
	}
	at(on(5, 0),
		incident("PD-1", 2, "checkout-2"), deploy(2, "PD-1"),
		incident("PD-2", 3, "checkout-3"), deploy(3, "PD-2"), incident("PD-3", 8, "checkout-8"), deploy(8, "PD-3"))
	at(on(14, 9), incident("PD-1", 2, ""), deploy(2))
	at(on(14, 10), incident("PD-2", 3, "checkout-8"), deploy(3), deploy(8, "PD-2", "PD-3"))
	at(on(14, 12))
	return r
}

func TestAnAnswerIsAsOfAnInstant(t *testing.T) {
	h := serve(t, corrected())
	rate := func(query string) int {
		report := read[DORA](t, h, "/api/v1/dora?from=2026-03-02T00:00:00Z&to=2026-03-09T00:00:00Z"+query)
		if report.Total.ChangeFailRate == nil {
			return -1
		}
		return report.Total.ChangeFailRate.Numerator
	}
	require.Equal(t, 1, rate(""))
	require.Equal(t, 3, rate("&as_of=2026-03-16T08:59:59Z"))
	require.Equal(t, 2, rate("&as_of=2026-03-16T09:00:00Z"))
	require.Equal(t, 1, rate("&as_of=2026-03-16T10:00:00Z"))
	require.Equal(t, -1, rate("&as_of=2026-03-02T00:00:00Z"))

	report := read[DORA](t, h, "/api/v1/dora?as_of=2026-03-05T00:00:00Z&since=1d")
	require.Equal(t, on(3, 0), report.AsOf)
	require.Equal(t, on(3, 0), report.To)
	require.Equal(t, 2, report.Total.Deployments)

	changes := read[Changes](t, h, "/api/v1/changes?as_of=2026-03-03T00:00:00Z&limit=1")
	require.Equal(t, "checkout-1", changes.Changes[0].ID)
	require.Contains(t, changes.Next, "as_of=2026-03-03")
	require.Equal(t, "checkout-0", read[Changes](t, h, changes.Next).Changes[0].ID)
	require.Empty(t, read[Incidents](t, h, "/api/v1/incidents?as_of=2026-03-06T23:59:59Z").Incidents)
	require.Equal(t, "checkout-3", read[Incidents](t, h, "/api/v1/incidents?as_of=2026-03-16T09:30:00Z").Incidents[1].AttributedTo)

	c := read[Change](t, h, "/api/v1/changes/checkout-3?as_of=2026-03-08T00:00:00Z")
	require.Equal(t, []string{"PD-2"}, c.Change.Incidents)
	require.Len(t, c.Revisions, 2)
	require.Empty(t, c.Regressions)
	require.Equal(t, http.StatusNotFound, ask(h, http.MethodGet, "/api/v1/changes/checkout-3?as_of=2026-03-02T00:00:00Z").Code, "nobody had told of it")
}

func TestAChangeShowsWhatWasCorrected(t *testing.T) {
	h := serve(t, corrected())
	golden(t, "change.json", ask(h, http.MethodGet, "/api/v1/changes/checkout-3").Body.Bytes())
}

func TestRestatements(t *testing.T) {
	r := corrected()
	h := serve(t, r)
	golden(t, "restatements.json", ask(h, http.MethodGet, "/api/v1/dora/restatements?window=7d&service=checkout").Body.Bytes())
	require.Equal(t, 2, read[Restatements](t, h, "/api/v1/dora/restatements?window=7d&service=checkout").Compared, "and the week before")

	r.SetStatus(func(s *sinks.Status) { s.Now = on(7, 23) })
	require.Equal(t, 1, read[Restatements](t, h, "/api/v1/dora/restatements?window=7d").Compared, "the week isn't published yet")
	require.Empty(t, read[Restatements](t, h, "/api/v1/dora/restatements?window=7d&team=nobody").Restated)
}

func golden(t *testing.T, name string, body []byte) {
	t.Helper()
	var pretty any
	require.NoError(t, json.Unmarshal(body, &pretty))
	text, err := json.MarshalIndent(pretty, "", "  ")
	require.NoError(t, err)
	text = append(text, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, text, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text))
}
