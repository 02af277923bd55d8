package prometheus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// bad is a deployment of checkout whose window closed while ten times as many requests failed as before.
func bad() correlate.ChangeRecord {
	c := change("bad", "checkout", -2*time.Hour)
	onset := c.FinishedAt.Add(time.Minute)
	c.Verdict = &correlate.Verdict{
		ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Revision: 2, Final: true,
		Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Blame: 0.9, OnsetAt: &onset, DecidedAt: onset.Add(2 * time.Minute),
		Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.01, Observed: 0.1}},
	}
	return c
}

// later is another change of checkout, with the error ratio that the verdict on it tells.
func later(id string, errors float64) correlate.ChangeRecord {
	c := change(id, "checkout", -20*time.Minute)
	c.Verdict = &correlate.Verdict{
		ChangeID: id, Service: c.Service, Environment: c.Environment, Revision: 1, Outcome: correlate.Healthy,
		Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.1, Observed: errors}},
	}
	return c
}

func with(c correlate.ChangeRecord, edit func(c *correlate.ChangeRecord)) correlate.Effect {
	edit(&c)
	return correlate.Effect{Change: &c}
}

func TestAChangeIsUnrecoveredUntilTheContraryIsProven(t *testing.T) {
	at := sinktest.Noon.Add(-time.Hour)
	rollback := with(later("back", 0.1), func(c *correlate.ChangeRecord) {
		c.Kind, c.Rollback, c.Status, c.Verdict = correlate.KindRollback, true, correlate.StatusSucceeded, nil
	})
	takenBack := with(bad(), func(c *correlate.ChangeRecord) { c.RolledBackBy, c.Incidents = "back", []string{"open"} })
	for name, tc := range map[string]struct {
		effects []correlate.Effect
		after   time.Duration
		want    bool
	}{
		"its window closed and it still shows":         {want: true},
		"it is proven to have recovered":               {effects: []correlate.Effect{with(bad(), func(c *correlate.ChangeRecord) { c.RecoveredAt = at })}},
		"telemetry is back in the baseline":            {effects: []correlate.Effect{with(bad(), func(c *correlate.ChangeRecord) { v := *c.Verdict; v.RecoveredAt, c.Verdict = &at, &v })}},
		"it is merged into another":                    {effects: []correlate.Effect{with(bad(), func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseMerged })}},
		"the verdict is revised":                       {effects: []correlate.Effect{{Verdict: &correlate.Verdict{ChangeID: "bad", Service: "checkout", Environment: "production", Revision: 3, Outcome: correlate.Healthy}}}},
		"an older verdict is told again":               {effects: []correlate.Effect{{Verdict: &correlate.Verdict{ChangeID: "bad", Service: "checkout", Environment: "production", Revision: 1, Outcome: correlate.Healthy}}}, want: true},
		"it was rolled back while an incident is open": {effects: []correlate.Effect{takenBack, rollback}},
		"what rolled it back is told first":            {effects: []correlate.Effect{with(*rollback.Change, func(c *correlate.ChangeRecord) { c.Phase = correlate.PhaseObserving }), takenBack}},
		"the rollback failed":                          {effects: []correlate.Effect{takenBack, with(*rollback.Change, func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed })}, want: true},
		"as much fails after the rollback": {effects: []correlate.Effect{takenBack, rollback, with(*rollback.Change, func(c *correlate.ChangeRecord) {
			c.Verdict = later("back", 0.1).Verdict
		})}, want: true},
		"a later deployment shows that it is over": {effects: []correlate.Effect{with(later("fix", 0.011), func(*correlate.ChangeRecord) {})}},
		"a later deployment shows that it lasts":   {effects: []correlate.Effect{with(later("more", 0.1), func(*correlate.ChangeRecord) {})}, want: true},
		"a deployment of another service is well": {effects: []correlate.Effect{with(later("fix", 0.011), func(c *correlate.ChangeRecord) {
			c.Service = "cart"
		})}, want: true},
		"a week passes": {after: 7 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := sinktest.NewReader(sinktest.Noon)
			s := open(t, r)
			for _, e := range append([]correlate.Effect{with(bad(), func(*correlate.ChangeRecord) {})}, tc.effects...) {
				s.Publish([]correlate.Effect{e})
			}
			r.SetStatus(func(s *sinks.Status) { s.Now = s.Now.Add(tc.after) })
			lines := own(t, s)
			require.Equal(t, tc.want, having(lines, `shipwake_change_unrecovered{change_id="bad"`) == 1)
			require.Equal(t, tc.want, having(lines, `shipwake_change_verdict{change_id="bad"`) == 1, "the other series stay as long")
		})
	}
}

func TestAnUnrecoveredChangeIsKnownAfterARestart(t *testing.T) {
	c := bad()
	s := open(t, sinktest.NewReader(sinktest.Noon, correlate.Effect{Change: &c}))
	require.Equal(t, 1, having(own(t, s), `shipwake_change_unrecovered{change_id="bad"`))
}

// regressionOn is a regression on a service with its suspects, by how probable they are.
func regressionOn(service string, suspects ...correlate.Suspect) correlate.Effect {
	return correlate.Effect{Regression: &correlate.Regression{
		ID: "r/" + service, Service: service, Environment: "production", Signal: "error_ratio", OnsetAt: sinktest.Noon.Add(-time.Hour), Suspects: suspects,
	}}
}

func TestTheBlastRadiusIsTheServicesThatAChangeMostProbablyHurt(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	c := bad()
	s.Publish([]correlate.Effect{
		{Change: &c},
		regressionOn("checkout", correlate.Suspect{ChangeID: "bad", Probability: 0.9}),
		regressionOn("cart", correlate.Suspect{ChangeID: "bad", Probability: 0.8}, correlate.Suspect{ChangeID: "other", Probability: 0.1}),
		regressionOn("search", correlate.Suspect{ChangeID: "bad", Probability: 0.3}),
		regressionOn("mail", correlate.Suspect{ChangeID: "other", Probability: 0.9}),
	})
	const series = `shipwake_change_affected_services{change_id="bad",environment="production",service="checkout",version=""} `
	require.Contains(t, own(t, s), series+"2")
	lines := own(t, s)
	require.Contains(t, lines, `shipwake_regression_suspect_ratio{change_id="other",environment="production",service="cart",signal="error_ratio"} 0.1`)
	require.Equal(t, 1, having(lines, `shipwake_ongoing_regressions{environment="production",service="cart"} 1`))

	over := regressionOn("cart", correlate.Suspect{ChangeID: "bad", Probability: 0.8})
	over.Regression.RecoveredAt = &sinktest.Noon
	gone := regressionOn("mail")
	gone.Regression.Withdrawn = true
	s.Publish([]correlate.Effect{over, gone})
	lines = own(t, s)
	require.Contains(t, lines, series+"1")
	require.Zero(t, having(lines, `shipwake_regression_suspect_ratio{change_id="other"`))
}

func TestRegressionsAndConvictionsAreBounded(t *testing.T) {
	s := newState()
	for i := range maxStanding + 10 {
		c := bad()
		c.Service = fmt.Sprint("s", i%100)
		c.ID, c.StartedAt = fmt.Sprint("c", i), c.FinishedAt.Add(-time.Duration(maxStanding-i)*time.Second)
		r := regressionOn(fmt.Sprint("s", i%100))
		r.Regression.ID, r.Regression.OnsetAt = fmt.Sprint("r", i), sinktest.Noon.Add(time.Duration(i)*time.Second)
		s.apply([]correlate.Effect{{Change: &c}, r})
	}
	require.InDelta(t, maxStanding, len(s.convicted.all), maxStanding/10)
	require.InDelta(t, maxStanding, len(s.ongoing.all), maxStanding/10)
	require.NotContains(t, s.ongoing.all, "r0", "the oldest went")
	require.NotContains(t, s.convicted.all, "c0")
	var now snapshot
	s.snapshot(&now, sinktest.Noon)
	require.Len(t, now.shown(), maxShown)
	require.Len(t, now.suspected(), 100, "one for each place and signal")
}

func TestATeamIsThatOfTheNewestChangeThatNamesOne(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	owned := func(id, team string, since time.Duration) correlate.Effect {
		return with(change(id, "cart", since), func(c *correlate.ChangeRecord) { c.Team = team })
	}
	s.Publish([]correlate.Effect{owned("a", "", 0)})
	require.Contains(t, own(t, s), `shipwake_service_info{environment="production",service="cart",team="(none)"} 1`)
	s.Publish([]correlate.Effect{owned("b", "shop", -time.Hour), owned("c", "store", -2*time.Hour), owned("d", "", 0)})
	require.Contains(t, own(t, s), `shipwake_service_info{environment="production",service="cart",team="shop"} 1`)
}

func TestDurationsLeadTimesAndDetectionAreCountedOnce(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	for range 2 {
		for i, id := range []string{"first", "second"} {
			c := bad()
			c.ID = id
			c.StartedAt = c.FinishedAt.Add(-2 * time.Minute)
			c.Commits = []correlate.Commit{
				{SHA: "abc", AuthoredAt: c.FinishedAt.Add(-7 * time.Hour)}, {SHA: "not dated"}, {SHA: "of the future", AuthoredAt: c.FinishedAt.Add(time.Hour)},
			}
			v := *c.Verdict
			v.ChangeID, v.Revision, c.Verdict = id, i+1, &v
			s.Publish([]correlate.Effect{{Change: &c}})
		}
	}
	lines := strings.Join(own(t, s), "\n")
	const of = `{environment="production",service="checkout"} `
	require.Contains(t, lines, "shipwake_change_duration_seconds_sum"+of+"240\n")
	require.Contains(t, lines, "shipwake_change_lead_time_seconds_count"+of+"1\n", "a commit arrives once")
	require.Contains(t, lines, "shipwake_regression_detection_seconds_sum"+of+"240\n")
	require.Contains(t, scrape(t, s, "application/openmetrics-text;version=1.0.0"), `le="300.0"} 2 # {change_id="second"} 120.0 `)
}

func TestCommitsThatAreToldLaterAreCountedOnce(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	const count = `shipwake_change_lead_time_seconds_count{environment="production",service="checkout"} `
	c := bad()
	c.Commits = nil
	s.Publish([]correlate.Effect{{Change: &c}})
	require.NotContains(t, strings.Join(own(t, s), "\n"), count)
	told := c
	told.Commits = []correlate.Commit{{SHA: "abc", AuthoredAt: c.FinishedAt.Add(-time.Hour)}}
	back, same := told, told
	back.ID, back.Rollback, back.Commits = "back", true, []correlate.Commit{{SHA: "old", AuthoredAt: c.FinishedAt.Add(-time.Hour)}}
	same.ID, same.Redeploy, same.Commits = "same", true, back.Commits
	for range 2 {
		s.Publish([]correlate.Effect{{Change: &told}, {Change: &back}, {Change: &same}})
	}
	require.Contains(t, strings.Join(own(t, s), "\n"), count+"1\n", "a rollback and a redeploy bring none")
}

func TestReasonsAreCountedWhenTheWindowCloses(t *testing.T) {
	s := open(t, sinktest.NewReader(sinktest.Noon))
	c := bad()
	for range 2 {
		s.Publish([]correlate.Effect{{Change: &c}, unlinked("i", correlate.UnlinkedNoChange)})
	}
	lines := own(t, s)
	require.Contains(t, lines, `shipwake_verdict_reasons_total{environment="production",reason="error_ratio",service="checkout",verdict="regressed"} 1`)
	require.Contains(t, lines, `shipwake_verdict_reasons_total{environment="production",reason="no_telemetry",service="checkout",verdict="inconclusive"} 0`)
	require.Contains(t, lines, `shipwake_unattributed_incidents_total{environment="production",reason="no_change",service="cart"} 1`)
}
